//! What it takes to launch Embedded Signup for one session, in the customer's language.

use super::App;
use serde::Serialize;
use serde_json::{Value, json};
use shared::domain::ids::{BusinessId, SessionId};
use shared::domain::language::Language;
use shared::domain::session::{Flow, Session};
use shared::http::Request;
use shared::http::problem::Problem;
use std::collections::BTreeMap;

/// Keys of the sentences that the script says by itself.
const SPOKEN: [&str; 5] = ["page.", "step.", "screen.", "popup.", "problem."];

/// What the script works with.
#[derive(Serialize)]
pub(crate) struct Launch<'a> {
    session: &'a str,
    app_id: &'a str,
    config_id: &'a str,
    graph_version: &'a str,
    sdk_url: String,
    popup_origins: &'a [String],
    /// The same signup in a whole page, for browsers whose popup brings nothing.
    login_url: String,
    redirect_uri: String,
    flow: Flow,
    extras: Value,
    language: &'static str,
    texts: BTreeMap<String, &'static str>,
    /// Prefix of our own addresses.
    base: String,
    /// What a whole page came back with.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_error: Option<String>,
}

/// What Meta appended to the address it sent the browser back to.
#[derive(Default)]
pub(crate) struct Returned {
    pub(crate) code: Option<String>,
    pub(crate) error: Option<String>,
}

/// Meta's reason to come back without a code: a number, or a word.
const LONGEST_ERROR: usize = 32;

impl Returned {
    pub(crate) fn of(request: &Request) -> Self {
        let plain = |text: &String| text.len() <= LONGEST_ERROR && text.bytes().all(|b| b.is_ascii_graphic());
        let code = request.parameter("code").filter(|code| !code.is_empty());
        let error = request.parameter("error_code").or_else(|| request.parameter("error")).filter(plain);
        let silent = || code.is_none().then(|| "unknown".to_owned());
        Self { error: error.or_else(silent).filter(|_| code.is_none()), code }
    }
}

impl App {
    pub(crate) async fn launch<'a>(
        &'a self,
        request: &Request,
        id: &'a SessionId,
        session: &Session,
        language: &'static Language,
        returned: Returned,
    ) -> Result<Launch<'a>, Problem> {
        let extras = extras(session, self.known_portfolio(session).await?.as_ref());
        let redirect_uri = format!("{}/signup/return", request.base_url());
        let sentences = SPOKEN
            .iter()
            .flat_map(|prefix| language.texts(prefix).map(move |(key, sentence)| (format!("{prefix}{key}"), sentence)));
        Ok(Launch {
            session: id.as_str(),
            app_id: self.app.as_str(),
            config_id: &self.config_id,
            graph_version: &self.graph_version,
            sdk_url: format!("{}/{}/sdk.js", self.sdk_origin, language.sdk_locale),
            popup_origins: &self.popup_origins,
            login_url: self.login_url(id, language, &redirect_uri, &extras),
            redirect_uri,
            flow: session.flow,
            extras,
            language: language.tag,
            texts: sentences.collect(),
            base: request.base_url(),
            code: returned.code,
            returned_error: returned.error,
        })
    }

    /// Meta's dialog as a page of its own: the same configuration, and back to us with the code.
    fn login_url(&self, id: &SessionId, language: &Language, redirect_uri: &str, extras: &Value) -> String {
        let origin = self.popup_origins.first().map(String::as_str).unwrap_or_default();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.app.as_str())
            .append_pair("config_id", &self.config_id)
            .append_pair("response_type", "code")
            .append_pair("override_default_response_type", "true")
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", &format!("{id}.{}", language.tag))
            .append_pair("extras", &extras.to_string())
            .finish();
        format!("{origin}/{}/dialog/oauth?{query}", self.graph_version)
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
