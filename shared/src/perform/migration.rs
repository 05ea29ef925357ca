//! Phone number migration to this platform: Meta's conditions, the number's node, the code, and its registration.

mod code;
mod conditions;
mod node;

use super::Customer;
use crate::clock;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{VerifiedPhone, VerifiedWaba};
use crate::domain::ids::{MigrationId, OnboardingId};
use crate::domain::migration::{CheckResult, Migration, MigrationFact, MigrationNext, Phase};
use crate::domain::onboarding::{Onboarding, State};
use crate::domain::operation::Operation;
use crate::domain::progress::Fact;
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::graph::client::GraphClient;
use crate::publishing::publish_outbox;
use crate::queue::{Job, LONGEST_DELAY, Queue, QueueError};
use crate::secret::Secret;
use crate::secrets::{Vault, VaultError};
use crate::store::{Recorded, Store, StoreError};
use std::time::{Duration, Instant};

/// The condition that both accounts belong to the same business.
const SAME_BUSINESS: &str = "same_business";
/// Time between two checks of a review at Meta.
const REVIEW_PAUSE: Duration = Duration::from_secs(3600);
/// Most actions taken for a migration per job.
const TURNS: usize = 4;

/// Dependencies for phone number migrations.
#[derive(Debug, Clone)]
pub struct Migrator {
    /// The records.
    pub store: Store,
    /// Customers' tokens.
    pub vault: Vault,
    /// Meta.
    pub graph: GraphClient,
    /// `OnboardingQueue`.
    pub jobs: Queue,
    /// Publishes events.
    pub publisher: Publisher,
}

/// A migration cannot be advanced now; it is due again.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// State of the customer whose account a number goes to.
enum Found {
    Connected(Box<Target>),
    Unconnected,
    Left,
}

/// The account a number goes to, with what a migration needs of it.
struct Target {
    onboarding: Onboarding,
    waba: VerifiedWaba,
    token: Secret,
}

impl Migrator {
    /// The same, with calls to Meta that are answered by `until`.
    #[must_use]
    pub fn until(&self, until: Instant) -> Self {
        Self { graph: self.graph.until(until), ..self.clone() }
    }

    /// Does everything that is due for a move.
    ///
    /// # Errors
    /// [`MigrationError`] when the infrastructure fails; the record then states what is due.
    pub async fn work(&self, id: &MigrationId) -> Result<(), MigrationError> {
        let mut checked = false;
        for _ in 0..TURNS {
            let Some(held) = self.store.migration(id).await? else { return Ok(()) };
            match held.record.next(clock::now()) {
                MigrationNext::Publish => {
                    publish_outbox::<_, MigrationError>(&self.store, &self.publisher, id, held).await?;
                }
                MigrationNext::Check => {
                    let Some(begun) = self.store.begin_check(id, clock::now()).await? else { return Ok(()) };
                    for fact in self.check(&begun).await? {
                        self.store.record_migration(id, &fact, clock::now()).await?;
                    }
                    checked = true;
                }
                // Only the job that ran a check enqueues the next one, so that jobs never multiply.
                MigrationNext::Nothing if checked => return self.enqueue_next(&held.record).await,
                MigrationNext::Nothing => return Ok(()),
            }
        }
        Ok(())
    }

    async fn enqueue_next(&self, migration: &Migration) -> Result<(), MigrationError> {
        let now = clock::now();
        let wait = migration.due_at(now).map(|due| due.since(now)).filter(|wait| *wait < LONGEST_DELAY);
        if let Some(wait) = wait {
            let job = Job::Migration { id: migration.id.clone() };
            self.jobs.enqueue(&job, wait.saturating_add(Duration::from_secs(1))).await?;
        }
        Ok(())
    }

    async fn check(&self, migration: &Migration) -> Result<Vec<MigrationFact>, MigrationError> {
        let target = match self.target(&migration.onboarding).await? {
            Found::Connected(target) => target,
            Found::Unconnected => return Ok(vec![MigrationFact::Failed(not_connected())]),
            Found::Left => return Ok(vec![MigrationFact::Ended]),
        };
        if let Some(rest) = rest(&target.onboarding, clock::now()) {
            return Ok(vec![MigrationFact::Failed(rest)]);
        }
        let made = self.graph.calls_made();
        let facts = self.check_with(migration, &target).await;
        let called =
            Fact::Called { calls: self.graph.calls_made().wrapping_sub(made), rest: self.graph.take_cooldown() };
        if has_few_calls(&target.onboarding) || !matches!(called, Fact::Called { rest: 0, .. }) {
            self.store.record(&target.onboarding.id, &called, clock::moment()).await?;
        }
        facts
    }

    async fn check_with(&self, migration: &Migration, target: &Target) -> Result<Vec<MigrationFact>, MigrationError> {
        let customer = Customer { graph: &self.graph, token: &target.token };
        Ok(match (&migration.phase, &migration.phone) {
            (Phase::Checking { .. } | Phase::Blocked { .. }, _) => self.begin(&customer, migration, target).await,
            (Phase::CodeSent { .. }, Some(phone)) => vec![node::entered(&customer, phone).await],
            (Phase::Registering { .. }, Some(phone)) => vec![self.arrive(&customer, migration, target, phone).await?],
            _ => Vec::new(),
        })
    }

