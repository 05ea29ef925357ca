//! Transport for the SDK's requests: plain hyper. The SDK handles retries, timeouts and signing itself; a client that
//! follows redirects and re-parses every URL would only add cost to each call. No timeout of its own: the SDK's attempt
//! timeout covers everything from name resolution to the last byte of the response.

use crate::tls::Tls;
use crate::transport::{IDLE, TransportError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::time::Duration;

/// Largest AWS response accepted: a DynamoDB page is at most 1 MB, and its JSON form a few times that.
const LARGEST_REPLY: usize = 8 * 1024 * 1024;

/// TCP keep-alive interval of idle connections.
const ALIVE: Duration = Duration::from_secs(15);

/// A handle to the pool of connections to AWS. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Connector {
    client: Client<HttpsConnector<TcpConnector>, SdkBody>,
}

impl Connector {
    /// A connector without open connections.
    #[must_use]
    pub fn new(tls: &Tls) -> Self {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(ALIVE));
        tcp.set_keepalive_interval(Some(ALIVE));
        let https = HttpsConnectorBuilder::new().with_tls_config(tls.config()).https_or_http().enable_http1();
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_idle_timeout(IDLE).pool_timer(TokioTimer::new());
        Self { client: client.build(https.wrap_connector(tcp)) }
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (head, body) = client.request(request).await.map_err(|_| lost())?.into_parts();
            let body = Limited::new(body, LARGEST_REPLY).collect().await.map_err(|error| unread(&*error))?.to_bytes();
            let reply = http::Response::from_parts(head, SdkBody::from(body));
            HttpResponse::try_from(reply).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

/// The SDK retries this whether or not the request arrived: every call to AWS must be idempotent.
fn lost() -> ConnectorError {
    ConnectorError::io(TransportError::NoAnswer.into())
}

/// An oversized response is not retried: the next one would be as large.
fn unread(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ConnectorError {
    if error.is::<LengthLimitError>() { ConnectorError::other(TransportError::TooLarge.into(), None) } else { lost() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{self, Receiver};
    use std::thread::JoinHandle;

    /// A single-threaded server that handles each accepted connection with the next of `turns` and reports every one it
    /// has closed.
    fn server(turns: Vec<fn(TcpStream)>) -> (String, Receiver<()>, JoinHandle<()>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (close, closed) = mpsc::channel();
        let serve = move || {
            for turn in turns {
                turn(listener.accept().unwrap().0);
                close.send(()).ok();
            }
        };
        (url, closed, std::thread::spawn(serve))
    }

    fn heard(stream: &mut TcpStream) {
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "request received");
    }

    fn answer(stream: &mut TcpStream, length: usize, body: &[u8]) {
        stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").as_bytes()).unwrap();
        // A client that does not read to the end closes the connection.
        stream.write_all(body).ok();
    }

    async fn call(connector: &Connector, url: &str) -> Result<Vec<u8>, ConnectorError> {
        let request = http::Request::post(url).body(SdkBody::from("{}")).unwrap();
        let reply = connector.call(HttpRequest::try_from(request).unwrap()).await?;
        Ok(reply.body().bytes().unwrap().to_vec())
    }

    fn connector() -> Connector {
        Connector::new(&Tls::new().unwrap())
    }

    #[tokio::test]
    async fn calls_that_follow_each_other_share_a_connection() {
        let (url, _, server) = server(vec![|mut stream| {
            for _ in 0..2 {
                heard(&mut stream);
                answer(&mut stream, 2, b"ok");
            }
        }]);
        let connector = connector();
        for _ in 0..2 {
            assert_eq!(call(&connector, &url).await.unwrap(), b"ok");
        }
        server.join().unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_was_closed_meanwhile_is_replaced() {
        let once: fn(TcpStream) = |mut stream| {
            heard(&mut stream);
            answer(&mut stream, 2, b"ok");
        };
        let (url, closed, server) = server(vec![once, once]);
        let connector = connector();
        for _ in 0..2 {
            assert_eq!(call(&connector, &url).await.unwrap(), b"ok");
            closed.recv().unwrap();
            // The client notices when the runtime next polls its sockets, which it does before it resumes a yielded
            // task.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
        server.join().unwrap();
    }

    #[tokio::test]
    async fn what_was_not_answered_whole_is_tried_again() {
        let silent: fn(TcpStream) = |mut stream| heard(&mut stream);
        let cut: fn(TcpStream) = |mut stream| {
            heard(&mut stream);
            answer(&mut stream, 9, b"ok");
        };
        let (url, _, server) = server(vec![silent, cut]);
        for _ in 0..2 {
            assert!(call(&connector(), &url).await.unwrap_err().is_io());
        }
        server.join().unwrap();
        assert!(call(&connector(), &url).await.unwrap_err().is_io(), "nothing is listening");
    }

    #[tokio::test]
    async fn an_answer_beyond_all_measure_is_not_asked_for_again() {
        let (url, _, server) = server(vec![|mut stream| {
            heard(&mut stream);
            answer(&mut stream, LARGEST_REPLY + 1, &vec![b' '; LARGEST_REPLY + 1]);
        }]);
        let refused = call(&connector(), &url).await.unwrap_err();
        assert!(!refused.is_io() && !refused.is_timeout());
        server.join().unwrap();
    }
}
