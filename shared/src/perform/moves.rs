//! Moving a number here: Meta's conditions, the number's node, the code, and whether it arrived.

mod conditions;
mod node;

use super::Customer;
use crate::clock;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{VerifiedPhone, VerifiedWaba};
use crate::domain::ids::{MoveId, OnboardingId};
use crate::domain::moving::{CheckResult, Move, MoveEvent, MoveNext, Phase};
use crate::domain::onboarding::Onboarding;
use crate::domain::progress::Event;
use crate::events::Publisher;
use crate::graph::calls::moving::{CodeMethod, RequestCode, VerifyCode};
use crate::graph::client::GraphClient;
use crate::queue::{Bell, LONGEST_DELAY, Queue, QueueError};
use crate::secret::Secret;
use crate::secrets::{Vault, VaultError};
use crate::store::{Recorded, Store, StoreError};
use std::time::Duration;

/// Meta says that the number is verified already.
const VERIFIED_ALREADY: &str = "graph.136024";
/// Things done for one move in one go.
const TURNS: usize = 4;

/// What it takes to move numbers.
#[derive(Debug, Clone)]
pub struct Mover {
    /// The records.
    pub store: Store,
    /// Customers' tokens.
    pub vault: Vault,
    /// Meta.
    pub graph: GraphClient,
    /// `OnboardingQueue`.
    pub bells: Queue,
    /// Tells the platform.
    pub publisher: Publisher,
}

/// A move cannot be worked on now; it is due again.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
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

/// The account a number goes to, as far as a move needs it.
struct Target {
    onboarding: Onboarding,
    waba: VerifiedWaba,
    token: Secret,
}

impl Mover {
    /// Does everything that is due for a move.
    ///
    /// # Errors
    /// [`MoveError`] when the infrastructure fails; the record then says what is due.
    pub async fn attend(&self, id: &MoveId) -> Result<(), MoveError> {
        let mut looked = false;
        for _ in 0..TURNS {
            let Some(held) = self.store.moving(id).await? else { return Ok(()) };
            match held.record.next(clock::now()) {
                MoveNext::Tell => self.tell(&held.record).await?,
                MoveNext::Look => {
                    let Some(begun) = self.store.begin_look(id, clock::now()).await? else { return Ok(()) };
                    for fact in self.look(&begun).await? {
                        self.store.record_move(id, &fact, clock::now()).await?;
                    }
                    looked = true;
                }
                // Only who looked rings for the next look: bells never become more.
                MoveNext::Nothing if looked => return self.ring_next(&held.record).await,
                MoveNext::Nothing => return Ok(()),
            }
        }
        Ok(())
    }

    async fn ring_next(&self, moving: &Move) -> Result<(), MoveError> {
        let now = clock::now();
        let wait = moving.due_at(now).map(|due| due.since(now)).filter(|wait| *wait < LONGEST_DELAY);
        if let Some(wait) = wait {
            let bell = Bell::Move { id: moving.id.clone() };
            self.bells.ring(&bell, wait.saturating_add(Duration::from_secs(1))).await?;
        }
        Ok(())
    }

    async fn tell(&self, moving: &Move) -> Result<(), MoveError> {
        for event in &moving.outbox {
            self.publisher.moving(moving, event).await?;
        }
        self.store.record_move(&moving.id, &MoveEvent::EventsSent(moving.outbox.clone()), clock::now()).await?;
        Ok(())
    }

    async fn look(&self, moving: &Move) -> Result<Vec<MoveEvent>, MoveError> {
        let Some(target) = self.target(&moving.onboarding).await? else {
            return Ok(vec![MoveEvent::Failed(not_connected())]);
        };
        let customer = Customer { graph: &self.graph, token: &target.token };
        Ok(match (&moving.phase, &moving.phone) {
            (Phase::Checking { .. } | Phase::Blocked { .. }, _) => self.begin(&customer, moving, &target).await,
            (Phase::CodeSent { .. }, Some(phone)) => vec![node::entered(&customer, phone).await],
            (Phase::Registering { .. }, Some(phone)) => vec![self.arrive(&customer, moving, &target, phone).await?],
            _ => Vec::new(),
        })
    }

    /// The conditions first; the number only when none is known to be missing.
    async fn begin(&self, customer: &Customer<'_>, moving: &Move, target: &Target) -> Vec<MoveEvent> {
        let looked = match conditions::look(customer, moving, &target.waba).await {
            Ok(looked) => looked,
            Err(failure) => return vec![MoveEvent::Failed(failure)],
        };
        let missing = looked.checks.iter().find(|check| check.result == CheckResult::Missing);
        let missing = missing.map(|check| check.check.clone());
        let name =
            moving.verified_name.clone().or_else(|| looked.before.as_ref()?.name.clone()).or(looked.account_name);
        let before = looked.before.map(Box::new);
        let seen = MoveEvent::Looked { checks: looked.checks, before };
        let next = match (missing, &moving.number) {
            (Some(check), _) => MoveEvent::Failed(Failure::new(Class::Needs(Actor::Customer, Waiting::Meta), &check)),
            (None, Some(number)) => match node::add(customer, &target.waba, number, name.as_deref()).await {
                Ok(phone) => MoveEvent::Added(phone),
                Err(failure) => MoveEvent::Failed(failure),
            },
            (None, None) => return vec![seen],
        };
        vec![seen, next]
    }

