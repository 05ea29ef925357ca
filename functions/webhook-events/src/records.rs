//! Applies the changes of a group of deliveries. Facts about one record are saved together: a burst of changes of one
//! account otherwise competes with itself for the record.

use super::delivery::{Content, Delivery, Piece, RecordFact};
use super::route::Route;
use super::settle::MESSAGE_BUDGET;
use super::{App, EventError};
use shared::batch::caught;
use shared::deadline::Deadline;
use shared::domain::ids::OnboardingId;
use shared::domain::progress::Fact;
use shared::domain::time::Timestamp;
use std::collections::BTreeMap;

/// Most facts per save: each adds timeline entries to the transaction, which DynamoDB limits to 100 items.
const MOST_FACTS: usize = 20;

/// Facts by record, each with the index of its change.
type Facts = BTreeMap<OnboardingId, Vec<(usize, Fact)>>;

impl App {
    /// Applies every change that has not failed. Those for which no time is left fail, except for the first delivery.
    pub(crate) async fn apply(&self, deliveries: &mut [Delivery<'_>], deadline: Deadline) {
        let mut facts = Facts::new();
        let mut pieces: Vec<(usize, Timestamp, &mut Piece<'_>)> = Vec::new();
        for (place, delivery) in deliveries.iter_mut().enumerate() {
            let received_at = delivery.received_at;
            pieces.extend(delivery.pieces.iter_mut().map(|piece| (place, received_at, piece)));
        }
        let mut outage = None;
        for (index, (place, received_at, piece)) in pieces.iter_mut().enumerate() {
            if piece.failed.is_some() {
                continue;
            }
            if outage.is_some() || (*place > 0 && !deadline.leaves(MESSAGE_BUDGET)) {
                piece.failed = outage.clone().or(Some(EventError::OutOfTime));
                continue;
            }
            match caught(Box::pin(self.piece(piece, *received_at))).await.unwrap_or(Err(EventError::Panicked)) {
                Ok(found) => found.into_iter().for_each(|(id, fact)| facts.entry(id).or_default().push((index, fact))),
                Err(error) => {
                    outage = Some(error.clone()).filter(EventError::is_of_dependency);
                    piece.failed = Some(error);
                }
            }
        }
        for (index, error) in self.save_all(facts, outage).await {
            if let Some((_, _, piece)) = pieces.get_mut(index) {
                piece.failed = Some(error);
            }
        }
    }

    /// Saves the facts of all records; returns the changes that failed. After a failed dependency nothing more is tried: each
    /// call would wait for its timeout, and the invocation would end before its messages are delayed.
    async fn save_all(&self, facts: Facts, mut outage: Option<EventError>) -> Vec<(usize, EventError)> {
        let mut all_failed = Vec::new();
        for (id, facts) in &facts {
            for facts in facts.chunks(MOST_FACTS) {
                let failed = match &outage {
                    Some(error) => facts.iter().map(|(index, _)| (*index, error.clone())).collect(),
                    None => self.save(id, facts).await,
                };
                let found = failed.iter().map(|(_, error)| error).find(|error| error.is_of_dependency());
                outage = outage.or(found.cloned());
                all_failed.extend(failed);
            }
        }
        all_failed
    }

    /// Applies one change; returns what is left to be saved in a record.
    async fn piece(&self, piece: &mut Piece<'_>, received_at: Timestamp) -> Result<Vec<RecordFact>, EventError> {
        let Content::Change(change) = &piece.part else { return Ok(Vec::new()) };
        // Before the windows, which are opened for every name of a person.
        if !matches!(piece.route, Route::Disputed) {
            self.applier.join_people(&mut piece.observed).await?;
        }
        if let Some(phone) = change.phone() {
            self.reception.note(&self.applier.store, &phone, received_at).await?;
            self.windows.opened(&self.applier, change, &phone).await?;
        }
        let observed = std::mem::take(&mut piece.observed);
        let mut facts = Vec::new();
        match &piece.route {
            Route::Accounts(accounts) => {
                for (waba, owner) in accounts {
                    for observation in &observed {
                        facts.extend(self.applier.apply(waba, Some(owner), observation.clone()).await?);
                    }
                }
            }
            Route::Unknown(waba) => facts.extend(self.park_unowned(waba, change, observed, received_at).await?),
            Route::Nowhere | Route::Disputed => {}
        }
        Ok(facts)
    }

    /// Saves facts about one record together; if they are rejected together, one by one. Returns those that failed.
    async fn save(&self, id: &OnboardingId, facts: &[(usize, Fact)]) -> Vec<(usize, EventError)> {
        let of = |facts: &[(usize, Fact)]| facts.iter().map(|(_, fact)| fact.clone()).collect::<Vec<_>>();
        match self.saved(id, &of(facts)).await {
            Ok(()) => Vec::new(),
            Err(error) if facts.len() > 1 && error.is_of_the_content() => {
                let mut failed = Vec::new();
                for one in facts.chunks(1) {
                    let outcome = self.saved(id, &of(one)).await;
                    failed.extend(outcome.err().and_then(|error| one.first().map(|(index, _)| (*index, error))));
                }
                failed
            }
            Err(error) => facts.iter().map(|(index, _)| (*index, error.clone())).collect(),
        }
    }

    async fn saved(&self, id: &OnboardingId, facts: &[Fact]) -> Result<(), EventError> {
        caught(Box::pin(self.applier.record(id, facts))).await.unwrap_or(Err(EventError::Panicked))
    }
}
