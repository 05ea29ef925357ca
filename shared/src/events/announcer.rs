//! Records that announce events.

use crate::domain::outbox::PendingEvent;
use crate::store::Record;

/// A record that announces events: each is saved in its outbox together with the fact that caused it.
pub trait Announcer: Record {
    /// The events that are not confirmed as sent.
    fn outbox(&self) -> &[PendingEvent];
    /// The record once these events were sent, with what saving it needs.
    fn after_sending(&self, sent: &[PendingEvent]) -> (Self, Self::Beside);
    /// Its id, which is part of the id of each of its events.
    fn id(&self) -> &str;
    /// Its ids and those of the records it belongs to, by the names they have in events.
    fn ids(&self) -> Vec<(&'static str, &str)>;
    /// The account: the subject of its events.
    fn waba(&self) -> Option<&str>;
    /// The data of an event: the record's current state.
    fn data(&self, event: &PendingEvent) -> impl serde::Serialize;
}
