//! The data that launches Embedded Signup for a session, in the customer's language.

use super::App;
use serde::Serialize;
use serde_json::{Value, json};
use shared::domain::ids::{BusinessId, SessionId};
use shared::domain::language::Language;
use shared::domain::session::{BrowserValue, Flow, Session};
use shared::http::Request;
use shared::http::problem::Problem;
use std::collections::BTreeMap;

/// Prefixes of the keys of the texts that the script shows.
const SPOKEN: [&str; 5] = ["page.", "step.", "screen.", "popup.", "problem."];

/// The data that the script needs.
#[derive(Serialize)]
pub(crate) struct Launch<'a> {
    session: &'a str,
    app_id: &'a str,
    config_id: &'a str,
    graph_version: &'a str,
    sdk_url: String,
    popup_origins: &'a [String],
    redirect_uri: String,
    flow: Flow,
    /// Set only while the popup may be opened: a link that was used or has expired reveals nothing of its pre-fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    extras: Option<Value>,
    /// The business that is being connected, and the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_name: Option<String>,
    platform_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_url: Option<String>,
    /// Whether the person has to confirm that.
    confirm: bool,
    language: &'static str,
    texts: BTreeMap<String, &'static str>,
    /// Prefix of our own URLs.
    base: String,
    /// Why a full-page redirect returned without a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_error: Option<String>,
    /// The `state` of a code that was returned. The code itself stays in the browser's address bar.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_state: Option<String>,
}

/// The parameters that Meta appended to the redirect URL.
#[derive(Default)]
pub(crate) struct Returned {
    /// The `state` of a code, once it is known to belong to this browser.
    pub(crate) state: Option<String>,
    pub(crate) error: Option<String>,
}

/// Meta's reason for returning without a code: a number or a short name.
const LONGEST_ERROR: usize = 32;

impl Returned {
    pub(crate) fn of(request: &Request, state: &BrowserValue) -> Self {
        if request.parameter("code").is_some_and(|code| !code.is_empty()) {
            return Self { state: Some(state.as_str().to_owned()), error: None };
        }
        let plain = |text: &String| text.len() <= LONGEST_ERROR && text.bytes().all(|b| b.is_ascii_graphic());
        let error = request.parameter("error_code").or_else(|| request.parameter("error")).filter(plain);
        Self { state: None, error: Some(error.unwrap_or_else(|| "unknown".to_owned())) }
    }
}

impl App {
    pub(crate) async fn launch<'a>(
        &'a self,
        request: &Request,
        (id, session): (&'a SessionId, &Session),
        can_start: bool,
        language: &'static Language,
        returned: Returned,
    ) -> Result<Launch<'a>, Problem> {
        let extras = match can_start {
            true => Some(extras(session, self.known_portfolio(session).await?.as_ref())),
            false => None,
        };
        let sentences = SPOKEN
            .iter()
            .flat_map(|prefix| language.texts(prefix).map(move |(key, sentence)| (format!("{prefix}{key}"), sentence)));
        Ok(Launch {
            session: id.as_str(),
            app_id: self.app.as_str(),
            config_id: &self.config_id,
            graph_version: &self.graph_version,
            sdk_url: self.sdk_url(language),
            popup_origins: &self.popup_origins,
            redirect_uri: redirect_uri(request),
            flow: session.flow,
            extras,
            customer_name: session.customer_name.clone().filter(|_| can_start),
            platform_name: &self.platform,
            help_url: session.help_url.clone(),
            confirm: session.confirm,
            language: language.tag,
            texts: sentences.collect(),
            base: request.base_url(),
            returned_error: returned.error,
            returned_state: returned.state,
        })
    }

    /// The URL of Meta's SDK, in the language of the page.
    pub(crate) fn sdk_url(&self, language: &Language) -> String {
        format!("{}/{}/sdk.js", self.sdk_origin, language.sdk_locale)
    }

    /// Meta's dialog as a full-page redirect: the same configuration, and back to us with the code.
    pub(crate) async fn login_url(
        &self,
        request: &Request,
        session: &Session,
        state: &BrowserValue,
    ) -> Result<String, Problem> {
        let extras = extras(session, self.known_portfolio(session).await?.as_ref());
        let origin = self.popup_origins.first().map(String::as_str).unwrap_or_default();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.app.as_str())
            .append_pair("config_id", &self.config_id)
            .append_pair("response_type", "code")
            .append_pair("override_default_response_type", "true")
            .append_pair("redirect_uri", &redirect_uri(request))
            .append_pair("state", state.as_str())
            .append_pair("extras", &extras.to_string())
            .finish();
        Ok(format!("{origin}/{}/dialog/oauth?{query}", self.graph_version))
    }
}

/// Where Meta redirects back to.
fn redirect_uri(request: &Request) -> String {
    format!("{}/signup/return", request.base_url())
}

/// The platform's pre-fill. If it names no business, the portfolio that we know of the customer is added, so that a
/// customer who connects again need not enter it twice.
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
