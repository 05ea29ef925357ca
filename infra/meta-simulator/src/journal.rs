//! A journal of received calls and sent webhooks, for tests.

use crate::openapi::Violation;
use serde::Serialize;
use serde_json::Value;

/// One Graph call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    pub(crate) at: i64,
    pub(crate) method: String,
    /// Without the version.
    pub(crate) path: String,
    /// Query pairs; secret ones without a value.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// `app`, `system`, `business`, `none` or `refused`.
    pub(crate) bearer: &'static str,
    pub(crate) status: u16,
    /// Whether a fault was injected.
    pub(crate) fault: bool,
}

/// One delivery of a webhook.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Delivery {
    pub(crate) at: i64,
    /// Fields in the body.
    pub(crate) fields: Vec<String>,
    pub(crate) attempt: u32,
    /// Status of the response; absent if none arrived.
    pub(crate) status: Option<u16>,
}

/// Everything since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) calls: Vec<Call>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) violations: Vec<Violation>,
}
