//! The one TLS configuration of a process: ring, TLS 1.2 or 1.3, roots compiled in. A second stack, or reading the system's
//! certificates, is most of what a cold start would cost.

use rustls::ClientConfig;

/// The configuration cannot be used: the provider offers none of the protocol versions, or a client does not take it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("configure TLS")]
pub struct TlsUnusable;

/// What both clients of a process, AWS's and Graph's, connect with.
#[derive(Debug)]
pub struct Tls(ClientConfig);

impl Tls {
    /// Builds the configuration.
    ///
    /// # Errors
    /// [`TlsUnusable`] when the provider offers none of the protocol versions.
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