    /// Checks the conditions; adds the number only when none is known to be missing.
    async fn begin(&self, customer: &Customer<'_>, migration: &Migration, target: &Target) -> Vec<MigrationFact> {
        let checked = match conditions::check(customer, migration, &target.waba).await {
            Ok(checked) => checked,
            Err(failure) => return vec![MigrationFact::Failed(failure)],
        };
        let missing = checked.checks.iter().find(|check| check.result == CheckResult::Missing);
        let missing = missing.map(|check| check.check.clone());
        let name =
            migration.verified_name.clone().or_else(|| checked.before.as_ref()?.name.clone()).or(checked.account_name);
        let before = checked.before.map(Box::new);
        let seen = MigrationFact::Checked { checks: checked.checks, before };
        let next = match (missing, &migration.number) {
            (Some(check), _) => MigrationFact::Failed(missing_condition(&check, clock::now())),
            (None, Some(number)) => match node::add(customer, &target.waba, number, name.as_deref()).await {
                Ok(phone) => MigrationFact::Added(phone),
                Err(failure) => MigrationFact::Failed(failure),
            },
            (None, None) => return vec![seen],
        };
        vec![seen, next]
    }

    /// Hands the number to the onboarding, which registers it, and compares once Meta reports it as connected.
    async fn arrive(
        &self,
        customer: &Customer<'_>,
        migration: &Migration,
        target: &Target,
        phone: &VerifiedPhone,
    ) -> Result<MigrationFact, MigrationError> {
        let id = &target.onboarding.id;
        let recorded = self.store.record(id, &Fact::NumberAdded(phone.clone()), clock::moment()).await?;
        if matches!(recorded, Recorded::Changed(_)) {
            self.jobs.enqueue(&Job::Onboarding { id: id.clone() }, Duration::ZERO).await?;
        }
        let ours = migration.checks.iter().any(|it| it.check == SAME_BUSINESS && it.result == CheckResult::Pass);
        if let Some(source) = migration.source_waba.as_ref().filter(|_| ours) {
            self.store.alias(source, target.waba.id(), clock::now()).await?;
        }
        let registered = target.onboarding.numbers.get(phone.id()).is_some_and(|number| number.registered_at.is_some());
        if !registered {
            return Ok(MigrationFact::Failed(Failure::new(Class::Later, "number.not_registered")));
        }
        Ok(match node::arrived(customer, &target.waba, phone, migration.before.as_ref()).await {
            Ok(snapshot) => MigrationFact::Arrived(Box::new(snapshot)),
            Err(failure) => MigrationFact::Failed(failure),
        })
    }

    async fn note(
        &self,
        migration: &Migration,
        fact: MigrationFact,
        operation: Option<&Operation>,
    ) -> Result<(), MigrationError> {
        let after = self.store.record_migration_by(&migration.id, &fact, operation, clock::now()).await?;
        if after.is_some_and(|after| after.next(clock::now()) != MigrationNext::Nothing) {
            self.enqueue(&migration.id).await;
        }
        Ok(())
    }

    /// Enqueues a job for a migration; the sweeper replaces a lost job.
    pub async fn enqueue(&self, id: &MigrationId) {
        if let Err(error) = self.jobs.enqueue(&Job::Migration { id: id.clone() }, Duration::ZERO).await {
            tracing::warn!(move.id = %id, error = crate::telemetry::chain(&error), "job not enqueued");
        }
    }

    /// The account and its token, while the customer is connected.
    async fn target(&self, id: &OnboardingId) -> Result<Found, MigrationError> {
        let Some(held) = self.store.onboarding(id).await? else { return Ok(Found::Left) };
        let onboarding = held.record;
        if matches!(onboarding.state(), State::Leaving | State::Left) {
            return Ok(Found::Left);
        }
        let Some((attempt, waba)) = onboarding.token_attempt().zip(onboarding.waba.clone()) else {
            return Ok(Found::Unconnected);
        };
        Ok(match self.vault.business_token(attempt).await? {
            Some(token) => Found::Connected(Box::new(Target { onboarding, waba, token })),
            None => Found::Unconnected,
        })
    }
}

/// Meta limits an account without a registered number to 200 calls an hour, which the migration shares with the
/// onboarding.
fn has_few_calls(onboarding: &Onboarding) -> bool {
    onboarding.numbers.values().all(|number| number.registered_at.is_none())
}

/// Meta asked to back off, or the account's hourly budget is used up.
fn rest(onboarding: &Onboarding, now: Timestamp) -> Option<Failure> {
    let free = onboarding.calls.free_at();
    let tight = has_few_calls(onboarding) && free > now;
    tight.then(|| Failure::new(Class::Until(Actor::Meta, Waiting::Meta, free), "graph.80008"))
}

/// Conditions that Meta or this system fulfils are checked again automatically; the others wait until somebody resumes.
fn missing_condition(check: &str, now: Timestamp) -> Failure {
    let class = match check {
        "account_review" => Class::Until(Actor::Meta, Waiting::AccountReview, now.after(REVIEW_PAUSE)),
        "subscribed_app" => Class::Later,
        _ => Class::Needs(Actor::Customer, Waiting::Meta),
    };
    Failure::new(class, check)
}

fn not_connected() -> Failure {
    Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "move.not_connected")
}
