//! Performs each step with Graph calls: read, act, and read back where needed. Does not know when a step is due or what
//! follows it.

mod access;
mod app_data;
pub mod app_webhook;
mod callback;
mod credit;
mod credit_line;
pub mod declined;
mod departure;
pub mod doctor;
mod fetch;
mod grant;
mod joining;
pub mod messages;
pub mod migration;
mod number;
mod pages;
mod review;
pub mod samples;
mod subscription;
pub mod template_editor;
pub mod templates;
mod watch;

pub use credit::CreditSharing;

use crate::domain::failure::{Class, Failure};
use crate::domain::grant::{VerifiedPhone, VerifiedWaba};
use crate::domain::limit::OnboardingLimit;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Fact, Finding, Next};
use crate::domain::steps::{Runner, Step};
use crate::events::Publisher;
use crate::graph::call::{Auth, GraphCall};
use crate::graph::client::GraphClient;
use crate::graph::error::{GraphError, is_refused_access};
use crate::perform::migration::Migrator;
use crate::perform::templates::Begin;
use crate::queue::QueueError;
use crate::secret::Secret;
use crate::secrets::{Vault, VaultError};
use crate::store::{Store, StoreError};
use std::time::Instant;

/// Performs the steps of one runner. A failure is a result, not an error.
pub trait Performer: Sized {
    /// The runner whose steps it performs.
    const RUNNER: Runner;
    /// The same, with calls to Meta that are answered by `until`.
    #[must_use]
    fn until(&self, until: Instant) -> Self;
    /// Performs `step`, which was saved as started.
    fn perform(&self, onboarding: &Onboarding, step: Step) -> impl Future<Output = Result<Finding, Failure>> + Send;
    /// Handles what is due besides the steps; `None` when there was no result, and it is due again later.
    fn perform_due(&self, onboarding: &Onboarding, due: Next) -> impl Future<Output = Option<Fact>> + Send;
    /// The client that makes the Graph calls: how many it made, and whether Meta asked to back off.
    fn graph(&self) -> &GraphClient;
}

/// Performs the steps that need the customer's token.
#[derive(Debug, Clone)]
pub struct OnboardingSteps {
    /// The Graph client.
    pub graph: GraphClient,
    /// Customers' tokens and PINs.
    pub vault: Vault,
    /// The table, which stores templates.
    pub store: Store,
    /// Publishes template changes.
    pub publisher: Publisher,
    /// Meta's limit for new customers.
    pub limit: OnboardingLimit,
    /// Migrates numbers to this platform.
    pub migrator: Migrator,
}

impl Performer for OnboardingSteps {
    const RUNNER: Runner = Runner::Steps;

    fn until(&self, until: Instant) -> Self {
        Self { graph: self.graph.until(until), migrator: self.migrator.until(until), ..self.clone() }
    }

    async fn perform(&self, onboarding: &Onboarding, step: Step) -> Result<Finding, Failure> {
        match step {
            Step::DestroyToken => return self.destroy_tokens(onboarding).await,
            Step::RetireToken => return self.retire_tokens(onboarding).await,
            Step::JoinRecord => return self.join(onboarding).await,
            _ => {}
        }
        let token = self.token(onboarding).await?;
        let customer = Customer { graph: &self.graph, token: &token };
        match self.with_token(&customer, onboarding, step).await {
            Err(failure) if step.is_of_exit() => {
                access::unless_lost(&customer, onboarding.waba.as_ref(), failure).await
            }
            Err(failure) if is_refused_access(&failure) => Err(access::pending(failure)),
            done => done,
        }
    }

    async fn perform_due(&self, onboarding: &Onboarding, due: Next) -> Option<Fact> {
        match due {
            Next::Rescue => self.rescue(onboarding).await,
            Next::Confirm => self.confirm_departure(onboarding).await,
            Next::Watch => self.watch(onboarding).await,
            Next::Run(_) | Next::HandOver(_) | Next::Fetch | Next::Nothing => None,
        }
    }

    fn graph(&self) -> &GraphClient {
        &self.graph
    }
}

