//! Platform-wide limits, pauses and shares.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::onboarding::Onboarding;
use shared::domain::operation::Operation;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, json, no_content};

#[derive(Serialize)]
struct Limits {
    onboardings: Budget,
    credit: Credit,
    signups: Signups,
}

#[derive(Serialize)]
struct Signups {
    /// Since when signups of new customers are paused.
    paused_since: Option<String>,
}

#[derive(Serialize)]
struct Budget {
    used: usize,
    limit: usize,
    window_days: u8,
    /// At least 80 % of the limit is used.
    near: bool,
    /// When the next new customer can connect, while the limit is reached.
    full_until: Option<String>,
    new_customers: Vec<NewCustomer>,
}

#[derive(Serialize)]
struct NewCustomer {
    business_id: String,
    since: String,
}

#[derive(Serialize)]
struct Credit {
    paused_until: Option<String>,
    code: Option<String>,
}

#[derive(Serialize)]
struct Shares {
    shares: Vec<Share>,
}

#[derive(Serialize)]
struct Share {
    credit_allocation_id: String,
    onboarding_id: String,
    customer_ref: String,
    waba_id: Option<String>,
    owner_business_id: Option<String>,
}

impl App {
    /// How many new customers Meta allows the platform, and whether credit is shared at the moment.
    pub(crate) async fn limits(&self) -> Result<Reply, Problem> {
        let now = clock::now();
        let customers = self.store.new_customers(now).await.map_err(|error| unavailable(&error))?;
        let budget = self.limit.budget(&customers, now);
        let pause = self.store.credit_pause().await.map_err(|error| unavailable(&error))?;
        let pause = pause.filter(|pause| pause.until > now);
        let onboardings = Budget {
            used: budget.used,
            limit: budget.limit,
            window_days: 7,
            near: budget.is_near(),
            full_until: budget.full_until.map(Timestamp::to_rfc3339),
            new_customers: customers
                .into_iter()
                .map(|customer| NewCustomer {
                    business_id: customer.business.to_string(),
                    since: customer.at.to_rfc3339(),
                })
                .collect(),
        };
        let credit = Credit {
            paused_until: pause.as_ref().map(|pause| pause.until.to_rfc3339()),
            code: pause.map(|pause| pause.code),
        };
        let paused = self.store.signups_paused().await.map_err(|error| unavailable(&error))?;
        let signups = Signups { paused_since: paused.map(Timestamp::to_rfc3339) };
        Ok(json(StatusCode::OK, &Limits { onboardings, credit, signups }))
    }

    /// Pauses signups of new customers, for example during an incident at Meta, or resumes them.
    pub(crate) async fn pause_signups(&self, pause: bool, operation: &Operation) -> Result<Reply, Problem> {
        let known = self.store.signups_paused().await.map_err(|error| unavailable(&error))?;
        if known.is_some() != pause {
            self.announce(operation).await?;
            let since = pause.then(clock::now);
            self.store.pause_signups(since).await.map_err(|error| unavailable(&error))?;
        }
        Ok(no_content())
    }

    /// Accounts that share the platform's credit line.
    pub(crate) async fn credit_shares(&self) -> Result<Reply, Problem> {
        let sharing = self.store.with_credit().await.map_err(|error| unavailable(&error))?;
        let share = |onboarding: &Onboarding| {
            Some(Share {
                credit_allocation_id: onboarding.allocation.as_ref()?.to_string(),
                onboarding_id: onboarding.id.to_string(),
                customer_ref: onboarding.customer_ref.as_str().to_owned(),
                waba_id: onboarding.waba.as_ref().map(|waba| waba.id().to_string()),
                owner_business_id: onboarding.waba.as_ref().map(|waba| waba.owner().to_string()),
            })
        };
        Ok(json(StatusCode::OK, &Shares { shares: sharing.iter().filter_map(share).collect() }))
    }
}
