//! Why a stack cannot start.

use crate::binaries::BuildError;
use crate::client::ClientError;
use crate::issuer::IssuerError;
use crate::template::TemplateError;

/// Why a stack could not start or save its state.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The template.
    #[error("template: {0}")]
    Template(#[from] TemplateError),
    /// The functions could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An address could not be bound or read.
    #[error("failed to listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The state could not be saved or read.
    #[error("failed to save or read state: {source}")]
    Data {
        /// The cause.
        source: std::io::Error,
    },
    /// The identity provider.
    #[error("issuer: {0}")]
    Issuer(String),
    /// A service refused a request derived from the template.
    #[error("{place}: {reason}")]
    Service {
        /// Logical id or service.
        place: String,
        /// The service's message.
        reason: String,
    },
}

impl StackError {
    pub(crate) fn service(place: &str, error: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::Service { place: place.to_owned(), reason: error.to_string() }
    }
}

impl From<IssuerError> for StackError {
    fn from(error: IssuerError) -> Self {
        Self::Issuer(error.to_string())
    }
}
