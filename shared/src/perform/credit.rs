//! Sharing the credit line: assign the system user, read, share at most once, read back. Uses the system token, and
//! only with [`VerifiedWaba`].

use super::{Performer, bug, waba};
use crate::clock;
use crate::domain::blackout::blackout_ends;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::{AllocationId, BusinessId, CreditLineId};
use crate::domain::onboarding::{Onboarding, State};
use crate::domain::progress::{Fact, Finding, Next};
use crate::domain::session::Role;
use crate::domain::steps::{Runner, Step};
use crate::events::Publisher;
use crate::graph::call::{Auth, GraphCall};
use crate::graph::calls::credit::{
    AssignSystemUser, FindAllocation, ReadAllocation, RevokeAllocation, ShareCreditLine,
};
use crate::graph::calls::oauth::ReadMe;
use crate::graph::calls::waba::ReadWaba;
use crate::graph::client::GraphClient;
use crate::graph::error::is_refused_without_reason;
use crate::secret::Secret;
use crate::secrets::{PlatformSecret, Vault, VaultError};
use crate::store::{CreditPause, Store};
use std::time::{Duration, Instant};

/// Performs the one step that costs money.
#[derive(Debug, Clone)]
pub struct CreditSharing {
    /// The Graph client.
    pub graph: GraphClient,
    /// The system token.
    pub system_token: PlatformSecret,
    /// The platform's own portfolio, if configured.
    pub business: Option<BusinessId>,
    /// The platform's role at Meta.
    pub role: Role,
    /// The shared credit line; `None` when the deployment configures none, and the portfolio's only one is shared.
    pub line: Option<CreditLineId>,
    /// Currency of new shares.
    pub currency: String,
    /// The table: other onboardings of the same portfolio, and the pause of credit sharing.
    pub store: Store,
    /// Stores tokens that were obtained from Meta without a code.
    pub vault: Vault,
    /// Publishes that credit sharing was paused.
    pub publisher: Publisher,
}

/// No system token is stored.
pub(super) const NO_TOKEN: &str = "credit.no_token";

/// Failures of our own access, whoever the customer is: an invalid system token, a lost role or permission.
const POWERLESS: [&str; 3] = ["credit.token_dead", "graph.10", "credit.no_role"];

impl Performer for CreditSharing {
    const RUNNER: Runner = Runner::Credit;

    fn until(&self, until: Instant) -> Self {
        Self { graph: self.graph.until(until), ..self.clone() }
    }

    async fn perform(&self, onboarding: &Onboarding, step: Step) -> Result<Finding, Failure> {
        if let Some(pause) = self.pause().await? {
            return Err(Failure::new(Class::Until(Actor::Operator, Waiting::CreditLine, pause.until), "credit.paused"));
        }
        let token = self.system_token().await?;
        let done = self.with_line(onboarding, step, &token).await;
        if let Err(failure) = &done {
            self.pause_if_powerless(failure).await?;
        }
        done
    }

    async fn perform_due(&self, onboarding: &Onboarding, due: Next) -> Option<Fact> {
        self.fetch(onboarding, due).await
    }

    fn graph(&self) -> &GraphClient {
        &self.graph
    }
}

/// How long credit sharing pauses after our own access failed: long enough that a thousand waiting customers do not
/// cause a thousand calls, short enough that a repair takes effect soon.
const PAUSE: Duration = Duration::from_secs(900);

impl CreditSharing {
    async fn with_line(&self, onboarding: &Onboarding, step: Step, token: &Secret) -> Result<Finding, Failure> {
        if step == Step::RevokeCredit && self.sibling_pays(onboarding).await? {
            return Ok(Finding::Nothing);
        }
        let line = &self.credit_line(token).await.map_err(own_credentials)?;
        let partner = Partner { graph: &self.graph, token, line };
        match step {
            Step::ShareCredit => partner.share(waba(onboarding)?, &self.currency).await.map(Finding::CreditShared),
            Step::RevokeCredit => partner.revoke_all(onboarding).await,
            _ => Err(bug()),
        }
    }

    pub(super) async fn system_token(&self) -> Result<Secret, Failure> {
        self.system_token.value().await.map_err(|error| match error {
            VaultError::Missing => ours(NO_TOKEN),
            VaultError::Taken | VaultError::Unavailable(_) => error.into(),
        })
    }

    async fn pause(&self) -> Result<Option<CreditPause>, Failure> {
        let now = clock::now();
        Ok(self.store.credit_pause().await?.filter(|pause| pause.until > now))
    }

    /// An invalid system token or a lost role fails for every customer: all of them wait, and the platform is notified
    /// once.
    async fn pause_if_powerless(&self, failure: &Failure) -> Result<(), Failure> {
        if !POWERLESS.contains(&failure.code.as_str()) {
            return Ok(());
        }
        let now = clock::now();
        let pause = CreditPause { code: failure.code.clone(), until: now.after(PAUSE) };
        self.store.pause_credit(&pause).await?;
        Ok(self.publisher.credit_paused(&pause, now).await?)
    }

    /// Whether another account of the same portfolio still shares our line: Meta revokes it for all of them at once.
    async fn sibling_pays(&self, leaving: &Onboarding) -> Result<bool, Failure> {
        let owner = leaving.waba.as_ref().map(VerifiedWaba::owner);
        let Some(owner) = owner else { return Ok(false) };
        let all = self.store.of_portfolio(owner).await?;
        let pays = |other: &Onboarding| {
            other.id != leaving.id
                && (other.allocation.is_some() || other.steps.contains_key(&Step::ShareCredit))
                && !matches!(other.state(), State::Leaving | State::Left)
        };
        Ok(all.iter().any(pays))
    }
}

