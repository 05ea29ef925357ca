//! Changes of accounts that are not connected: parked, retried, and quarantined after a day.

use super::delivery::RecordFact;
use super::{App, EventError};
use shared::batch::caught;
use shared::clock;
use shared::domain::ids::WabaId;
use shared::domain::progress::Fact;
use shared::domain::time::Timestamp;
use shared::store::{Owner, Parked};
use shared::webhook::change::{Change, Part, split};
use shared::webhook::envelope::Envelope;
use shared::webhook::interpret::{Observation, interpret};
use std::time::Duration;

/// Delays before a change of an unknown account is retried: the first one, and all later ones.
const SOON: Duration = Duration::from_secs(60);
const LATER: Duration = Duration::from_secs(900);
/// How long such a change is retried.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Largest parked change, with room for the other attributes of its item (DynamoDB: 400 KB per item).
const LARGEST_PARKED: usize = 300 * 1024;

/// Stable code of a change whose account was not connected within a day.
const UNKNOWN_ACCOUNT: &str = "webhook.unknown_account";

impl App {
    /// Parks a change that needs a record until its account is connected; its other observations are applied.
    pub(crate) async fn park_unowned(
        &self,
        waba: &WabaId,
        change: &Change<'_>,
        observed: Vec<Observation>,
        received_at: Timestamp,
    ) -> Result<Vec<RecordFact>, EventError> {
        let waits = observed.iter().any(Observation::needs_owner);
        // An account that is connected later is read then.
        let only_checked = observed.iter().filter(|observation| observation.needs_owner()).all(Observation::is_check);
        for observation in observed.into_iter().filter(|observation| !observation.needs_owner()) {
            self.applier.apply(waba, None, observation).await?;
        }
        if !waits {
            return Ok(Vec::new());
        }
        if let Some(target) = self.applier.store.alias_of(waba, clock::now()).await? {
            return self.of_migrated(&target).await;
        }
        if only_checked {
            return Ok(Vec::new());
        }
        let envelope = Envelope { forwarded: true, ..Envelope::new(received_at, change.to_notification()) }.pack()?;
        if envelope.len() > LARGEST_PARKED {
            tracing::warn!(waba.id = %waba, "change not parked: too large");
            return Ok(Vec::new());
        }
        let due = Some(clock::now().after(SOON));
        let parked = Parked { fingerprint: change.fingerprint(), envelope, since: received_at, due };
        self.applier.store.park(waba, &parked).await?;
        Ok(Vec::new())
    }

    /// A late notification of an account that a number was migrated from, which will not be connected. What it reports
    /// does not apply to the new account, so a health check of that one is requested instead.
    async fn of_migrated(&self, target: &WabaId) -> Result<Vec<RecordFact>, EventError> {
        let owner = self.applier.store.owner(target).await?;
        self.applier.apply(target, owner.as_ref(), Observation::Fact(Fact::CheckRequested)).await
    }

    /// Retries the parked changes of an account that was not connected when they arrived. After a failed dependency a
    /// change waits for the next turn. Late changes of a customer that has left are dropped after a day.
    pub(crate) async fn parked(&self, waba: &WabaId) -> Result<(), EventError> {
        let found = self.applier.store.owner(waba).await?;
        let was_ours = found.is_some();
        let owner = found.filter(|owner| !owner.released);
        let mut failed = Ok(());
        for held in self.applier.store.parked(waba).await? {
            let waited = clock::now().since(held.record.since);
            let unclaimed = waited >= LONGEST_WAIT && !was_ours;
            let tried = caught(Box::pin(self.parked_change(waba, owner.as_ref(), &held.record, unclaimed))).await;
            let tried = match tried.unwrap_or(Err(EventError::Panicked)) {
                // Caused by the change itself: it is queued by itself like every other failed change.
                Err(error) if !error.is_of_dependency() => self.requeue(&held.record, &error).await,
                tried => tried,
            };
            let over = tried.is_ok() && (owner.is_some() || waited >= LONGEST_WAIT);
            let due = (!over).then(|| clock::now().after(LATER));
            self.applier.store.save_parked(waba, &Parked { due, ..held.record }, Some(held.version)).await?;
            failed = failed.and(tried);
        }
        failed
    }

    async fn requeue(&self, parked: &Parked, error: &EventError) -> Result<(), EventError> {
        tracing::warn!(error = shared::telemetry::chain(error), "parked change queued again by itself");
        Ok(self.webhooks.send(parked.envelope.clone()).await?)
    }

    async fn parked_change(
        &self,
        waba: &WabaId,
        owner: Option<&Owner>,
        parked: &Parked,
        unclaimed: bool,
    ) -> Result<(), EventError> {
        let envelope = Envelope::unpack(&parked.envelope)?;
        for part in split(&envelope.body).unwrap_or_default() {
            let Part::Change(change) = part else { continue };
            if let Some(owner) = owner {
                let mut facts = Vec::new();
                for observation in interpret(&change, &self.context(envelope.received_at)) {
                    facts.extend(self.applier.apply(waba, Some(owner), observation).await?);
                }
                let facts: Vec<Fact> = facts.into_iter().map(|(_, fact)| fact).collect();
                self.applier.record(&owner.onboarding, &facts).await?;
            } else if unclaimed {
                tracing::error!(error.code = UNKNOWN_ACCOUNT, waba.id = %waba, "change quarantined: its account was not connected");
                let event = self.publisher.quarantined(&change, parked.since, UNKNOWN_ACCOUNT)?;
                let sent: Result<(), _> = self.publisher.send_all(vec![event]).await.into_iter().collect();
                sent?;
            }
        }
        Ok(())
    }
}
