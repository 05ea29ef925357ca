//! Events of a message.

use super::Announcer;
use crate::clock;
use crate::domain::message::{Message, MessageFact, Retry, actor, advance, sentence};
use crate::domain::outbox::PendingEvent;
use crate::domain::time::Timestamp;
use serde::Serialize;
use std::time::Duration;

impl Announcer for Message {
    fn outbox(&self) -> &[PendingEvent] {
        &self.outbox
    }

    fn after_sending(&self, sent: &[PendingEvent]) -> (Self, Timestamp) {
        // The delay of a second attempt matters to failures only.
        let (now, delay) = (clock::now(), Duration::ZERO);
        (advance(self, &MessageFact::EventsSent(sent.to_vec()), delay, now), now)
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn ids(&self) -> Vec<(&'static str, &str)> {
        vec![("onboarding_id", self.onboarding.as_str()), ("message_id", self.id.as_str())]
    }

    fn waba(&self) -> Option<&str> {
        Some(self.waba.as_str())
    }

    fn data(&self, event: &PendingEvent) -> impl Serialize {
        let due = match &self.retry {
            Retry::Scheduled { due, .. } => Some(due.to_rfc3339()),
            Retry::None | Retry::AwaitsWindow { .. } | Retry::Cancelled { .. } => None,
        };
        let code = event.discriminator.split_once(':').map_or("", |(_, code)| code);
        serde_json::json!({
            "message_id": self.id,
            "onboarding_id": self.onboarding,
            "phone_number_id": self.phone,
            "type": self.kind,
            "state": self.state(),
            "wamids": self.attempts.iter().map(|attempt| &attempt.wamid).collect::<Vec<_>>(),
            "code": code,
            "meta": self.meta(code),
            "who_acts": actor(code),
            "message": sentence(code),
            "retry_at": due,
        })
    }
}