impl OnboardingSteps {
    async fn with_token(
        &self,
        customer: &Customer<'_>,
        onboarding: &Onboarding,
        step: Step,
    ) -> Result<Finding, Failure> {
        match step {
            Step::VerifyGrant => self.verify(customer, onboarding).await,
            Step::FindNumber => number::find(customer, waba(onboarding)?, onboarding).await,
            Step::SubscribeApp => subscription::subscribe(customer, waba(onboarding)?).await,
            Step::OverrideCallback => callback::set(customer, &self.vault, onboarding, phone(onboarding)?).await,
            Step::RegisterNumber => number::register(customer, &self.vault, onboarding).await,
            Step::SyncContacts => app_data::sync(customer, onboarding, phone(onboarding)?, "smb_app_state_sync").await,
            Step::SyncHistory => app_data::sync(customer, onboarding, phone(onboarding)?, "history").await,
            Step::ReadTemplates => self.read_templates(onboarding, customer, waba(onboarding)?).await,
            Step::CheckReception => {
                subscription::confirm(customer, waba(onboarding)?).await?;
                number::confirm(customer, phone(onboarding)?).await
            }
            Step::AwaitReview => review::account(customer, waba(onboarding)?).await,
            Step::AwaitVerification => review::business(customer, waba(onboarding)?, onboarding).await,
            Step::AwaitPaymentMethod => review::payment_method(customer, waba(onboarding)?).await,
            Step::ClearOverride => callback::clear(customer, &self.vault, onboarding).await,
            Step::DeregisterNumber => number::deregister(customer, onboarding).await,
            Step::UnsubscribeApp => subscription::unsubscribe(customer, waba(onboarding)?).await,
            Step::ShareCredit | Step::RevokeCredit | Step::DestroyToken | Step::RetireToken | Step::JoinRecord => {
                Err(bug())
            }
        }
    }

    async fn token(&self, onboarding: &Onboarding) -> Result<Secret, Failure> {
        let attempt = onboarding.token_attempt().ok_or_else(bug)?;
        let token = self.vault.business_token(attempt).await?;
        token.ok_or_else(|| Failure::new(Class::TokenDead, "token.missing"))
    }

    /// The last step: afterwards nothing can be done at Meta for this customer any more.
    async fn destroy_tokens(&self, onboarding: &Onboarding) -> Result<Finding, Failure> {
        let Phase::Leaving { attempt, .. } = &onboarding.phase else { return Err(bug()) };
        self.vault.destroy_business_token(attempt).await?;
        if let Some(renewal) = &onboarding.renewal {
            self.vault.destroy_business_token(&renewal.attempt).await?;
        }
        self.retire_tokens(onboarding).await
    }

    async fn retire_tokens(&self, onboarding: &Onboarding) -> Result<Finding, Failure> {
        for attempt in &onboarding.retired {
            self.vault.destroy_business_token(attempt).await?;
        }
        Ok(Finding::Nothing)
    }

    async fn read_templates(
        &self,
        onboarding: &Onboarding,
        customer: &Customer<'_>,
        waba: &VerifiedWaba,
    ) -> Result<Finding, Failure> {
        let begin = Begin::WhereItStopped { asked: onboarding.created_at };
        templates::sync(customer, &self.store, &self.publisher, waba, begin).await?;
        let namespace =
            customer.call(&crate::graph::calls::waba::ReadWaba { waba: waba.id() }).await?.message_template_namespace;
        Ok(Finding::Templates { namespace })
    }
}

/// The Graph API with one customer's token.
#[derive(Debug, Clone, Copy)]
pub struct Customer<'a> {
    /// The client.
    pub graph: &'a GraphClient,
    /// The customer's token.
    pub token: &'a Secret,
}

impl Customer<'_> {
    /// Makes a call with the customer's token.
    ///
    /// # Errors
    /// How the failure affects the step.
    pub async fn call<C: GraphCall + Sync>(&self, call: &C) -> Result<C::Reply, Failure> {
        self.ask(call).await.map_err(|error| error.failure())
    }

    /// Makes a call with the customer's token, for callers that pass on what Meta says about a refusal.
    ///
    /// # Errors
    /// [`GraphError`].
    pub async fn ask<C: GraphCall + Sync>(&self, call: &C) -> Result<C::Reply, GraphError> {
        self.graph.call(call, Auth::Bearer(self.token)).await
    }
}

fn waba(onboarding: &Onboarding) -> Result<&VerifiedWaba, Failure> {
    onboarding.waba.as_ref().ok_or_else(bug)
}

fn phone(onboarding: &Onboarding) -> Result<&VerifiedPhone, Failure> {
    onboarding.phone.as_ref().ok_or_else(bug)
}

/// The step table let a step start before its prerequisites were met.
fn bug() -> Failure {
    Failure::new(Class::Later, "bug.step_order")
}

impl From<VaultError> for Failure {
    fn from(_: VaultError) -> Self {
        Self::new(Class::Later, "vault.unavailable")
    }
}

impl From<StoreError> for Failure {
    fn from(_: StoreError) -> Self {
        Self::new(Class::Later, "table.unavailable")
    }
}

impl From<QueueError> for Failure {
    fn from(_: QueueError) -> Self {
        Self::new(Class::Later, "queue.unavailable")
    }
}
