//! All queues of the account, and operations that span several of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::attributes::{self, QueueAttributes};
use super::error::SqsError;
use super::message::ReceivedMessage;
use super::queue::Queue;

/// A move task. It is complete when the call that started it returns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MoveTask {
    pub(super) source: String,
    pub(super) destination: Option<String>,
    pub(super) rate: Option<u32>,
    pub(super) started_at: u64,
    pub(super) moved: usize,
    pub(super) to_move: usize,
    pub(super) failure: Option<String>,
}

/// How long a name remains taken after its queue was deleted, and the minimum time between two purges; milliseconds.
const COOL_DOWN: u64 = 60_000;

/// Maximum length of a queue name, in characters.
const MAXIMUM_NAME: usize = 80;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Store {
    pub(super) queues: BTreeMap<String, Queue>,
    /// Deletion times of queues.
    deleted: BTreeMap<String, u64>,
    pub(super) move_tasks: Vec<MoveTask>,
}

impl Store {
    pub(super) fn create(
        &mut self,
        name: &str,
        arn: String,
        given: &BTreeMap<String, String>,
        tags: &BTreeMap<String, String>,
        now: u64,
    ) -> Result<(), SqsError> {
        check_name(name)?;
        let attributes = QueueAttributes::new(given)?;
        if let Some(queue) = self.queues.get(name) {
            return queue.attributes.difference(given).map_or(Ok(()), |name| Err(SqsError::QueueNameExists(name)));
        }
        if self.deleted.get(name).is_some_and(|at| at.saturating_add(COOL_DOWN) > now) {
            return Err(SqsError::QueueDeletedRecently);
        }
        self.check_redrive_target(&attributes)?;
        self.deleted.remove(name);
        self.queues.insert(name.to_owned(), Queue::new(arn, attributes, tags.clone(), now));
        Ok(())
    }

    pub(super) fn set_attributes(
        &mut self,
        name: &str,
        given: &BTreeMap<String, String>,
        now: u64,
    ) -> Result<(), SqsError> {
        let mut attributes = self.queue(name)?.attributes.clone();
        attributes.set(given)?;
        self.check_redrive_target(&attributes)?;
        let queue = self.queue_mut(name)?;
        queue.attributes = attributes;
        queue.modified_at = now;
        Ok(())
    }

    pub(super) fn delete(&mut self, name: &str, now: u64) -> Result<(), SqsError> {
        let queue = self.queues.remove(name).ok_or(SqsError::QueueDoesNotExist)?;
        self.deleted.insert(name.to_owned(), now);
        queue.wake();
        Ok(())
    }

    pub(super) fn purge(&mut self, name: &str, now: u64) -> Result<(), SqsError> {
        let queue = self.queue_mut(name)?;
        if queue.purged_at.is_some_and(|at| at.saturating_add(COOL_DOWN) > now) {
            return Err(SqsError::PurgeQueueInProgress(name.to_owned()));
        }
        queue.purge(now);
        Ok(())
    }

    pub(super) fn queue(&self, name: &str) -> Result<&Queue, SqsError> {
        self.queues.get(name).ok_or(SqsError::QueueDoesNotExist)
    }

    pub(super) fn queue_mut(&mut self, name: &str) -> Result<&mut Queue, SqsError> {
        self.queues.get_mut(name).ok_or(SqsError::QueueDoesNotExist)
    }

    /// Receives from a queue and moves messages received too often to its dead-letter queue, if that still exists.
    pub(super) fn receive(
        &mut self,
        name: &str,
        max: usize,
        visibility: Option<u64>,
        now: u64,
    ) -> Result<Vec<ReceivedMessage>, SqsError> {
        let target = self.dead_letter_queue(name)?;
        let queue = self.queue_mut(name)?;
        let max_receives = target.as_ref().map(|(_, most)| *most);
        let delivery = queue.receive(max, visibility, max_receives, now)?;
        let source = queue.arn.clone();
        if let Some((target, _)) = target
            && let Some(target) = self.queues.get_mut(&target)
        {
            for mut message in delivery.dead {
                message.receives_in_queue = 0;
                message.receipt = None;
                message.visible_at = now;
                message.dead_letter_source = Some(source.clone());
                target.accept(message);
            }
        }
        Ok(delivery.messages)
    }

    /// Attributes of a queue as `GetQueueAttributes` returns them, for the requested names.
    pub(super) fn attributes(
        &self,
        name: &str,
        wanted: &[String],
        now: u64,
    ) -> Result<BTreeMap<String, String>, SqsError> {
        let queue = self.queue(name)?;
        let all = wanted.iter().any(|name| name == "All");
        if let Some(unknown) = wanted.iter().find(|name| *name != "All" && !attributes::is_readable(name)) {
            return Err(SqsError::InvalidAttributeName(unknown.clone()));
        }
        let counts = queue.counts(now);
        let computed = attributes::COMPUTED.map(str::to_owned).into_iter().zip([
            queue.arn.clone(),
            (queue.created_at / 1000).to_string(),
            (queue.modified_at / 1000).to_string(),
            counts.visible.to_string(),
            counts.in_flight.to_string(),
            counts.delayed.to_string(),
        ]);
        let mut found = queue.attributes.values().clone();
        found.extend(computed);
        found.retain(|name, _| all || wanted.contains(name));
        Ok(found)
    }

    /// Names of the queues that use this one as their dead-letter queue.
    pub(super) fn dead_letter_sources(&self, name: &str) -> Result<Vec<String>, SqsError> {
        let arn = &self.queue(name)?.arn;
        let is_source =
            |queue: &Queue| queue.attributes.redrive().is_some_and(|policy| policy.dead_letter_target_arn == *arn);
        Ok(self.queues.iter().filter(|(_, queue)| is_source(queue)).map(|(name, _)| name.clone()).collect())
    }

    /// Name of the queue with this ARN.
    pub(super) fn name_of_arn(&self, arn: &str) -> Option<&str> {
        self.queues.iter().find(|(_, queue)| queue.arn == arn).map(|(name, _)| name.as_str())
    }

    fn dead_letter_queue(&self, name: &str) -> Result<Option<(String, u32)>, SqsError> {
        let policy = self.queue(name)?.attributes.redrive();
        Ok(policy.and_then(|policy| {
            Some((self.name_of_arn(&policy.dead_letter_target_arn)?.to_owned(), policy.max_receive_count))
        }))
    }

    fn check_redrive_target(&self, attributes: &QueueAttributes) -> Result<(), SqsError> {
        let Some(policy) = attributes.redrive() else {
            return Ok(());
        };
        if self.name_of_arn(&policy.dead_letter_target_arn).is_some() {
            return Ok(());
        }
        let text = attributes.values().get("RedrivePolicy").map_or("", String::as_str);
        Err(SqsError::invalid_value(text, "RedrivePolicy", "Dead letter target does not exist."))
    }
}

fn check_name(name: &str) -> Result<(), SqsError> {
    if name.is_empty() {
        return Err(SqsError::MissingParameter("QueueName"));
    }
    if name.ends_with(".fifo") {
        return Err(SqsError::UnsupportedOperation("FIFO queues are not emulated."));
    }
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.len() <= MAXIMUM_NAME && name.bytes().all(known) {
        return Ok(());
    }
    Err(SqsError::InvalidParameterValue(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
    ))
}
