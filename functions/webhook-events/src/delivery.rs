//! Queue messages, unpacked and split into changes once.

use super::EventError;
use super::route::Route;
use shared::batch::Record;
use shared::domain::ids::WabaId;
use shared::domain::progress::Fact;
use shared::domain::time::Timestamp;
use shared::queue::Job;
use shared::webhook::change::{Change, Part, split};
use shared::webhook::envelope::{Envelope, divided};
use shared::webhook::interpret::{Context, Observation, interpret};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A queue message.
pub(crate) enum Message {
    /// The parked changes of an account are due.
    Parked(WabaId),
    /// A POST from Meta, or a part of one.
    Bodies(Bodies),
}

/// The bodies of one queue message: several if a change is too large for one event.
pub(crate) struct Bodies {
    received_at: Timestamp,
    forwarded: bool,
    bodies: Vec<Vec<u8>>,
}

impl Message {
    pub(crate) fn unpack(message: &str) -> Result<Self, EventError> {
        if let Some(Job::Parked { waba }) = Job::read(message) {
            return Ok(Self::Parked(waba));
        }
        let Envelope { received_at, body, forwarded } = Envelope::unpack(message)?;
        Ok(Self::Bodies(Bodies { received_at, forwarded, bodies: divided(body) }))
    }
}

/// One queue message with its changes.
pub(crate) struct Delivery<'a> {
    pub(crate) record: &'a Record,
    pub(crate) received_at: Timestamp,
    pub(crate) pieces: Vec<Piece<'a>>,
}

/// A part of a delivery, and how far it was processed.
pub(crate) struct Piece<'a> {
    pub(crate) part: Content<'a>,
    /// What it reports about our records.
    pub(crate) observed: Vec<Observation>,
    /// Which account that concerns; known after it was routed.
    pub(crate) route: Route,
    /// Whether the platform has it.
    pub(crate) forwarded: bool,
    /// Why it has to be processed again.
    pub(crate) failed: Option<EventError>,
}

/// The content of a part.
pub(crate) enum Content<'a> {
    /// A change.
    Change(Change<'a>),
    /// A part, or a whole body, that is not in a documented format.
    Unreadable(std::borrow::Cow<'a, str>),
}

/// A fact about a connected account, for the record that owns it.
pub(crate) type RecordFact = (shared::domain::ids::OnboardingId, Fact);

impl Bodies {
    pub(crate) fn read<'a>(&'a self, record: &'a Record, context: &Context) -> Delivery<'a> {
        let parts = self.bodies.iter().flat_map(|body| contents(body));
        let pieces = parts.map(|part| Piece::new(part, context, self.forwarded)).collect();
        Delivery { record, received_at: self.received_at, pieces }
    }

    pub(crate) fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// The bodies as queue messages of their own.
    pub(crate) fn envelopes(&self) -> impl Iterator<Item = Envelope> {
        let (received_at, forwarded) = (self.received_at, self.forwarded);
        self.bodies.iter().map(move |body| Envelope { received_at, body: body.clone(), forwarded })
    }
}

fn contents(body: &[u8]) -> Vec<Content<'_>> {
    let Ok(parts) = split(body) else {
        tracing::warn!(bytes = body.len(), "signed body is not a notification");
        return vec![Content::Unreadable(String::from_utf8_lossy(body))];
    };
    let content = |part| match part {
        Part::Change(change) => Content::Change(change),
        Part::Unreadable(raw) => Content::Unreadable(raw.get().into()),
    };
    parts.into_iter().map(content).collect()
}

impl<'a> Piece<'a> {
    fn new(part: Content<'a>, context: &Context, forwarded: bool) -> Self {
        // A change that cannot be interpreted fails by itself.
        let observed = match &part {
            Content::Change(change) => catch_unwind(AssertUnwindSafe(|| interpret(change, context))),
            Content::Unreadable(_) => Ok(Vec::new()),
        };
        let failed = observed.is_err().then_some(EventError::Panicked);
        Self { part, observed: observed.unwrap_or_default(), route: Route::Nowhere, forwarded, failed }
    }
}
