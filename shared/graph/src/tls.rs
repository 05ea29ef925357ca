//! The shared TLS configuration of a process: ring, TLS 1.2 or 1.3, roots compiled in. A second TLS stack, or loading
//! the system's certificates, would dominate the cold start.

use rustls::ClientConfig;

/// The configuration is unusable: the provider supports none of the protocol versions, or a client rejects it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("failed to configure TLS")]
pub struct TlsUnusable;

/// The TLS configuration of both clients of a process: AWS and Graph.
#[derive(Debug)]
pub struct Tls(ClientConfig);

impl Tls {
    /// Builds the configuration.
    ///
    /// # Errors
    /// [`TlsUnusable`] when the provider supports none of the protocol versions.
    pub fn new() -> Result<Self, TlsUnusable> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let provider = rustls::crypto::ring::default_provider();
        let versions = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
        Ok(Self(versions.map_err(|_| TlsUnusable)?.with_root_certificates(roots).with_no_client_auth()))
    }

    /// A copy for one client.
    #[must_use]
    pub fn config(&self) -> ClientConfig {
        self.0.clone()
    }
}
