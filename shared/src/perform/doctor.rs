//! Checks Meta's side of the platform. `platform-api` runs the checks that need the app token, `credit-sharing` those
//! that need the system token.

use super::credit::{CreditSharing, NO_TOKEN};
use super::pages::Pages;
use crate::domain::doctor::{Check, CheckName, NO_LINE, NO_PORTFOLIO, SEVERAL_LINES};
use crate::domain::failure::{Class, Failure};
use crate::domain::session::Role;
use crate::graph::call::{Auth, GraphCall};
use crate::graph::calls::oauth::{DebugToken, ReadMe};
use crate::graph::calls::platform::{
    ListAppPermissions, ListSubscriptions, ListSystemUsers, ReadApp, ReadCreditLine, ReadSystemUser, Subscription,
    SystemUser, WHATSAPP,
};
use crate::graph::client::GraphClient;
use crate::secret::Secret;
use crate::webhook::interpret::required_fields;

/// Permissions that every role needs; a solution partner also needs `business_management` for its credit line.
const PERMISSIONS: [&str; 2] = ["whatsapp_business_management", "whatsapp_business_messaging"];
const BUSINESS: &str = "business_management";

/// Why checks were not made: the app secret, or the system token, has to be repaired first.
const APP: &str = "app";
const SYSTEM_TOKEN: &str = "system_token";

/// Pages of a hundred system users; Meta allows far fewer (errors 3949, 3965).
const MOST_PAGES: usize = 10;

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
    let app_check = check(CheckName::App, known.map(|_| Vec::new()).map_err(|error| error.failure()));
    if app_check.ok == Some(false) {
        // Meta refuses everything that is asked with this secret, which says nothing about the rest.
        let rest = [CheckName::Permissions, CheckName::WebhookFields, CheckName::Callback];
        return [app_check].into_iter().chain(not_made(rest, APP)).collect();
    }
    let permissions = permissions.map_err(|error| error.failure()).map(|page| {
        let live = |wanted: &str| page.data.iter().any(|held| held.permission == wanted && held.status == "live");
        needed(role).filter(|wanted| !live(wanted)).map(str::to_owned).collect()
    });
    let ours = subscriptions
        .map_err(|error| error.failure())
        .map(|page| page.data.into_iter().find(|one| one.object == WHATSAPP));
    let fields = ours.as_ref().map(fields_missing).map_err(Failure::clone);
    let sent_here = ours.as_ref().map(|one| callback_missing(one.as_ref(), callback)).map_err(Failure::clone);
    vec![
        app_check,
        read(CheckName::Permissions, permissions),
        read(CheckName::WebhookFields, fields),
        read(CheckName::Callback, sent_here),
    ]
}

fn needed(role: Role) -> impl Iterator<Item = &'static str> {
    PERMISSIONS.into_iter().chain((role == Role::SolutionPartner).then_some(BUSINESS))
}

fn fields_missing(subscription: &Option<Subscription>) -> Vec<String> {
    let held = |wanted: &str| subscription.iter().flat_map(|one| &one.fields).any(|field| field == wanted);
    required_fields().filter(|wanted| !held(wanted)).map(str::to_owned).collect()
}

fn callback_missing(subscription: Option<&Subscription>, callback: &str) -> Vec<String> {
    if subscription.is_some_and(|one| one.active && is_sent_to(one, callback)) {
        Vec::new()
    } else {
        vec![callback.to_owned()]
    }
}

/// Whether the subscription's callback is this one. A slash at the end makes no difference to a Function URL.
pub(super) fn is_sent_to(subscription: &Subscription, callback: &str) -> bool {
    let same = |url: &str| url.trim_end_matches('/') == callback.trim_end_matches('/');
    subscription.callback_url.as_deref().is_some_and(same)
}

/// A refusal counts as an answer: what was asked for is missing. A limit or an outage says nothing.
fn check(name: CheckName, answer: Result<Vec<String>, Failure>) -> Check {
    match answer {
        Err(Failure { class: Class::Later | Class::LaterAfter(_), code, .. }) => Check::unanswered(name, vec![code]),
        Err(failure) => Check::answered(name, vec![failure.code]),
        Ok(missing) => Check::answered(name, missing),
    }
}

/// A check of what a list contains: without the list there is no result.
fn read(name: CheckName, answer: Result<Vec<String>, Failure>) -> Check {
    match answer {
        Ok(missing) => Check::answered(name, missing),
        Err(failure) => Check::unanswered(name, vec![failure.code]),
    }
}

fn not_made<const N: usize>(names: [CheckName; N], because: &str) -> [Check; N] {
    names.map(|name| Check::unanswered(name, vec![because.to_owned()]))
}

impl CreditSharing {
    /// The checks that need the system token. Only a solution partner shares credit, and only it has to have one.
    pub(crate) async fn system_side(&self) -> Vec<Check> {
        let partner = self.role == Role::SolutionPartner;
        let (token_check, token) = match self.system_token().await {
            Ok(token) => (self.token_check(&token).await, Some(token)),
            Err(failure) if failure.code == NO_TOKEN && !partner => (Check::optional(CheckName::SystemToken), None),
            Err(failure) => (check(CheckName::SystemToken, Err(failure)), None),
        };
        let mut checks = vec![token_check];
        if partner {
            checks.extend(self.credit_checks(token.filter(|_| checks.iter().all(is_usable)).as_ref()).await);
        }
        checks
    }

