//! "Is it really receiving?": five lights per number, read back from Meta at the moment of asking.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::domain::grant::VerifiedWaba;
use shared::domain::ids::PhoneNumberId;
use shared::domain::onboarding::{Number, Onboarding};
use shared::domain::time::Timestamp;
use shared::graph::call::Auth;
use shared::graph::calls::oauth::DebugToken;
use shared::graph::calls::phone::{Phone, ReadPhone};
use shared::graph::calls::waba::ListSubscribedApps;
use shared::graph::error::GraphError;
use shared::http::problem::Problem;
use shared::http::{Reply, json};
use shared::secret::Secret;

#[derive(Serialize)]
struct Reception {
    phone_number_id: String,
    onboarding_id: String,
    waba_id: Option<String>,
    lights: [Light; 5],
}

/// One light. `ok` is `null` when Meta could not be asked; then `code` says why.
#[derive(Serialize)]
struct Light {
    name: &'static str,
    ok: Option<bool>,
    code: Option<String>,
    at: Option<String>,
}

impl Light {
    fn new(name: &'static str, answer: Result<bool, String>) -> Self {
        match answer {
            Ok(ok) => Self { name, ok: Some(ok), code: None, at: None },
            Err(code) => Self { name, ok: None, code: Some(code), at: None },
        }
    }
}

impl App {
    pub(crate) async fn reception(&self, phone: &str) -> Result<Reply, Problem> {
        let phone = PhoneNumberId::parse(phone).map_err(|_| Problem::not_found())?;
        let found = self.store.record_of(&phone).await.map_err(|error| unavailable(&error))?;
        let id = found.ok_or(Problem::not_found())?;
        let held = self.store.onboarding(&id).await.map_err(|error| unavailable(&error))?;
        let onboarding = held.ok_or(Problem::not_found())?.record;
        let (Some(number), Some(waba)) = (onboarding.numbers.get(&phone), &onboarding.waba) else {
            return Err(Problem::not_found());
        };
        let last = self.store.last_event(&phone).await.map_err(|error| unavailable(&error))?;
        let lights = self.lights(&onboarding, waba, number, last).await?;
        let reception = Reception {
            phone_number_id: phone.to_string(),
            onboarding_id: id.to_string(),
            waba_id: Some(waba.id().to_string()),
            lights,
        };
        Ok(json(StatusCode::OK, &reception))
    }

    async fn lights(
        &self,
        onboarding: &Onboarding,
        waba: &VerifiedWaba,
        number: &Number,
        last: Option<Timestamp>,
    ) -> Result<[Light; 5], Problem> {
        let token = match onboarding.token_attempt() {
            Some(attempt) => self.vault.business_token(attempt).await.map_err(|error| unavailable(&error))?,
            None => None,
        };
        let last_event = Light {
            name: "last_event",
            ok: last.map(|_| true),
            code: last.is_none().then(|| "reception.nothing_yet".to_owned()),
            at: last.map(Timestamp::to_rfc3339),
        };
        let Some(token) = token else {
            let off = |name| Light::new(name, Err("token.missing".to_owned()));
            let dead = Light { ok: Some(false), ..off("token") };
            return Ok([dead, off("subscription"), off("override"), off("registration"), last_event]);
        };
        let phone = self.graph.call(&ReadPhone { phone: &number.phone }, Auth::Bearer(&token)).await;
        let ours = onboarding.callback_override.as_ref().map(|wanted| wanted.url.as_str());
        Ok([
            Light::new("token", self.token_works(&token).await),
            Light::new("subscription", self.is_subscribed(&token, waba).await),
            Light::new("override", read(&phone, |phone| phone.overridden_to() == ours)),
            Light::new("registration", read(&phone, Phone::is_connected)),
            last_event,
        ])
    }

    async fn token_works(&self, token: &Secret) -> Result<bool, String> {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await.map_err(|error| code(&error))?;
        let grant = inspected.data.grant(self.graph.app());
        Ok(grant.is_valid && grant.is_ours && grant.has_whatsapp_scope)
    }

    async fn is_subscribed(&self, token: &Secret, waba: &VerifiedWaba) -> Result<bool, String> {
        let apps = self.graph.call(&ListSubscribedApps { waba }, Auth::Bearer(token)).await;
        let apps = apps.map_err(|error| code(&error))?.data;
        Ok(apps.iter().any(|app| app.whatsapp_business_api_data.id == self.graph.app().as_str()))
    }
}

fn read(phone: &Result<Phone, GraphError>, light: impl Fn(&Phone) -> bool) -> Result<bool, String> {
    phone.as_ref().map(light).map_err(code)
}

fn code(error: &GraphError) -> String {
    error.failure().code
}
