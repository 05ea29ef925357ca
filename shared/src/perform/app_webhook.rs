//! Subscribes our app to this deployment's webhook: the callback and the fields that somebody would otherwise enter in
//! Meta's app dashboard.

use super::doctor::is_sent_to;
use crate::graph::call::Auth;
use crate::graph::calls::platform::{ListSubscriptions, SubscribeWebhooks, WHATSAPP};
use crate::graph::client::GraphClient;
use crate::graph::error::{GraphError, Kind};
use crate::secret::Secret;
use crate::webhook::interpret::required_fields;

/// What was changed at Meta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppWebhook {
    /// All fields that are subscribed now.
    pub fields: Vec<String>,
    /// Those that were not subscribed before.
    pub added: Vec<String>,
    /// Where the app's webhooks were sent before, if elsewhere.
    pub replaced: Option<String>,
}

/// The app could not be subscribed.
#[derive(Debug, thiserror::Error)]
pub enum AppWebhookError {
    /// A call failed, or Meta refused it.
    #[error(transparent)]
    Meta(#[from] GraphError),
    /// Meta answered without refusing, and did nothing.
    #[error("Meta did not subscribe the app")]
    NotDone,
}

/// Sets the app's callback, and subscribes it to the required fields. Meta replaces the fields, so those that somebody
/// added are sent along; while they cannot be read, nothing is changed. May be repeated.
///
/// # Errors
/// [`AppWebhookError`].
pub async fn subscribe(graph: &GraphClient, callback: &str, token: &Secret) -> Result<AppWebhook, AppWebhookError> {
    let app = graph.app();
    let subscriptions = graph.call(&ListSubscriptions { app }, Auth::App).await?.data;
    let before = subscriptions.into_iter().find(|one| one.object == WHATSAPP);
    let held = before.as_ref().map(|one| one.fields.clone()).unwrap_or_default();
    let added: Vec<String> = required_fields().map(str::to_owned).filter(|field| !held.contains(field)).collect();
    let fields = [held, added.clone()].concat();
    let call = SubscribeWebhooks { app, callback, verify_token: token, fields: &fields };
    match graph.call(&call, Auth::App).await {
        Ok(_) => {}
        Err(GraphError { kind: Kind::NotDone, .. }) => return Err(AppWebhookError::NotDone),
        Err(error) => return Err(error.into()),
    }
    let elsewhere = before.filter(|one| !is_sent_to(one, callback));
    Ok(AppWebhook { fields, added, replaced: elsewhere.and_then(|one| one.callback_url) })
}