    async fn credit_checks(&self, token: Option<&Secret>) -> Vec<Check> {
        let names = [CheckName::SystemUser, CheckName::SelfAssignment, CheckName::CreditLine];
        let Some(token) = token else { return not_made(names, SYSTEM_TOKEN).into() };
        let user = self.own_user(token).await;
        let lacks = |may: fn(&SystemUser) -> bool, role: &str| match &user {
            Ok(Some(user)) if may(user) => Ok(Vec::new()),
            Ok(Some(_)) => Ok(vec![role.to_owned()]),
            Ok(None) => Ok(vec!["user.other_portfolio".to_owned()]),
            Err(failure) => Err(failure.clone()),
        };
        vec![
            check(CheckName::SystemUser, lacks(SystemUser::may_share_credit, "ADMIN or FINANCE_EDITOR")),
            check(CheckName::SelfAssignment, lacks(SystemUser::is_admin, "ADMIN")),
            self.line_check(token).await,
        ]
    }

    async fn token_check(&self, token: &Secret) -> Check {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await.map_err(|error| error.failure());
        // Refused is the app's own token here, so the system token is not known to be wrong.
        read(
            CheckName::SystemToken,
            inspected.map(|inspected| {
                let facts = inspected.data;
                let grant = facts.grant(self.graph.app());
                let mut missing: Vec<String> = Vec::new();
                missing.extend((!grant.is_valid).then(|| INVALID.to_owned()));
                missing.extend((!grant.is_ours).then(|| OTHER_APP.to_owned()));
                let scopes = PERMISSIONS.into_iter().chain([BUSINESS]);
                missing
                    .extend(scopes.filter(|wanted| !facts.scopes.iter().any(|held| held == wanted)).map(str::to_owned));
                missing
            }),
        )
    }

    /// The system user of the token, if it is one of our portfolio. Without a known portfolio the user itself is read.
    async fn own_user(&self, token: &Secret) -> Result<Option<SystemUser>, Failure> {
        let me = self.graph.call(&ReadMe, Auth::Bearer(token)).await.map_err(|error| error.failure())?.id;
        let Some(business) = &self.business else {
            let user = self.graph.call(&ReadSystemUser { user: &me }, Auth::Bearer(token)).await;
            return user.map(Some).map_err(|error| error.failure());
        };
        let (mut pages, mut more) = (Pages::of(ListSystemUsers::NAME, MOST_PAGES), true);
        while more {
            let list = ListSystemUsers { business, after: pages.after() };
            let page = self.graph.call(&list, Auth::Bearer(token)).await.map_err(|error| error.failure())?;
            more = pages.turn(&page)?;
            if let Some(own) = page.data.into_iter().find(|user| user.id == me.as_str()) {
                return Ok(Some(own));
            }
        }
        Ok(None)
    }

    /// Which line is shared: the configured one, if it can be read, or the portfolio's only one.
    async fn line_check(&self, token: &Secret) -> Check {
        let name = CheckName::CreditLine;
        if let Some(line) = &self.line {
            let line_read =
                self.graph.call(&ReadCreditLine { line }, Auth::Bearer(token)).await.map_err(|error| error.failure());
            return check(name, line_read.map(|_| Vec::new())).showing(vec![line.to_string()]);
        }
        match self.portfolio_lines(token).await {
            Ok(None) => Check::answered(name, vec![NO_PORTFOLIO.to_owned()]),
            Ok(Some(lines)) => {
                let gap = match lines.as_slice() {
                    [] => Some(NO_LINE),
                    [_] => None,
                    [..] => Some(SEVERAL_LINES),
                };
                let found = lines.iter().map(ToString::to_string).collect();
                Check::answered(name, gap.map(str::to_owned).into_iter().collect()).showing(found)
            }
            Err(failure) => check(name, Err(failure)),
        }
    }
}

const INVALID: &str = "token.invalid";
const OTHER_APP: &str = "token.other_app";

/// Whether further calls with the system token would say something about what they ask for.
fn is_usable(token_check: &Check) -> bool {
    token_check.ok.is_some() && !token_check.missing.iter().any(|code| [INVALID, OTHER_APP].contains(&code.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::{Actor, Waiting};

    #[test]
    fn a_limit_or_an_outage_is_no_answer_and_a_refusal_is_one() {
        let asked = |class| check(CheckName::CreditLine, Err(Failure::new(class, "graph.x"))).ok;
        assert_eq!((asked(Class::Later), asked(Class::LaterAfter(60))), (None, None));
        assert_eq!(asked(Class::Needs(Actor::Operator, Waiting::Meta)), Some(false));
        let refused = Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "graph.10");
        assert_eq!(read(CheckName::WebhookFields, Err(refused)).ok, None, "a list that is not shown lacks nothing");
    }

    #[test]
    fn an_app_without_subscription_lacks_every_field_that_can_be_subscribed() {
        let missing = fields_missing(&None);
        assert!(missing.iter().any(|field| field == "messages"));
        assert!(!missing.iter().any(|field| field == "user_id_update"), "Meta subscribes no app to it");
    }
}
