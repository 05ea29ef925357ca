//! Control API of the stack, for tests and people: fire a schedule, kill a function, read the counts.

use crate::client::Client;
use crate::runtime::Function;
use crate::schedule::Schedule;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What can be controlled.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) functions: Arc<BTreeMap<String, Arc<Function>>>,
    pub(crate) schedules: Arc<BTreeMap<String, Schedule>>,
    pub(crate) client: Client,
    pub(crate) api: String,
    pub(crate) platform_token: String,
}

impl Control {
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/_local/signup", get(signup))
            .route("/_local/functions", get(functions))
            .route("/_local/functions/{function}/kill", post(kill))
            .route("/_local/schedules/{function}/{event}", post(fire))
            .with_state(self)
    }
}

/// Creates a session as a platform's back end would for a new customer, and redirects the browser to the signup page.
async fn signup(State(control): State<Control>) -> Response {
    let bearer = format!("Bearer {}", control.platform_token);
    let customer = json!({ "customer_ref": format!("customer-{}", uuid::Uuid::new_v4().simple()) });
    let url = format!("{}/v1/sessions", control.api);
    match control.client.post(&url, &[("authorization", &bearer)], &customer).await {
        Ok(created) => match created.json().get("signup_url").and_then(Value::as_str) {
            Some(url) => Redirect::to(url).into_response(),
            None => (StatusCode::BAD_GATEWAY, created.body).into_response(),
        },
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn functions(State(control): State<Control>) -> Json<Value> {
    Json(control.functions.iter().map(|(id, function)| (id.clone(), json!(function.counts()))).collect())
}

async fn kill(State(control): State<Control>, Path(function): Path<String>) -> Result<Json<Value>, StatusCode> {
    let function = control.functions.get(&function).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(json!({ "killed": function.kill() })))
}

async fn fire(State(control): State<Control>, Path((function, event)): Path<(String, String)>) -> (StatusCode, String) {
    let Some(schedule) = control.schedules.get(&format!("{function}/{event}")) else {
        return (StatusCode::NOT_FOUND, String::new());
    };
    match schedule.fire().await {
        Ok(result) => (StatusCode::OK, String::from_utf8_lossy(&result).into_owned()),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    }
}
