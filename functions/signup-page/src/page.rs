//! The page itself: one HTML document, its script and style inside, everything else refused by its own policy.

use super::App;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use shared::clock;
use shared::domain::ids::BusinessId;
use shared::domain::session::{Flow, Session};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, reply};

const PAGE: &str = include_str!("../assets/page.html");
const SCRIPT: &str = include_str!("../assets/page.js");
const STYLE: &str = include_str!("../assets/page.css");

/// What the script works with.
#[derive(Serialize)]
struct PageConfig<'a> {
    session: &'a str,
    app_id: &'a str,
    config_id: &'a str,
    graph_version: &'a str,
    sdk_url: String,
    popup_origins: &'a [String],
    extras: Value,
    return_url: Option<&'a str>,
}

impl App {
    pub(crate) async fn page(&self, request: &Request) -> Result<Reply, Problem> {
        let Some(text) = request.parameter("session") else {
            return Ok(self.notice(StatusCode::BAD_REQUEST, "The signup link is incomplete."));
        };
        let Some((id, held)) = self.session(&text).await? else {
            return Ok(self.notice(StatusCode::NOT_FOUND, "This signup link is not known."));
        };
        let session = held.record;
        if session.onboarding().is_none() && clock::now() >= session.expires_at {
            return Ok(self.notice(StatusCode::GONE, "This signup link is too old. Please ask for a new one."));
        }
        if session.onboarding().is_none()
            && let Some(until) = self.held_until(&session).await?
        {
            let day = until.to_rfc3339();
            let day = day.split('T').next().unwrap_or_default();
            let text = format!("Meta lets no more businesses connect at the moment. Please come back on {day}.");
            return Ok(self.notice(StatusCode::OK, &text));
        }
        let config = PageConfig {
            session: id.as_str(),
            app_id: self.app.as_str(),
            config_id: &self.config_id,
            graph_version: &self.graph_version,
            sdk_url: format!("{}/en_US/sdk.js", self.sdk_origin),
            popup_origins: &self.popup_origins,
            extras: extras(&session, self.known_portfolio(&session).await?.as_ref()),
            return_url: session.return_url.as_deref(),
        };
        Ok(self.document(StatusCode::OK, "", &serde_json::to_value(config).unwrap_or_default()))
    }

    fn notice(&self, status: StatusCode, text: &str) -> Reply {
        self.document(status, text, &Value::Null)
    }

    fn document(&self, status: StatusCode, notice: &str, config: &Value) -> Reply {
        let nonce = STANDARD.encode(rand::random::<[u8; 16]>());
        // `<` would end the script element that holds the JSON.
        let config = config.to_string().replace('<', "\\u003c");
        let html = PAGE
            .replace("{{nonce}}", &nonce)
            .replace("{{style}}", STYLE)
            .replace("{{notice}}", notice)
            .replace("{{script}}", SCRIPT)
            // Last: what a platform sent is not looked through for places.
            .replace("{{config}}", &config);
        let mut page = reply(status, "text/html; charset=utf-8", html);
        if let Ok(policy) = HeaderValue::from_str(&self.policy(&nonce)) {
            page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        // Meta's popup needs its opener; nobody else gets one.
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        page.headers_mut().insert(opener, HeaderValue::from_static("same-origin-allow-popups"));
        page.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        page
    }

    fn policy(&self, nonce: &str) -> String {
        let (sdk, popups) = (&self.sdk_origin, self.popup_origins.join(" "));
        format!(
            "default-src 'none'; script-src 'nonce-{nonce}' {sdk}; style-src 'nonce-{nonce}'; connect-src 'self' {sdk} {popups}; \
             img-src 'self' data:; frame-src {sdk} {popups}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
    }
}

/// What the platform sent, and where it names no business, the portfolio we know the customer by: who connects again types
/// nothing twice.
fn setup(session: &Session, known: Option<&BusinessId>) -> Option<Value> {
    let mut setup = session.prefill.clone();
    // Meta takes the id as a number ("Pre-filling screens").
    let id = known.and_then(|id| id.as_str().parse::<u64>().ok());
    if let Some(id) = id {
        let groups = setup.get_or_insert_with(|| json!({}));
        if let Some(groups) = groups.as_object_mut() {
            groups.entry("business").or_insert_with(|| json!({ "id": id }));
        }
    }
    setup
}

/// `extras` of `FB.login` in the shapes of Embedded Signup v4: the version follows from the configuration id.
fn extras(session: &Session, known: Option<&BusinessId>) -> Value {
    match (session.flow, setup(session, known)) {
        (Flow::Default, None) => json!({}),
        (Flow::Default, Some(setup)) => json!({ "setup": setup }),
        (Flow::Coexistence, setup) => json!({
            "setup": setup.unwrap_or_else(|| json!({})),
            "featureType": "whatsapp_business_app_onboarding",
            "sessionInfoVersion": "3",
        }),
        (Flow::AppOnlyInstall, setup) => json!({
            "setup": setup.unwrap_or_else(|| json!({})),
            "features": [{ "name": "app_only_install" }],
        }),
    }
}
