//! Errors in the Graph API's format.

use serde_json::{Value, json};

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u32,
    pub(crate) subcode: Option<u32>,
    pub(crate) message: String,
    /// `error_user_title` and `error_user_msg`, which Meta writes in the customer's language.
    pub(crate) told: Option<(&'static str, &'static str)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, subcode: None, message: message.into(), told: None }
    }

    pub(crate) fn with_subcode(self, subcode: u32) -> Self {
        Self { subcode: Some(subcode), ..self }
    }

    /// Adds what Meta says to the person who asked.
    pub(crate) fn telling(self, title: &'static str, message: &'static str) -> Self {
        Self { told: Some((title, message)), ..self }
    }

    /// A parameter is missing or invalid.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new(400, 100, message)
    }

    /// The object does not exist, or not for this token: Meta gives the same answer for both.
    pub(crate) fn unknown_object(id: &str) -> Self {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does \
             not support this operation."
        );
        Self::parameter(message).with_subcode(33)
    }

    /// The token is invalid.
    pub(crate) fn token() -> Self {
        Self::new(401, 190, "Error validating access token: the session is invalid or has been revoked.")
    }

    /// The token is valid but lacks the permission.
    pub(crate) fn permission(message: impl Into<String>) -> Self {
        Self::new(403, 200, message)
    }

    /// Access that was lost although the token is valid, in one of the forms in which Meta says so.
    pub(crate) fn access(code: &str, id: &str) -> Self {
        match code {
            "10" => Self::new(403, 10, "(#10) Application does not have permission for this action"),
            "200" => Self::permission("(#200) You do not have the necessary permissions to access this object."),
            "3" => Self::new(400, 3, "(#3) Application does not have the capability to make this API call."),
            "33" => Self::new(400, 33, "(#33) The object does not exist, or the permission was not granted."),
            _ => Self::unknown_object(id),
        }
    }

    pub(crate) fn body(&self, trace: &str) -> Value {
        let mut error =
            json!({ "message": self.message, "type": "OAuthException", "code": self.code, "fbtrace_id": trace });
        if let (Some(subcode), Some(error)) = (self.subcode, error.as_object_mut()) {
            error.insert("error_subcode".to_owned(), json!(subcode));
        }
        if let (Some((title, message)), Some(error)) = (self.told, error.as_object_mut()) {
            error.insert("error_user_title".to_owned(), json!(title));
            error.insert("error_user_msg".to_owned(), json!(message));
        }
        json!({ "error": error })
    }
}
