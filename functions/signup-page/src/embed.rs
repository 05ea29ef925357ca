//! The button in a platform's own pages: a single script, and the request it makes.

use super::App;
use super::launch::{Launch, Returned};
use super::page::{CONNECT, language};
use super::standing::Standing;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json, origin, reply};

const EMBED: &str = include_str!("../assets/embed.js");
const STYLE: &str = include_str!("../assets/connect.css");

/// Browsers revalidate the script after five minutes, so that everybody soon gets a new version.
const RETENTION: HeaderValue = HeaderValue::from_static("public, max-age=300");

#[derive(Serialize)]
struct Embedded<'a> {
    language: &'static str,
    direction: &'static str,
    /// Why nobody can connect at the moment.
    notice: Option<String>,
    launch: Option<Launch<'a>>,
}

/// The script; it adds its style to its own shadow root.
pub(crate) fn script() -> Reply {
    let style = serde_json::to_string(STYLE).unwrap_or_default();
    // In its own scope, so that it defines no global names in the platform's page.
    let text = format!("(() => {{\n{CONNECT}\n{}\n}})();\n", EMBED.replace("STYLE", &style));
    let mut script = reply(StatusCode::OK, "text/javascript; charset=utf-8", text);
    script.headers_mut().insert(header::CACHE_CONTROL, RETENTION);
    script
}

impl App {
    /// The data that the script needs; our own page has it inline.
    pub(crate) async fn embedded(&self, request: &Request) -> Result<Reply, Problem> {
        origin::check(request, &self.origins)?;
        let text = request.parameter("session");
        let text = text.ok_or(Problem::bad_request("session_missing", "The signup session is missing."))?;
        let Some((id, held)) = self.session(&text).await? else {
            let language = language(None, request);
            let notice = language.text("page.link_unknown").map(str::to_owned);
            let direction = language.direction.as_str();
            return Ok(json(StatusCode::OK, &Embedded { language: language.tag, direction, notice, launch: None }));
        };
        let session = held.record;
        let language = language(Some(&session), request);
        let standing = self.standing(&session).await?;
        let can_start = standing.refusal(&session).is_none();
        let (notice, launch) = match standing {
            Standing::Closed(closed) => (Some(closed.sentence(language)), None),
            Standing::Open | Standing::Begun(_) => {
                let launch = self.launch(request, (&id, &session), can_start, language, Returned::default()).await?;
                (None, Some(launch))
            }
        };
        let direction = language.direction.as_str();
        Ok(json(StatusCode::OK, &Embedded { language: language.tag, direction, notice, launch }))
    }
}
