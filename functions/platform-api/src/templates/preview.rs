//! `POST /v1/templates/preview`.

use super::body;
use http::StatusCode;
use serde_json::{Map, Value};
use shared::domain::composition::{lint, preview};
use shared::http::fields::{Fields, LARGEST_TEXT};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};

/// Renders a template and lints it; nothing is stored or sent.
pub(crate) fn show(request: &Request) -> Result<Reply, Problem> {
    let fields = Fields::read_any(LARGEST_TEXT, request)?;
    let values = match fields.value("values") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(values)) => values.clone(),
        Some(_) => return Err(Problem::bad_request("bad_type", "The values must be an object of strings.")),
    };
    let composition = body::whole(fields, &["values"])?;
    let shown = preview(&composition, &values);
    let body = serde_json::json!({ "text": shown.text, "html": shown.html, "findings": lint(&composition) });
    Ok(json(StatusCode::OK, &body))
}
