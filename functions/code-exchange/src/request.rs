//! Parses the body of the callback.

use http::StatusCode;
use sha2::{Digest, Sha256};
use shared::domain::claim::{Claim, FinishEvent};
use shared::domain::ids::{BusinessId, PhoneNumberId, SessionId, WabaId};
use shared::domain::session::{BrowserValue, Proof};
use shared::http::Request;
use shared::http::cookie;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::secret::Secret;

/// Longest accepted code. Meta's codes have some hundred characters and no documented maximum.
const LONGEST_CODE: usize = 4096;

pub(crate) struct Callback {
    pub(crate) session: SessionId,
    pub(crate) code: Secret,
    /// The code itself is never stored.
    pub(crate) code_hash: String,
    pub(crate) claim: Claim,
    /// The page that Meta redirected the browser to, when the signup used a full-page redirect.
    pub(crate) redirect_uri: Option<String>,
    launch: Option<BrowserValue>,
    cookie: Option<BrowserValue>,
    /// Whether the request has an `Origin`: browsers send it with every POST, servers do not.
    from_page: bool,
}

const FIELDS: [&str; 8] =
    ["session", "code", "launch", "event", "waba_id", "phone_number_id", "business_id", "redirect_uri"];

/// Longest accepted redirect URL.
const LONGEST_ADDRESS: usize = 512;

impl Callback {
    pub(crate) fn parse(request: &Request) -> Result<Self, Problem> {
        let fields = Fields::read(request, &FIELDS)?;
        let session = fields.id("session", SessionId::parse).map_err(|problem| match problem.code {
            "id_invalid" => unknown_session(),
            _ => problem,
        })?;
        let code = parse_code(&fields)?;
        let event = fields.text("event", 64)?.filter(|event| !event.is_empty());
        let claim = Claim {
            event: event.map(|event| FinishEvent::from(event.to_owned())),
            waba: fields.id("waba_id", WabaId::parse)?,
            phone: fields.id("phone_number_id", PhoneNumberId::parse)?,
            business: fields.id("business_id", BusinessId::parse)?,
        };
        let code_hash = hex::encode(Sha256::digest(code.expose()));
        let session = session.ok_or(Problem::bad_request("session_missing", "The signup session is missing."))?;
        let redirect_uri =
            fields.text("redirect_uri", LONGEST_ADDRESS)?.map(|uri| redirect_uri(uri, request)).transpose()?;
        let launch = fields.text("launch", 128)?;
        let launch = launch.map(|text| BrowserValue::parse(text).ok_or(launch_unknown())).transpose()?;
        let cookie = cookie::read(request, cookie::BROWSER).and_then(BrowserValue::parse);
        let from_page = request.headers.contains_key("origin");
        Ok(Self { session, code, code_hash, claim: claim.consistent(), redirect_uri, launch, cookie, from_page })
    }

    /// The values that show that it comes from the browser that launched.
    pub(crate) fn proof(&self) -> Proof<'_> {
        let whole_page = self.redirect_uri.is_some();
        Proof { launch: self.launch.as_ref(), cookie: self.cookie.as_ref(), whole_page, from_page: self.from_page }
    }
}

/// The URL of our own page, as Meta compares it: no other URL may be sent together with a secret.
fn redirect_uri(text: &str, request: &Request) -> Result<String, Problem> {
    let own = text == format!("{}/signup/return", request.base_url());
    let refused = Problem::bad_request("redirect_invalid", "The address Meta came back to is not the signup page's.");
    if own { Ok(text.to_owned()) } else { Err(refused) }
}

fn parse_code(fields: &Fields) -> Result<Secret, Problem> {
    let Some(value) = fields.value("code") else {
        return Err(Problem::bad_request("code_missing", "The code is missing."));
    };
    let code = value.as_str().ok_or(Problem::bad_request("bad_type", "A field has the wrong type."))?;
    if code.is_empty() || code.len() > LONGEST_CODE || !code.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::bad_request("code_invalid", "The code is not in the format of Meta's codes."));
    }
    Ok(Secret::new(code.to_owned()))
}

const fn unknown_session() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "session_not_found", "This signup link is not known.")
}

/// A launch value that is not the link's, or no longer.
pub(crate) const fn launch_unknown() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "launch_unknown",
        "This launch value does not belong to the link, or another browser has continued the signup.",
    )
}
