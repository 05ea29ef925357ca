//! Message move tasks: from a dead-letter queue back to the source or to a named queue.

use std::collections::BTreeMap;

use super::error::SqsError;
use super::message::StoredMessage;
use super::store::{MoveTask, Store};
use crate::identifier;

/// How many past tasks of a source `ListMessageMoveTasks` can show (SQS API reference).
const MAXIMUM_LISTED: usize = 10;

impl Store {
    /// Moves every visible message of the dead-letter queue `source`. A moved message is new: new id, new sent time,
    /// not yet received.
    pub(super) fn start_move(
        &mut self,
        source: &str,
        destination: Option<&str>,
        rate: Option<u32>,
        now: u64,
    ) -> Result<String, SqsError> {
        let name = self.name_of_arn(source).ok_or(SqsError::ResourceNotFound("SourceArn"))?.to_owned();
        if let Some(rate) = rate.filter(|rate| !(1..=500).contains(rate)) {
            return Err(SqsError::invalid_value(rate, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500."));
        }
        if destination.is_some_and(|arn| self.name_of_arn(arn).is_none()) {
            return Err(SqsError::ResourceNotFound("DestinationArn"));
        }
        if self.dead_letter_sources(&name)?.is_empty() {
            return Err(SqsError::InvalidParameterValue(
                "Source queue must be configured as a Dead Letter Queue.".to_owned(),
            ));
        }
        let messages = self.queue_mut(&name)?.take_visible(now);
        let to_move = messages.len();
        let stuck = self.deliver_moved(messages, destination, now);
        let failure = (!stuck.is_empty()).then(|| "CouldNotDetermineMessageSource".to_owned());
        let moved = to_move - stuck.len();
        let queue = self.queue_mut(&name)?;
        stuck.into_iter().for_each(|message| queue.accept(message));
        self.move_tasks.push(MoveTask {
            source: source.to_owned(),
            destination: destination.map(str::to_owned),
            rate,
            started_at: now,
            moved,
            to_move,
            failure,
        });
        Ok(identifier::alphanumeric(64))
    }

    /// The latest tasks of a source, newest first.
    pub(super) fn list_moves(&self, source: &str, max: usize) -> Result<Vec<MoveTask>, SqsError> {
        self.name_of_arn(source).ok_or(SqsError::ResourceNotFound("SourceArn"))?;
        let of_source = self.move_tasks.iter().rev().filter(|task| task.source == source);
        Ok(of_source.take(max.clamp(1, MAXIMUM_LISTED)).cloned().collect())
    }

    /// Delivers messages to their queues and returns those that have none.
    fn deliver_moved(
        &mut self,
        messages: Vec<StoredMessage>,
        destination: Option<&str>,
        now: u64,
    ) -> Vec<StoredMessage> {
        let names: BTreeMap<String, String> =
            self.queues.iter().map(|(name, queue)| (queue.arn.clone(), name.clone())).collect();
        let mut stuck = Vec::new();
        for message in messages {
            let arn = destination.or(message.dead_letter_source.as_deref());
            match arn.and_then(|arn| names.get(arn)).and_then(|name| self.queues.get_mut(name)) {
                Some(queue) => queue.accept(renewed(message, now)),
                None => stuck.push(message),
            }
        }
        stuck
    }
}

fn renewed(message: StoredMessage, now: u64) -> StoredMessage {
    StoredMessage {
        id: identifier::uuid(),
        sent_at: now,
        visible_at: now,
        first_received_at: None,
        received_at: 0,
        receive_count: 0,
        receives_in_queue: 0,
        receipt: None,
        dead_letter_source: None,
        ..message
    }
}