/// A failure that only the platform's operator can resolve.
pub(super) fn ours(code: &str) -> Failure {
    Failure::new(Class::Needs(Actor::Operator, Waiting::CreditLine), code)
}

/// The Graph API with our own system user's token.
struct Partner<'a> {
    graph: &'a GraphClient,
    token: &'a Secret,
    line: &'a CreditLineId,
}

impl Partner<'_> {
    async fn call<C: GraphCall + Sync>(&self, call: &C) -> Result<C::Reply, Failure> {
        self.graph.call(call, Auth::Bearer(self.token)).await.map_err(|error| own_credentials(error.failure()))
    }

    async fn share(&self, waba: &VerifiedWaba, currency: &str) -> Result<AllocationId, Failure> {
        let user = self.call(&ReadMe).await?.id;
        self.call(&AssignSystemUser { waba, user: &user }).await.map_err(not_assigned)?;
        if let Some(allocation) = self.existing(waba).await? {
            return Ok(allocation);
        }
        let shared = match self.call(&ShareCreditLine { line: self.line, waba, currency }).await {
            Ok(shared) => shared.allocation_config_id,
            // Somebody else may have shared our own line in the meantime.
            Err(failure) => return self.existing(waba).await?.ok_or_else(|| refused(failure)),
        };
        let paid_from = self.funding(waba).await?;
        if paid_from.is_some() && paid_from == self.credential(&shared).await? {
            return Ok(shared);
        }
        Err(Failure::new(Class::Later, "credit.not_confirmed"))
    }

    /// The allocation that already pays for this account, if any; a retry after a lost answer stops here.
    async fn existing(&self, waba: &VerifiedWaba) -> Result<Option<AllocationId>, Failure> {
        let Some(paid_from) = self.funding(waba).await? else {
            return Ok(None);
        };
        let allocations = self.call(&FindAllocation { line: self.line, business: waba.owner() }).await?;
        for allocation in allocations.ids() {
            if self.credential(&allocation).await?.as_ref() == Some(&paid_from) {
                return Ok(Some(allocation));
            }
        }
        // Meta: the line of an account cannot be replaced. Somebody else pays; this is never "fixed" automatically.
        Err(Failure::new(Class::Hold, "credit.other_line"))
    }

    /// Revokes the known allocations, and those that a lost answer may have left behind.
    async fn revoke_all(&self, onboarding: &Onboarding) -> Result<Finding, Failure> {
        let owner = waba(onboarding)?.owner();
        let found = self.call(&FindAllocation { line: self.line, business: owner }).await?;
        let known = onboarding.allocation.clone();
        for allocation in known.into_iter().chain(found.ids()) {
            self.revoke(&allocation).await?;
        }
        Ok(Finding::Nothing)
    }

    /// Revokes an allocation and reads back that it is deleted.
    async fn revoke(&self, allocation: &AllocationId) -> Result<(), Failure> {
        if self.is_revoked(allocation).await? {
            return Ok(());
        }
        self.call(&RevokeAllocation { allocation }).await?;
        match self.is_revoked(allocation).await? {
            true => Ok(()),
            false => Err(Failure::new(Class::Later, "credit.not_revoked")),
        }
    }

    async fn is_revoked(&self, allocation: &AllocationId) -> Result<bool, Failure> {
        Ok(self.call(&ReadAllocation { allocation }).await?.request_status.as_deref() == Some("DELETED"))
    }

    async fn funding(&self, waba: &VerifiedWaba) -> Result<Option<String>, Failure> {
        Ok(self.call(&ReadWaba { waba: waba.id() }).await?.primary_funding_id)
    }

    async fn credential(&self, allocation: &AllocationId) -> Result<Option<String>, Failure> {
        let read = self.call(&ReadAllocation { allocation }).await?;
        let live = read.request_status.as_deref() != Some("DELETED");
        Ok(read.receiving_credential.filter(|_| live).map(|credential| credential.id))
    }
}

/// A rejection around the turn of the month is most likely Meta's blackout period for customers who switched from
/// another provider. Meta documents no code for it, and nobody can do anything until it ends.
fn refused(failure: Failure) -> Failure {
    match (failure.class, blackout_ends(clock::now())) {
        (Class::Needs(Actor::Operator, _), Some(end)) => {
            Failure::new(Class::Until(Actor::Meta, Waiting::CreditLine, end), "credit.blackout")
                .refused_with(failure.meta)
        }
        _ => failure,
    }
}

/// An invalid or unauthorised system token has to be fixed by the operator; it says nothing about the customer's own
/// token.
fn own_credentials(failure: Failure) -> Failure {
    match failure.class {
        Class::TokenDead => ours("credit.token_dead").refused_with(failure.meta),
        Class::Needs(Actor::Operator, Waiting::Meta) => {
            Failure { class: Class::Needs(Actor::Operator, Waiting::CreditLine), ..failure }
        }
        _ => failure,
    }
}

/// Our system user may not manage any account: only an admin system user can assign itself.
fn not_assigned(failure: Failure) -> Failure {
    match failure.code.as_str() {
        "graph.200" => ours("credit.no_role").refused_with(failure.meta),
        _ if is_refused_without_reason(&failure) => Failure::new(Class::Later, "credit.not_assigned"),
        _ => failure,
    }
}
