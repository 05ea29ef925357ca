//! Checks Meta's side of the platform. `platform-api` runs the checks that need the app token, `credit-sharing` those
//! that need the system token.

use super::credit::CreditSharing;
use crate::domain::doctor::{Check, CheckName};
use crate::domain::ids::BusinessId;
use crate::domain::session::Role;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::{DebugToken, ReadMe};
use crate::graph::calls::platform::{
    ListAppPermissions, ListSubscriptions, ListSystemUsers, ReadApp, ReadCreditLine, Subscription,
};
use crate::graph::client::GraphClient;
use crate::graph::error::GraphError;
use crate::secret::Secret;
use crate::webhook::interpret::fields_in_use;

/// Permissions that every role needs; a solution partner also needs `business_management` for its credit line.
const PERMISSIONS: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];
const BUSINESS: &str = "business_management";

/// The checks that need the app token. `callback` is where this deployment's webhooks arrive.
pub async fn app_side(graph: &GraphClient, role: Role, callback: &str) -> Vec<Check> {
    let app = graph.app();
    let (subject, permitted, subscribed) = (ReadApp { app }, ListAppPermissions { app }, ListSubscriptions { app });
    // At once: one slow answer takes no time from the others.
    let (known, permissions, subscriptions) = tokio::join!(
        graph.call(&subject, Auth::App),
        graph.call(&permitted, Auth::App),
        graph.call(&subscribed, Auth::App)
    );
    let permissions = permissions.map(|page| {
        let live = |wanted: &str| page.data.iter().any(|held| held.permission == wanted && held.status == "live");
        needed(role).filter(|wanted| !live(wanted)).map(str::to_owned).collect()
    });
    let ours = subscriptions.map(|page| page.data.into_iter().find(|one| one.object == "whatsapp_business_account"));
    vec![
        check(CheckName::App, known.map(|_| Vec::new())),
        check(CheckName::Permissions, permissions),
        check(CheckName::WebhookFields, ours.as_ref().map(fields_missing).map_err(clone)),
        check(CheckName::Callback, ours.as_ref().map(|one| callback_missing(one.as_ref(), callback)).map_err(clone)),
    ]
}

fn needed(role: Role) -> impl Iterator<Item = &'static str> {
    PERMISSIONS.into_iter().chain((role == Role::SolutionPartner).then_some(BUSINESS))
}

fn fields_missing(subscription: &Option<Subscription>) -> Vec<String> {
    let held = |wanted: &str| subscription.iter().flat_map(|one| &one.fields).any(|field| field.name == wanted);
    fields_in_use().filter(|wanted| !held(wanted)).map(str::to_owned).collect()
}

fn callback_missing(subscription: Option<&Subscription>, callback: &str) -> Vec<String> {
    let same = |url: &str| url.trim_end_matches('/') == callback.trim_end_matches('/');
    let right = |one: &Subscription| one.active && one.callback_url.as_deref().is_some_and(same);
    if subscription.is_some_and(right) { Vec::new() } else { vec![callback.to_owned()] }
}

/// A rejection counts as an answer: the item is missing.
fn check(name: CheckName, answer: Result<Vec<String>, GraphError>) -> Check {
    match answer {
        Ok(missing) => Check::answered(name, missing),
        Err(error) if error.refusal().is_some() => Check::answered(name, vec![error.failure().code]),
        Err(error) => Check::unanswered(name, vec![error.failure().code]),
    }
}

fn clone(error: &GraphError) -> GraphError {
    GraphError { call: error.call, kind: error.kind.clone() }
}

impl CreditSharing {
    /// The checks that need the system token.
    pub(crate) async fn system_side(&self) -> Vec<Check> {
        let Ok(token) = self.system_token().await else {
            return vec![Check::answered(CheckName::SystemToken, vec!["credit.no_token".to_owned()])];
        };
        let mut checks = vec![self.token_check(&token).await, self.user_check(&token, self.business.as_ref()).await];
        if let Some(line) = &self.line {
            let read = self.graph.call(&ReadCreditLine { line }, Auth::Bearer(&token)).await;
            checks.push(check(CheckName::CreditLine, read.map(|_| Vec::new())));
        }
        checks
    }

    async fn token_check(&self, token: &Secret) -> Check {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await;
        let missing = inspected.map(|inspected| {
            let facts = inspected.data;
            let grant = facts.grant(self.graph.app());
            let mut missing: Vec<String> = Vec::new();
            missing.extend((!grant.is_valid).then(|| "token.invalid".to_owned()));
            missing.extend((!grant.is_ours).then(|| "token.other_app".to_owned()));
            let scopes = PERMISSIONS.into_iter().chain([BUSINESS]);
            missing.extend(scopes.filter(|wanted| !facts.scopes.iter().any(|held| held == wanted)).map(str::to_owned));
            missing
        });
        check(CheckName::SystemToken, missing)
    }

    async fn user_check(&self, token: &Secret, business: Option<&BusinessId>) -> Check {
        let Some(business) = business else { return Check::unanswered(CheckName::SystemUser, Vec::new()) };
        let me = self.graph.call(&ReadMe, Auth::Bearer(token)).await;
        let users = self.graph.call(&ListSystemUsers { business }, Auth::Bearer(token)).await;
        let missing = me.and_then(|me| {
            users.map(|users| {
                let own = users.data.into_iter().find(|user| user.id == me.id.as_str());
                let role = own.and_then(|user| user.role);
                if role.as_deref() == Some("ADMIN") { Vec::new() } else { vec!["ADMIN".to_owned()] }
            })
        });
        check(CheckName::SystemUser, missing)
    }
}
