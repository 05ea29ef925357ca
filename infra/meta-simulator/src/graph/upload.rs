//! Resumable Upload API: sessions, files and handles; and the file server that shows Meta's own copies.

use super::{Context, Done};
use crate::meta::Meta;
use crate::refusal::Refusal;
use crate::world::{Bearer, Upload, World};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

/// The documented types, each with its base64 form, which is part of a handle.
const TYPES: [(&str, &str); 5] = [
    ("application/pdf", "YXBwbGljYXRpb24vcGRm"),
    ("image/jpeg", "aW1hZ2UvanBlZw=="),
    ("image/jpg", "aW1hZ2UvanBn"),
    ("image/png", "aW1hZ2UvcG5n"),
    ("video/mp4", "dmlkZW8vbXA0"),
];
/// Handles carry a time after which they presumably expire; Meta does not document how long that is.
const HANDLE_LIFE: i64 = 24 * 3600;
/// How long an address of the file server works.
const ADDRESS_LIFE: i64 = 14 * 24 * 3600;

pub(crate) fn router() -> Router<Arc<Meta>> {
    Router::new().route("/v/t61.29466-34/{id}", get(show))
}

fn wrong_app(context: &Context<'_>, app: &str) -> Option<Refusal> {
    let own = &context.meta.options.app_id;
    let of_own = match &context.bearer {
        Bearer::App | Bearer::System => true,
        Bearer::Business(token) => context.meta.world().tokens.get(token).is_some_and(|token| token.app == *own),
    };
    (app != own || !of_own).then(|| Refusal::unknown_object(app))
}

/// Whether a path is that of an upload.
pub(super) fn is_about(first: &str, edge: &[&str]) -> bool {
    first.starts_with("upload:") || edge == ["uploads"]
}

fn start(context: &Context<'_>, app: &str) -> Done {
    if let Some(refusal) = wrong_app(context, app) {
        return Err(refusal);
    }
    let media = context.required("file_type")?.to_owned();
    if !TYPES.iter().any(|(known, _)| *known == media) {
        return Err(Refusal::parameter("(#100) Param file_type is not supported."));
    }
    let length =
        context.required("file_length")?.parse().map_err(|_| Refusal::parameter("(#100) Invalid file_length"))?;
    let mut world = context.meta.world();
    let id = world.id();
    let signature = format!("ARZ{}", crate::signup::secret(24));
    let session = format!("upload:MTph{id}");
    let answer = json!({ "id": format!("{session}?sig={signature}") });
    let upload = Upload { id, signature, media, length, content: String::new(), handle: None, expires_at: 0 };
    world.uploads.insert(session, upload);
    Ok(answer)
}

/// Opens a session of an app, or answers in one.
pub(super) fn serve(context: &Context<'_>, first: &str) -> Done {
    match (context.request.method.as_str(), first.starts_with("upload:")) {
        (_, true) => receive(context, first),
        ("POST", false) => start(context, first),
        _ => Err(Refusal::parameter("Unsupported get request.")),
    }
}

/// A session whose id was encoded, and one without its signature, does not exist.
fn receive(context: &Context<'_>, session: &str) -> Done {
    let (request, now) = (context.request, context.now);
    let mut world = context.meta.world();
    let unknown = || Refusal::unknown_object(session);
    let upload = world.uploads.get_mut(session).ok_or_else(unknown)?;
    if request.parameter("sig") != Some(upload.signature.as_str()) {
        return Err(unknown());
    }
    if !request.is_oauth {
        return Err(Refusal::new(400, 104, "This call requires an access token in the header Authorization: OAuth."));
    }
    let received = upload.content.len() / 2;
    if request.method == "GET" {
        return Ok(json!({ "id": format!("{session}?sig={}", upload.signature), "file_offset": received }));
    }
    let offset: Option<usize> = request.file_offset.as_deref().and_then(|offset| offset.parse().ok());
    if offset != Some(received) || received + request.file.len() > upload.length {
        return Err(Refusal::parameter("(#100) The file offset or the file's length is wrong."));
    }
    upload.content.push_str(&hex::encode(&request.file));
    if received + request.file.len() < upload.length {
        return Err(Refusal::parameter("(#100) The upload is not complete."));
    }
    let base64 = TYPES.iter().find(|(known, _)| *known == upload.media).map_or("", |(_, base64)| base64);
    let (app, user, expires) = (&context.meta.options.app_id, "122000000000000", now + HANDLE_LIFE);
    let handle = format!("4::{base64}:ARb{}:e:{expires}:{app}:{user}:ARc", crate::signup::secret(24));
    (upload.handle, upload.expires_at) = (Some(handle.clone()), expires);
    Ok(json!({ "h": handle }))
}

/// The address of Meta's own copy of a sample, which it shows in place of the handle.
pub(super) fn sample_address(
    context: &Context<'_>,
    world: &World,
    handle: &str,
    format: &str,
) -> Result<String, Refusal> {
    let held = world.uploads.values().find(|upload| upload.handle.as_deref() == Some(handle));
    let upload = held.filter(|upload| upload.expires_at > context.now).ok_or_else(|| {
        let message = "(#131009) Parameter value is not valid";
        Refusal::new(400, 131_009, message)
            .with_subcode(2_494_102)
            .telling("Invalid media handle", "The media handle is invalid.")
    })?;
    let fits = match format {
        "IMAGE" => upload.media.starts_with("image/"),
        "DOCUMENT" => upload.media == "application/pdf",
        _ => upload.media == "video/mp4",
    };
    if !fits {
        let told = ("Invalid media sample", "The sample does not have the type of the header.");
        return Err(Refusal::parameter("Invalid parameter").with_subcode(2_388_295).telling(told.0, told.1));
    }
    let (url, id, signature) = (&context.meta.url, &upload.id, &upload.signature);
    Ok(format!("{url}/v/t61.29466-34/{id}?ccb=1-7&oh={signature}&oe={:X}", context.now + ADDRESS_LIFE))
}

/// A file; its address is signed and expires, and needs no token.
async fn show(
    State(meta): State<Arc<Meta>>,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let world = meta.world();
    let held = world.uploads.values().find(|upload| upload.id == id);
    let expires = query.get("oe").and_then(|time| i64::from_str_radix(time, 16).ok()).unwrap_or(0);
    let signed = held.filter(|upload| query.get("oh") == Some(&upload.signature) && expires > meta.clock.now());
    match signed.and_then(|upload| Some((upload.media.clone(), hex::decode(&upload.content).ok()?))) {
        Some((media, content)) => ([(CONTENT_TYPE, media)], content).into_response(),
        None => (StatusCode::FORBIDDEN, "URL signature expired").into_response(),
    }
}
