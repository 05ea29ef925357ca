//! The baseline of a handshake: a minimal function that makes one HTTPS request with the functions' client library.

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let url = std::env::var("HELLO_HTTPS")?;
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        // The response does not matter: the handshake is timed.
        drop(client()?.get(url.parse()?).await);
        Ok::<_, Error>(json!({ "statusCode": 200 }))
    }))
    .await
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Empty<Bytes>>, Error> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let https = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().build();
    Ok(Client::builder(TokioExecutor::new()).build(https))
}
