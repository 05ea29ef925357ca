//! A Graph API call as plain data.

use bytes::Bytes;
use onboarding_core::secret::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// One endpoint with its arguments.
pub trait GraphCall {
    /// Name in logs and errors, for example `subscribe_app`.
    const NAME: &'static str;
    /// The decoded response.
    type Reply: DeserializeOwned;
    /// The request as data.
    fn request(&self) -> GraphRequest;
}

/// Method, path, query and body. The client encodes path segments and query values; they are never concatenated as
/// text.
#[derive(Default)]
pub struct GraphRequest {
    /// HTTP method; `GET` unless changed.
    pub method: http::Method,
    /// Segments after the version.
    pub path: Vec<String>,
    /// Query pairs.
    pub query: Vec<(&'static str, String)>,
    /// Secret query pairs (only for the code exchange and `debug_token`, where Meta requires them in the query).
    pub secret_query: Vec<(&'static str, Secret)>,
    /// JSON body.
    pub json: Option<serde_json::Value>,
    /// A file as the body, in one piece from its first byte (Meta: "Resumable Upload API").
    pub file: Option<Bytes>,
    /// The upload session that the request is about, in place of a path.
    pub upload: Option<UploadSession>,
}

/// An upload session of Meta's: `upload:<text>?sig=<text>`. Meta refuses it when it is percent-encoded, so it is appended
/// to an address as it is, and parsed strictly before.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct UploadSession(String);

/// A text that is no upload session.
#[derive(Debug, thiserror::Error)]
#[error("not an upload session")]
pub struct NotAnUploadSession;

impl TryFrom<String> for UploadSession {
    type Error = NotAnUploadSession;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"?=&:_-.~+/".contains(&byte);
        let own = text.strip_prefix("upload:").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain));
        if own && text.len() <= 2048 && !text.contains("..") { Ok(Self(text)) } else { Err(NotAnUploadSession) }
    }
}

impl UploadSession {
    /// The session as Meta wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Its signature is as good as a token for this one upload.
impl fmt::Debug for UploadSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadSession")
    }
}

impl GraphRequest {
    /// A `GET` request.
    #[must_use]
    pub fn get(path: &[&str]) -> Self {
        Self { path: path.iter().map(|&segment| segment.to_owned()).collect(), ..Self::default() }
    }

    /// A `POST` request.
    #[must_use]
    pub fn post(path: &[&str]) -> Self {
        Self { method: http::Method::POST, ..Self::get(path) }
    }

    /// A `DELETE` request.
    #[must_use]
    pub fn delete(path: &[&str]) -> Self {
        Self { method: http::Method::DELETE, ..Self::get(path) }
    }

    /// Adds a query pair.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Adds a secret query pair.
    #[must_use]
    pub fn with_secret(mut self, name: &'static str, value: &Secret) -> Self {
        self.secret_query.push((name, value.clone()));
        self
    }

    /// Sends a file to an upload session.
    #[must_use]
    pub fn upload(session: &UploadSession, file: Bytes) -> Self {
        Self { upload: Some(session.clone()), file: Some(file), ..Self::post(&[]) }
    }

    /// Sets the JSON body.
    #[must_use]
    pub fn body(mut self, json: serde_json::Value) -> Self {
        self.json = Some(json);
        self
    }
}

/// The credentials of a call, stated explicitly at each call site.
#[derive(Debug, Clone, Copy)]
pub enum Auth<'a> {
    /// None: the credentials are in the query (the code exchange).
    None,
    /// The app's own credentials, for inspecting tokens.
    App,
    /// A customer's business token, or the system token for the credit line; `appsecret_proof` is added.
    Bearer(&'a Secret),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_meta_writes_is_an_upload_session() {
        let parse = |text: &str| UploadSession::try_from(text.to_owned());
        let text = "upload:MTphdHRhY2htZW50OjE=?sig=ARZqkGCA_uQMxC8nHKI";
        assert_eq!(parse(text).unwrap().as_str(), text);
        assert!(!format!("{:?}", parse(text).unwrap()).contains("sig"));
        for other in [
            "",
            "upload:",
            "me",
            "upload:a/../me",
            "upload:a#b",
            "upload:a b",
            "upload:a%2F",
            "upload:a@b",
            "https://x",
        ] {
            assert!(parse(other).is_err(), "{other}");
        }
    }
}
