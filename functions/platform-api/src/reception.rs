//! Whether a number receives webhooks: five lights per number, most of them read from Meta during the request.

use super::{App, TABLE_UNAVAILABLE, unavailable, unread};
use http::StatusCode;
use serde::Serialize;
use shared::deadline::Deadline;
use shared::domain::failure::{Actor, Class, Failure, MetaCode};
use shared::domain::grant::VerifiedWaba;
use shared::domain::ids::PhoneNumberId;
use shared::domain::onboarding::{Number, Onboarding};
use shared::domain::refusal;
use shared::graph::call::Auth;
use shared::graph::calls::oauth::DebugToken;
use shared::graph::calls::phone::{Phone, ReadPhone};
use shared::graph::calls::waba::ListSubscribedApps;
use shared::graph::error::{GraphError, is_refused_access};
use shared::http::problem::Problem;
use shared::http::{Reply, json};
use shared::secret::Secret;
use shared::secrets::VaultError;
use shared::store::StoreError;
use std::time::Duration;

/// Reserved for sending the response.
const ANSWERING: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Reception {
    phone_number_id: String,
    onboarding_id: String,
    waba_id: Option<String>,
    lights: [Light; 5],
}

/// One light. `ok` is `null` when it could not be read in time; then `code` says why.
#[derive(Serialize)]
struct Light {
    name: &'static str,
    ok: Option<bool>,
    code: Option<String>,
    meta: Option<MetaCode>,
    /// Who has to act, and what to do, where Meta refused.
    who_acts: Option<Actor>,
    message: Option<&'static str>,
    at: Option<String>,
}

impl Light {
    fn new(name: &'static str, answer: Result<bool, Failure>) -> Self {
        let dark = Self { name, ok: None, code: None, meta: None, who_acts: None, message: None, at: None };
        match answer {
            Ok(ok) => Self { ok: Some(ok), ..dark },
            Err(failure) => {
                let (meta, meaning) = (failure.meta(), failure.meta().map(refusal::meaning));
                let (who_acts, message) = (meaning.map(|meant| meant.actor), meaning.map(|meant| meant.sentence));
                Self { code: Some(failure.code), meta, who_acts, message, ..dark }
            }
        }
    }

    /// Not read, because of our own side.
    fn off(name: &'static str, code: &str) -> Self {
        Self::new(name, Err(Failure::new(Class::Later, code)))
    }
}

impl App {
    pub(crate) async fn reception(&self, phone: &str, deadline: Deadline) -> Result<Reply, Problem> {
        let phone = PhoneNumberId::parse(phone).map_err(|_| Problem::not_found())?;
        let found = self.store.record_of(&phone).await.map_err(|error| unavailable(&error))?;
        let id = found.ok_or(Problem::not_found())?;
        let held = self.store.onboarding(&id).await.map_err(|error| unavailable(&error))?;
        let onboarding = held.ok_or(Problem::not_found())?.record;
        let (Some(number), Some(waba)) = (onboarding.numbers.get(&phone), &onboarding.waba) else {
            return Err(Problem::not_found());
        };
        let (last, token) =
            tokio::join!(in_time(deadline, self.last_event(&phone)), in_time(deadline, self.token(&onboarding)));
        let [token, subscription, override_, registration] = self.lights(&onboarding, waba, number, token).await;
        let last_event = last.unwrap_or_else(|| Light::off("last_event", TABLE_UNAVAILABLE));
        let lights = [token, subscription, override_, registration, last_event];
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
        token: Option<Option<Secret>>,
    ) -> [Light; 4] {
        let all_off = |code| ["token", "subscription", "override", "registration"].map(|name| Light::off(name, code));
        let token = match token {
            Some(Some(token)) => token,
            Some(None) => {
                let [token, subscription, override_, registration] = all_off("token.missing");
                return [Light { ok: Some(false), ..token }, subscription, override_, registration];
            }
            None => return all_off("vault.unavailable"),
        };
        let read_phone = ReadPhone { phone: &number.phone };
        // Concurrently, so that one slow response does not delay the others.
        let (works, subscribed, phone) = tokio::join!(
            Box::pin(self.token_works(&token)),
            Box::pin(self.is_subscribed(&token, waba)),
            Box::pin(self.graph.call(&read_phone, Auth::Bearer(&token))),
        );
        let subscription_error = subscribed.as_ref().err();
        let refused = |error: &GraphError| Some(error.failure()).filter(is_refused_access);
        let lost = subscription_error.and_then(refused).or_else(|| phone.as_ref().err().and_then(refused));
        let ours = onboarding.callback_override.as_ref().map(|wanted| wanted.url.as_str());
        [
            // A token that is valid and cannot read the account gives no access.
            match lost.filter(|_| works == Ok(true)) {
                Some(failure) => Light { ok: Some(false), ..Light::new("token", Err(failure)) },
                None => Light::new("token", works),
            },
            Light::new("subscription", subscribed.map_err(|error| error.failure())),
            Light::new("override", read(&phone, |phone| phone.overridden_to() == ours)),
            Light::new("registration", read(&phone, Phone::is_connected)),
        ]
    }

    async fn last_event(&self, phone: &PhoneNumberId) -> Result<Light, StoreError> {
        let last = self.store.last_event(phone).await?;
        Ok(match last {
            Some(at) => Light { at: Some(at.to_rfc3339()), ..Light::new("last_event", Ok(true)) },
            None => Light::off("last_event", "reception.nothing_yet"),
        })
    }

    async fn token(&self, onboarding: &Onboarding) -> Result<Option<Secret>, VaultError> {
        match onboarding.token_attempt() {
            Some(attempt) => self.vault.business_token(attempt).await,
            None => Ok(None),
        }
    }

    async fn token_works(&self, token: &Secret) -> Result<bool, Failure> {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await.map_err(|error| error.failure())?;
        let grant = inspected.data.grant(self.graph.app());
        Ok(grant.is_valid && grant.is_ours && grant.has_whatsapp_scope)
    }

    async fn is_subscribed(&self, token: &Secret, waba: &VerifiedWaba) -> Result<bool, GraphError> {
        let apps = self.graph.call(&ListSubscribedApps { waba }, Auth::Bearer(token)).await?.data;
        Ok(apps.iter().any(|app| app.whatsapp_business_api_data.id == self.graph.app().as_str()))
    }
}

/// The result of `work`, if it is available before the response has to be sent.
async fn in_time<T, E: std::error::Error>(deadline: Deadline, work: impl Future<Output = Result<T, E>>) -> Option<T> {
    let until = deadline.less(ANSWERING).into();
    tokio::time::timeout_at(until, work).await.ok()?.inspect_err(unread).ok()
}

fn read(phone: &Result<Phone, GraphError>, light: impl Fn(&Phone) -> bool) -> Result<bool, Failure> {
    phone.as_ref().map(light).map_err(GraphError::failure)
}
