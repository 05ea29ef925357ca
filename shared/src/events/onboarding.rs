//! Events of an onboarding.

use super::Announcer;
use crate::clock;
use crate::domain::failure::{Actor, MetaCode, Waiting};
use crate::domain::ids::PhoneNumberId;
use crate::domain::onboarding::{Number, Onboarding};
use crate::domain::outbox::PendingEvent;
use crate::domain::progress::{Fact, TimelineEntry, advance};
use crate::domain::time::Timestamp;
use crate::domain::wording;
use serde::Serialize;

#[derive(Serialize)]
struct OnboardingData<'a> {
    onboarding_id: &'a str,
    customer_ref: &'a str,
    state: &'static str,
    waba_id: Option<&'a str>,
    phone_number_id: Option<&'a str>,
    phone_number_ids: Vec<&'a str>,
    waiting_for: Option<&'static str>,
    who_acts: Option<Actor>,
    code: Option<String>,
    meta: Option<MetaCode>,
    message: Option<&'static str>,
    /// What differs from how it was set up.
    drift: Vec<&'a str>,
    /// Numbers that Meta shows as disconnected, or no longer shows.
    disconnected: Vec<DisconnectedNumber<'a>>,
    token_expires_at: Option<String>,
}

#[derive(Serialize)]
struct DisconnectedNumber<'a> {
    phone_number_id: &'a str,
    since: String,
    reason: Option<&'a str>,
    initiated_by: Option<&'a str>,
    who_acts: Actor,
    message: &'static str,
}

impl<'a> DisconnectedNumber<'a> {
    fn of(number: &'a Number) -> Option<Self> {
        let found = number.confirmed_disconnection()?;
        let (who_acts, code) = number.reconnected_by();
        Some(Self {
            phone_number_id: number.phone.id().as_str(),
            since: found.since.to_rfc3339(),
            reason: found.reason.as_deref(),
            initiated_by: found.initiated_by.as_deref(),
            who_acts,
            message: wording::of_code(code),
        })
    }
}

impl Announcer for Onboarding {
    fn outbox(&self) -> &[PendingEvent] {
        &self.outbox
    }

    fn after_sending(&self, sent: &[PendingEvent]) -> (Self, Vec<TimelineEntry>) {
        advance(self, &Fact::EventsSent(sent.to_vec()), clock::moment())
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn ids(&self) -> Vec<(&'static str, &str)> {
        vec![("onboarding_id", self.id.as_str()), ("customer_ref", self.customer_ref.as_str())]
    }

    fn waba(&self) -> Option<&str> {
        self.waba.as_ref().map(|waba| waba.id().as_str())
    }

    fn data(&self, _event: &PendingEvent) -> impl Serialize {
        let obstacle = self.obstacle();
        OnboardingData {
            onboarding_id: self.id.as_str(),
            customer_ref: self.customer_ref.as_str(),
            state: self.state().as_str(),
            waba_id: Announcer::waba(self),
            phone_number_id: self.phone.as_ref().map(|phone| phone.id().as_str()),
            phone_number_ids: self.numbers.keys().map(PhoneNumberId::as_str).collect(),
            drift: self.drift.iter().map(String::as_str).collect(),
            disconnected: self.numbers.values().filter_map(DisconnectedNumber::of).collect(),
            token_expires_at: self.token_expires_at.map(Timestamp::to_rfc3339),
            waiting_for: obstacle.as_ref().and_then(|obstacle| obstacle.waiting_for).map(Waiting::as_str),
            who_acts: obstacle.as_ref().map(|obstacle| obstacle.actor),
            message: obstacle.as_ref().map(wording::sentence),
            meta: obstacle.as_ref().and_then(|obstacle| obstacle.meta),
            code: obstacle.map(|obstacle| obstacle.code),
        }
    }
}
