//! `POST /v1/onboardings/{id}/assign`: an operator assigns an account that Meta announced to a customer. The request
//! names both, so that neither is taken from the record.

use super::{App, unavailable};
use crate::views::summary;
use http::StatusCode;
use shared::clock;
use shared::domain::assignment::{AccountClaims, Assignment, NotAssignable, may_assign};
use shared::domain::entitlement::Entitlement;
use shared::domain::ids::{AttemptId, CustomerRef, OnboardingId, WabaId};
use shared::domain::onboarding::{Onboarding, Phase};
use shared::domain::operation::Operation;
use shared::domain::progress::Fact;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};

struct Order {
    customer_ref: CustomerRef,
    waba: WabaId,
}

impl App {
    pub(crate) async fn assign(&self, id: &str, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let order = read(request)?;
        let before = self.find(id).await?.record;
        if is_done(&before, &order) {
            return Ok(json(StatusCode::ACCEPTED, &summary(&before)));
        }
        let assignment = self.decided(&before, order).await?;
        let order = Order { customer_ref: assignment.customer_ref.clone(), waba: assignment.waba.clone() };
        match self.apply(id, &Fact::Assigned(Box::new(assignment)), operation).await? {
            Some(after) => Ok(json(StatusCode::ACCEPTED, &summary(&after))),
            // Another process saved in the meantime: the same decision, or something else.
            None => match self.find(id).await?.record {
                now if is_done(&now, &order) => Ok(json(StatusCode::ACCEPTED, &summary(&now))),
                _ => Err(refused(NotAssignable::State)),
            },
        }
    }

    async fn decided(&self, onboarding: &Onboarding, order: Order) -> Result<Assignment, Problem> {
        let owner = self.store.owner(&order.waba).await.map_err(|error| unavailable(&error))?;
        let owner: Option<OnboardingId> = owner.filter(|owner| !owner.released).map(|owner| owner.onboarding);
        let announced = self.store.partnership(&order.waba).await.map_err(|error| unavailable(&error))?;
        let announced = announced.map(|held| held.record.business);
        let around = AccountClaims { owner: owner.as_ref(), announced: announced.as_ref() };
        let business = may_assign(onboarding, &order.customer_ref, &order.waba, around).map_err(refused)?;
        let attempt = AttemptId::new(clock::now(), rand::random());
        Ok(Assignment { customer_ref: order.customer_ref, waba: order.waba, business, attempt })
    }
}

fn read(request: &Request) -> Result<Order, Problem> {
    let fields = Fields::read(request, &["customer_ref", "waba_id"])?;
    let customer = fields.id("customer_ref", CustomerRef::parse)?;
    let customer = customer.ok_or(Problem::bad_request("customer_ref_missing", "Name the customer."))?;
    if customer.is_unclaimed() {
        return Err(Problem::bad_request("bad_value", "References must not begin with meta:."));
    }
    let waba = fields.id("waba_id", WabaId::parse)?;
    let waba = waba.ok_or(Problem::bad_request("waba_id_missing", "Name the account."))?;
    Ok(Order { customer_ref: customer, waba })
}

/// Repeating the same decision gives the same answer; one for which Meta returned no token is carried out again.
fn is_done(onboarding: &Onboarding, order: &Order) -> bool {
    let assigned = matches!(&onboarding.entitlement, Some(Entitlement::Assigned { waba }) if *waba == order.waba);
    let under_way = !matches!(onboarding.phase, Phase::Relaunch { .. } | Phase::Leaving { .. } | Phase::Left { .. });
    assigned && under_way && onboarding.customer_ref == order.customer_ref
}

const fn refused(why: NotAssignable) -> Problem {
    let (code, title) = match why {
        NotAssignable::State => (
            "not_assignable",
            "Only an unclaimed onboarding, or one that waits for another click, can be assigned an account.",
        ),
        NotAssignable::OtherAccount => ("other_account", "This unclaimed onboarding is for another account."),
        NotAssignable::OtherCustomer => ("other_customer", "This onboarding belongs to another customer."),
        NotAssignable::NotAnnounced => ("not_announced", "Meta did not announce this account to the platform."),
        NotAssignable::Owned => ("account_has_owner", "Another onboarding has this account."),
    };
    Problem::new(StatusCode::CONFLICT, code, title)
}
