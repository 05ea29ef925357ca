//! `POST /v1/doctor/repair`: subscribes the app to this deployment's webhook by API, so that nobody copies an address, a
//! verify token and a list of fields into Meta's app dashboard.

use super::Report;
use crate::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::failure::{Class, Failure, MetaCode};
use shared::domain::operation::Operation;
use shared::graph::error::{GraphError, Kind};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::perform::app_webhook::{AppWebhook, AppWebhookError, subscribe};
use shared::queue::Job;
use shared::secrets::VaultError;
use shared::transport::TransportError;
use std::time::Duration;
use url::Url;

/// What was done at Meta.
#[derive(Serialize)]
pub(super) struct Repaired {
    /// Where the app's webhooks are sent now.
    callback_url: String,
    /// Where they were sent before, if elsewhere: without query, which may contain a secret.
    replaced_callback: Option<String>,
    /// All subscribed fields.
    fields: Vec<String>,
    /// Those that were not subscribed before.
    added_fields: Vec<String>,
}

impl App {
    /// Subscribes the app, then runs the checks again. Meta calls the webhook with the verify token meanwhile, and
    /// changes nothing if it does not answer as expected.
    pub(crate) async fn repair(&self, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let token = self.doctor.verify_token.value().await.map_err(|error| no_verify_token(&error))?;
        self.announce(operation).await?;
        let callback = self.doctor.webhook.as_str();
        let done = subscribe(&self.graph, callback, &token).await.map_err(|error| not_repaired(&error))?;
        tracing::info!(fields.added = done.added.len(), callback.replaced = done.replaced.is_some(), "app subscribed");
        // The other checks are as of their last run: a failure to repeat them takes nothing back.
        if let Err(error) = self.doctor.credit.enqueue(&Job::Doctor, Duration::ZERO).await {
            tracing::warn!(error = shared::telemetry::chain(&error), "checks not repeated");
        }
        let AppWebhook { fields, added, replaced } = done;
        let replaced_callback = replaced.as_deref().and_then(without_query);
        let repaired = Repaired { callback_url: callback.to_owned(), replaced_callback, fields, added_fields: added };
        Ok(json(StatusCode::OK, &Report { repaired: Some(repaired), ..self.report(request).await }))
    }
}

fn without_query(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(url.into())
}

fn no_verify_token(error: &VaultError) -> Problem {
    match error {
        VaultError::Missing => Problem::new(
            StatusCode::CONFLICT,
            "doctor.no_verify_token",
            "The secret verify-token has no value. Set one, and repeat the request.",
        ),
        VaultError::Taken | VaultError::Unavailable(_) => unavailable(error),
    }
}

fn not_repaired(error: &AppWebhookError) -> Problem {
    tracing::warn!(error = shared::telemetry::chain(error), "app not subscribed");
    match error {
        AppWebhookError::NotDone => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "doctor.not_done",
            "Meta answered without subscribing the app. Repeat the request, or use the app dashboard.",
        ),
        AppWebhookError::Meta(error) => not_subscribed(error),
    }
}

/// Meta's code of a callback that did not answer the handshake.
const CALLBACK_NOT_VERIFIED: u64 = 2200;

fn not_subscribed(error: &GraphError) -> Problem {
    let meta = error.refusal().map(|refusal| MetaCode { code: refusal.code, subcode: refusal.subcode });
    let refused = |code, title| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, title);
    let problem = match (&error.kind, error.failure()) {
        // The request may have been carried out; repeating it is safe.
        (Kind::Transport(TransportError::NoAnswer) | Kind::Undecodable, _) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "doctor.no_answer",
            "Meta gave no answer that can be read. GET /v1/doctor shows whether the app is subscribed; the request may be repeated.",
        ),
        (_, Failure { class: Class::Later, .. }) => Problem::unavailable(),
        (_, Failure { class: Class::LaterAfter(seconds), .. }) => {
            let until = clock::now().after(Duration::from_secs(u64::from(seconds)));
            let title = "Meta limits the app's calls at the moment. Try again later.";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "doctor.meta_limit", title).until(Some(until))
        }
        (_, Failure { class: Class::TokenDead, .. }) => refused(
            "doctor.app_secret",
            "Meta does not accept the app secret. App dashboard > App settings > Basic: compare app id and app secret with MetaAppId and the secret app-secret.",
        ),
        _ if meta.is_some_and(|meta| meta.code == CALLBACK_NOT_VERIFIED) => refused(
            "doctor.handshake_failed",
            "Meta called the webhook and did not get its challenge back. Check callback_reachable; a new verify token takes effect within a minute.",
        ),
        _ => refused(
            "doctor.meta_refused",
            "Meta refused the subscription: it could not verify the callback, or does not offer one of the fields.",
        ),
    };
    problem.refused_by_meta(meta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::graph::error::parse;

    fn problem(status: u16, body: &str) -> Problem {
        let kind = Kind::Refused(parse(status, body.as_bytes(), None).unwrap());
        not_subscribed(&GraphError { call: "subscribe_webhooks", kind })
    }

    #[test]
    fn each_refusal_keeps_metas_numbers_and_says_what_to_do() {
        for (code, subcode, ours) in [
            (2200, None, "doctor.handshake_failed"),
            (190, Some(460), "doctor.app_secret"),
            (100, Some(33), "doctor.meta_refused"),
            (987_654, None, "doctor.meta_refused"),
            (4, None, "doctor.meta_limit"),
            (2, None, "unavailable"),
        ] {
            let subcode_member = subcode.map(|subcode| format!(r#","error_subcode":{subcode}"#)).unwrap_or_default();
            let problem = problem(400, &format!(r#"{{"error":{{"code":{code}{subcode_member}}}}}"#));
            assert_eq!((problem.code, problem.meta), (ours, Some(MetaCode { code, subcode })));
        }
    }

    #[test]
    fn a_lost_answer_is_not_reported_as_a_refusal() {
        let lost = GraphError { call: "subscribe_webhooks", kind: Kind::Transport(TransportError::NoAnswer) };
        assert_eq!((not_subscribed(&lost).code, not_subscribed(&lost).meta), ("doctor.no_answer", None));
        let unsent = GraphError { call: "subscribe_webhooks", kind: Kind::Transport(TransportError::NotSent) };
        assert_eq!(not_subscribed(&unsent).code, "unavailable");
    }

    #[test]
    fn a_replaced_address_is_shown_without_what_may_be_secret() {
        let shown = without_query("https://user:CANARY@old.example/hook?token=CANARY#CANARY");
        assert_eq!(shown.as_deref(), Some("https://old.example/hook"));
        assert_eq!(without_query("not an address"), None);
    }
}
