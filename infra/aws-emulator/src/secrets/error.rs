//! Errors of Secrets Manager, with the service's own texts.

use crate::protocol::Failure;

/// Why Secrets Manager refused a request. Variants are named like the exceptions; the texts are the service's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// No such secret, or no such version.
    #[error("{0}")]
    ResourceNotFound(String),
    /// The name or the version id is taken.
    #[error("{0}")]
    ResourceExists(String),
    /// A parameter has a value that is not allowed, or two of them contradict each other.
    #[error("{0}")]
    InvalidParameter(String),
    /// The request is not possible in the secret's current state.
    #[error("{0}")]
    InvalidRequest(String),
    /// A page token that was not issued.
    #[error("{0}")]
    InvalidNextToken(String),
    /// A parameter breaks a constraint of the API's model: a length, a set of characters.
    #[error("{0}")]
    Validation(String),
}

impl SecretsError {
    /// The name of the exception.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ResourceNotFound(_) => "ResourceNotFoundException",
            Self::ResourceExists(_) => "ResourceExistsException",
            Self::InvalidParameter(_) => "InvalidParameterException",
            Self::InvalidRequest(_) => "InvalidRequestException",
            Self::InvalidNextToken(_) => "InvalidNextTokenException",
            Self::Validation(_) => "ValidationException",
        }
    }

    pub(super) fn no_secret() -> Self {
        Self::ResourceNotFound("Secrets Manager can't find the specified secret.".to_owned())
    }

    pub(super) fn no_version(id: &str) -> Self {
        Self::ResourceNotFound(format!("Secrets Manager can't find the specified secret value for VersionId: {id}"))
    }

    pub(super) fn no_stage(stage: &str) -> Self {
        let text = format!("Secrets Manager can't find the specified secret value for staging label: {stage}");
        Self::ResourceNotFound(text)
    }

    pub(super) fn marked_for_deletion() -> Self {
        let text = "You can't perform this operation on the secret because it was marked for deletion.";
        Self::InvalidRequest(text.to_owned())
    }

    pub(super) fn constraint(member: &str, constraint: &str) -> Self {
        Self::Validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: {constraint}"
        ))
    }
}

impl From<SecretsError> for Failure {
    fn from(error: SecretsError) -> Self {
        Self { status: 400, shape: error.code(), query_code: None, message: error.to_string() }
    }
}
