//! Stand-ins for Facebook's JavaScript SDK and its popup, so that a person can click through a signup.

use crate::meta::Meta;
use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use std::sync::Arc;

const SDK: &str = include_str!("popup/sdk.js");
const DIALOG: &str = include_str!("popup/dialog.html");

pub(crate) fn router() -> Router<Arc<Meta>> {
    Router::new()
        .route("/{locale}/sdk.js", get(sdk))
        .route("/dialog/oauth", get(dialog))
        .route("/{version}/dialog/oauth", get(dialog))
}

async fn sdk(State(meta): State<Arc<Meta>>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, SDK.replace("{{origin}}", &meta.url))
}

async fn dialog() -> Html<&'static str> {
    Html(DIALOG)
}
