//! Checks exchanges against Meta's own OpenAPI document, for the paths it covers.

mod deviation;
mod operation;

pub use deviation::{DEVIATIONS, Deviation, Excuse};

use operation::Operation;
use serde::Serialize;
use serde_json::Value;
use serde_norway::Value as Yaml;

/// The part of the document that is used; its header names the source.
const DOCUMENT: &str = include_str!("../data/meta-openapi-v23.yaml");

/// Why Meta's document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not YAML.
    #[error("failed to parse Meta's OpenAPI document: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// An invalid schema.
    #[error("failed to compile {operation}: {reason}")]
    Schema {
        /// The operation.
        operation: String,
        /// The cause.
        reason: String,
    },
}

/// Node kinds whose bare paths look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// WhatsApp Business Account.
    Waba,
    /// Business phone number.
    PhoneNumber,
}

/// One request and its response.
#[derive(Debug)]
pub struct Exchange<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path without version, for example `/123/register`.
    pub path: &'a str,
    /// Kind of the first path segment, if known.
    pub node: Option<Node>,
    /// Query pairs.
    pub query: &'a [(String, String)],
    /// JSON or form fields.
    pub body: Option<&'a Value>,
    /// Status of the response.
    pub status: u16,
    /// Body of the response.
    pub response: Option<&'a Value>,
}

/// A part of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Query parameters.
    Query,
    /// Request body.
    Request,
    /// Response.
    Response,
}

/// One contradiction between an exchange and the document.
#[derive(Debug, Clone, Serialize)]
pub struct Violation {
    /// Meta's operation id.
    pub operation: String,
    /// The part of the exchange.
    pub part: Part,
    /// JSON pointer into that part, or the name of the parameter.
    pub pointer: String,
    /// The keyword that is violated, for example `enum`.
    pub keyword: String,
    /// Description.
    pub message: String,
}

/// The document, compiled.
#[derive(Debug)]
pub struct Document {
    operations: Vec<Operation>,
}

impl Document {
    /// Compiles the embedded document.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn embedded() -> Result<Self, DocumentError> {
        let document: Yaml = serde_norway::from_str(DOCUMENT)?;
        let document: Value = serde_norway::from_value(document)?;
        Ok(Self { operations: operation::compile(&document)? })
    }

    /// Whether the document describes a call.
    #[must_use]
    pub fn covers(&self, method: &str, path: &str, node: Option<Node>) -> bool {
        self.operations.iter().any(|operation| operation.fits(method, path, node))
    }

    /// Contradictions that are not known errors of the document ([`DEVIATIONS`]); none if the path is not covered.
    #[must_use]
    pub fn check(&self, exchange: &Exchange<'_>) -> Vec<Violation> {
        let deviations: Vec<&Deviation> = DEVIATIONS.iter().collect();
        self.check_except(exchange, &deviations)
    }

    fn check_except(&self, exchange: &Exchange<'_>, deviations: &[&Deviation]) -> Vec<Violation> {
        let fits = |operation: &&Operation| operation.fits(exchange.method, exchange.path, exchange.node);
        self.operations.iter().find(fits).map(|operation| operation.check(exchange, deviations)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Document {
        Document::embedded().unwrap()
    }

    fn register(body: &Value, response: &Value) -> Vec<Violation> {
        document().check(&Exchange {
            method: "POST",
            path: "/106540352242922/register",
            node: Some(Node::PhoneNumber),
            query: &[],
            body: Some(body),
            status: 200,
            response: Some(response),
        })
    }

    #[test]
    fn an_exchange_as_documented_has_no_violation() {
        let body = json!({ "messaging_product": "whatsapp", "pin": "123456" });
        assert!(register(&body, &json!({ "success": true })).is_empty());
    }

    #[test]
    fn wrong_types_unknown_values_and_missing_members_are_found() {
        let good = json!({ "success": true });
        let found = |body: Value, response: &Value| -> Vec<(Part, String)> {
            register(&body, response).into_iter().map(|violation| (violation.part, violation.keyword)).collect()
        };
        let missing = found(json!({ "messaging_product": "whatsapp" }), &good);
        assert_eq!(missing, [(Part::Request, "required".to_owned())]);
        let word = found(json!({ "messaging_product": "telegram", "pin": "123456" }), &good);
        assert_eq!(word, [(Part::Request, "enum".to_owned())]);
        let kind = found(json!({ "messaging_product": "whatsapp", "pin": "123456" }), &json!({ "success": "yes" }));
        assert_eq!(kind, [(Part::Response, "type".to_owned())]);
    }

    #[test]
    fn a_required_body_that_is_not_sent_is_found() {
        let found = document().check(&Exchange {
            method: "POST",
            path: "/1/register",
            node: Some(Node::PhoneNumber),
            query: &[],
            body: None,
            status: 200,
            response: None,
        });
        let found: Vec<_> = found.iter().map(|found| (found.part, found.keyword.as_str())).collect();
        assert_eq!(found, [(Part::Request, "required")]);
    }

    #[test]
    fn form_fields_are_checked_wherever_they_are_sent() {
        let document = document();
        let found = |query: &[(&str, &str)], body: Option<Value>| -> Vec<(String, String)> {
            let query: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let exchange = Exchange {
                method: "POST",
                path: "/1/assigned_users",
                node: Some(Node::Waba),
                query: &query,
                body: body.as_ref(),
                status: 200,
                response: None,
            };
            document.check(&exchange).into_iter().map(|found| (found.pointer, found.keyword)).collect()
        };
        assert_eq!(found(&[("user", "7"), ("tasks", "['MANAGE']")], None), []);
        assert_eq!(found(&[], Some(json!({ "user": "7", "tasks": "[\"MANAGE\"]" }))), []);
        assert_eq!(found(&[("user", "7")], Some(json!({ "tasks": ["MANAGE"] }))), []);
        let unknown = found(&[("user", "7"), ("tasks", "['RULE']")], None);
        assert_eq!(unknown, [("/tasks/0".to_owned(), "enum".to_owned())]);
        assert_eq!(found(&[("user", "7")], None), [(String::new(), "required".to_owned())]);
    }

    #[test]
    fn a_refusal_is_checked_whatever_fields_were_asked_for() {
        let query = [("fields".to_owned(), "id".to_owned())];
        let found = document().check(&Exchange {
            method: "GET",
            path: "/1",
            node: Some(Node::Waba),
            query: &query,
            body: None,
            status: 400,
            response: Some(&json!({ "error": { "message": "no", "type": "OAuthException" } })),
        });
        let found: Vec<_> = found.iter().map(|found| (found.pointer.as_str(), found.keyword.as_str())).collect();
        assert_eq!(found, [("/error", "required")]);
    }

    #[test]
    fn nodes_with_bare_paths_are_distinguished() {
        let document = document();
        assert!(
            document.covers("GET", "/1", Some(Node::Waba)) && document.covers("GET", "/1", Some(Node::PhoneNumber))
        );
        assert!(!document.covers("GET", "/1", None) && !document.covers("GET", "/oauth/access_token", None));
    }
}
