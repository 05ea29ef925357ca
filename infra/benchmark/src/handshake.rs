//! Start plus first TLS handshake. The server presents an untrusted certificate: when the client's alert arrives, it
//! has done all of its own work, including key exchange and verification.

use crate::binaries::Built;
use crate::process;
use crate::report::Samples;
use crate::stub::Stub;
use bytes::Bytes;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use serde_json::json;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Handshake timeout.
const GRACE: Duration = Duration::from_secs(20);

pub(crate) async fn measure(built: &Built, rounds: usize) -> io::Result<String> {
    let server = Server::start()?;
    let (mut hello, mut webhook) = (Samples::default(), Samples::default());
    let Some(binary) = built.functions.get("webhook") else { return Err(io::ErrorKind::NotFound.into()) };
    for _ in 0..rounds {
        hello.add(server.time(&built.hello_https, &[("HELLO_HTTPS", &server.url)]).await?);
        webhook.add(server.time(binary, &[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &server.url)]).await?);
    }
    Ok(format!(
        "Process start to the end of the client's part of its first TLS handshake, {rounds} interleaved rounds\n{}\n{}\n",
        hello.line("hello-https", &hello),
        webhook.line("webhook", &hello)
    ))
}

struct Server {
    url: String,
    alerts: mpsc::Receiver<Instant>,
}

impl Server {
    fn start() -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![made.cert.into()], key))
            .map_err(io::Error::other)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        let (alert, alerts) = mpsc::channel();
        let config = Arc::new(config);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                refused(stream, &config);
                if alert.send(Instant::now()).is_err() {
                    return;
                }
            }
        });
        Ok(Self { url, alerts })
    }

    /// Starts a binary, sends it an event that needs HTTPS, and waits for its alert.
    async fn time(&self, binary: &Path, variables: &[(&str, &str)]) -> io::Result<Duration> {
        while self.alerts.try_recv().is_ok() {}
        let stub = Stub::start().await?;
        stub.offer(event());
        let (began, mut child) = process::start(binary, &stub.address, variables)?;
        let ended = tokio::task::block_in_place(|| self.alerts.recv_timeout(GRACE)).map_err(io::Error::other)?;
        child.kill().await?;
        Ok(ended - began)
    }
}

/// Performs a handshake until the client refuses the certificate.
fn refused(mut stream: std::net::TcpStream, config: &Arc<ServerConfig>) {
    let Ok(mut connection) = ServerConnection::new(Arc::clone(config)) else { return };
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return;
        }
    }
}

/// A webhook handshake: the first thing it needs is a secret.
fn event() -> Bytes {
    let query = "hub.mode=subscribe&hub.verify_token=x&hub.challenge=1";
    let context = json!({ "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1" } });
    let event =
        json!({ "version": "2.0", "rawPath": "/", "rawQueryString": query, "headers": {}, "requestContext": context });
    Bytes::from(event.to_string())
}