    /// Hands the number to the onboarding, which registers it, and compares once Meta says that it is connected.
    async fn arrive(
        &self,
        customer: &Customer<'_>,
        moving: &Move,
        target: &Target,
        phone: &VerifiedPhone,
    ) -> Result<MoveEvent, MoveError> {
        let id = &target.onboarding.id;
        let told = self.store.record(id, &Event::NumberAdded(phone.clone()), clock::moment()).await?;
        if matches!(told, Recorded::Changed(_)) {
            self.bells.ring(&Bell::Onboarding { id: id.clone() }, Duration::ZERO).await?;
        }
        if let Some(source) = &moving.source_waba {
            self.store.alias(source, target.waba.id(), clock::now()).await?;
        }
        let registered = target.onboarding.numbers.get(phone.id()).is_some_and(|number| number.registered_at.is_some());
        if !registered {
            return Ok(MoveEvent::Failed(Failure::new(Class::Later, "number.not_registered")));
        }
        Ok(match node::arrived(customer, &target.waba, phone).await {
            Ok(snapshot) => MoveEvent::Arrived(Box::new(snapshot)),
            Err(failure) => MoveEvent::Failed(failure),
        })
    }

    /// Has Meta send a code. Counted before the call is made.
    ///
    /// # Errors
    /// [`MoveError`] when the infrastructure fails; the code may be on its way.
    pub async fn ask_code(
        &self,
        moving: &Move,
        phone: &VerifiedPhone,
        method: CodeMethod,
        language: &str,
    ) -> Result<(), MoveError> {
        let Some(target) = self.target(&moving.onboarding).await? else {
            return self.note(moving, MoveEvent::CodeRefused(not_connected())).await;
        };
        self.note(moving, MoveEvent::CodeAsked).await?;
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&RequestCode { phone, method, language }).await {
            Ok(reply) if reply.success => MoveEvent::CodeSent(None),
            Err(failure) if failure.code == VERIFIED_ALREADY => MoveEvent::Verified,
            Err(failure) if is_unanswered(&failure) => MoveEvent::CodeSent(Some("move.code_maybe_sent")),
            Err(failure) => MoveEvent::CodeRefused(failure),
            Ok(_) => MoveEvent::CodeRefused(Failure::new(Class::Later, "graph.2388091")),
        };
        self.note(moving, fact).await
    }

    /// Proves the number with a code. Counted before the call is made; an answer that is lost is looked for.
    ///
    /// # Errors
    /// [`MoveError`] when the infrastructure fails; the sweeper then finds out what became of it.
    pub async fn enter_code(&self, moving: &Move, phone: &VerifiedPhone, code: &Secret) -> Result<(), MoveError> {
        let Some(target) = self.target(&moving.onboarding).await? else {
            return self.note(moving, MoveEvent::EntryRefused(not_connected())).await;
        };
        self.note(moving, MoveEvent::CodeEntered).await?;
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&VerifyCode { phone, code }).await {
            Ok(reply) if reply.success => MoveEvent::Verified,
            Err(failure) if failure.code == VERIFIED_ALREADY => MoveEvent::Verified,
            Err(failure) if is_unanswered(&failure) => node::entered(&customer, phone).await,
            Err(failure) => MoveEvent::EntryRefused(failure),
            Ok(_) => MoveEvent::EntryRefused(Failure::new(Class::Later, "graph.2388093")),
        };
        self.note(moving, fact).await
    }

    async fn note(&self, moving: &Move, fact: MoveEvent) -> Result<(), MoveError> {
        let after = self.store.record_move(&moving.id, &fact, clock::now()).await?;
        if after.is_some_and(|after| after.next(clock::now()) != MoveNext::Nothing) {
            self.ring(&moving.id).await;
        }
        Ok(())
    }

    /// Rings for a move; a bell that is lost is made up for by the sweeper.
    pub async fn ring(&self, id: &MoveId) {
        if let Err(error) = self.bells.ring(&Bell::Move { id: id.clone() }, Duration::ZERO).await {
            tracing::warn!(move.id = %id, error = crate::telemetry::chain(&error), "a bell was not taken");
        }
    }

    /// The account and its token; `None` while the customer is not connected.
    async fn target(&self, id: &OnboardingId) -> Result<Option<Target>, MoveError> {
        let Some(held) = self.store.onboarding(id).await? else { return Ok(None) };
        let onboarding = held.record;
        let attempt = onboarding.token_attempt().filter(|_| !onboarding.is_leaving());
        let Some((attempt, waba)) = attempt.zip(onboarding.waba.clone()) else { return Ok(None) };
        let token = self.vault.business_token(attempt).await?;
        Ok(token.map(|token| Target { onboarding, waba, token }))
    }
}

fn not_connected() -> Failure {
    Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "move.not_connected")
}

/// Whether Meta may have done what it did not answer.
fn is_unanswered(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "graph.unreachable" | "graph.unreadable" | "graph.1" | "graph.2")
}
