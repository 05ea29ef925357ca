//! One phone number of an onboarding.

use crate::domain::display_number::DisplayNumber;
use crate::domain::failure::Actor;
use crate::domain::grant::VerifiedPhone;
use crate::domain::meta_status::{Attribute, MetaStatus};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Meta: "10 requests per business phone number in a 72 hour moving window".
pub const REGISTRATION_WINDOW: Duration = Duration::from_secs(72 * 3600);

/// Registrations of a number that this system makes within that window, automatically and on request; the remaining
/// ones of Meta's ten are reserved for use outside of it.
const REGISTRATIONS: usize = 6;

/// Meta: a number has to be registered again within 14 days after its new display name was approved.
const NAME_WINDOW: Duration = Duration::from_secs(14 * 24 * 3600);

const APPROVED: &str = "APPROVED";

/// Stable code of a registration that Meta refused because the display name is not approved, or, for a number from
/// another provider, because of its two-step verification.
pub const NAME_NOT_APPROVED: &str = "graph.100.2388001";

/// Stable code of a number that Meta shows as disconnected, or no longer shows.
pub const DISCONNECTED: &str = "number.disconnected";

/// Why a number does not work: reported by Meta, or found by a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disconnection {
    /// Since when: the time of Meta's report, otherwise of the check that found it.
    pub since: Timestamp,
    /// Meta's reason, if it was reported, for example `CHANGE_NUMBER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who caused it, if it was reported: `USER` or `SYSTEM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<String>,
    /// Whether a check found the number disconnected. Until then it is only a report.
    pub confirmed: bool,
}

/// A proven number of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// The number.
    pub phone: VerifiedPhone,
    /// When it was added to this onboarding.
    pub since: Timestamp,
    /// Whether it stays in the WhatsApp Business app: never registered, never deregistered.
    pub coexists: bool,
    /// Registrations started within the last 72 hours, recorded before the call.
    pub registrations: Vec<Timestamp>,
    /// When it was last confirmed as registered by us.
    pub registered_at: Option<Timestamp>,
    /// When Meta last approved a display name.
    pub name_approved_at: Option<Timestamp>,
    /// Fingerprint by which the number is recognised in its display form.
    pub fingerprint: Option<String>,
    /// Its status at Meta.
    pub facts: MetaStatus,
    /// Set while Meta reports or shows it as disconnected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disconnection: Option<Disconnection>,
}

impl Number {
    /// A newly found number.
    #[must_use]
    pub fn new(phone: VerifiedPhone, coexists: bool, now: Timestamp) -> Self {
        let coexists = coexists || phone.is_on_business_app();
        Self {
            phone,
            since: now,
            coexists,
            registrations: Vec::new(),
            registered_at: None,
            name_approved_at: None,
            fingerprint: None,
            facts: MetaStatus::default(),
            disconnection: None,
        }
    }

    /// Its disconnection, once a check has found it.
    #[must_use]
    pub fn confirmed_disconnection(&self) -> Option<&Disconnection> {
        self.disconnection.as_ref().filter(|disconnection| disconnection.confirmed)
    }

    /// Who can connect it again: a number of the WhatsApp Business app is connected by its owner.
    #[must_use]
    pub fn reconnected_by(&self) -> (Actor, &'static str) {
        if self.coexists { (Actor::Customer, "number.disconnected_in_app") } else { (Actor::Operator, DISCONNECTED) }
    }

    /// Whether the display form denotes this number.
    #[must_use]
    pub fn is_written(&self, digits: &DisplayNumber) -> bool {
        self.fingerprint.as_deref() == Some(digits.fingerprint(self.phone.id()).as_str())
    }

    /// Applies a status value. A display name that becomes approved after another status, or by a separate decision
    /// after the first registration, is a new name.
    pub fn observe(&mut self, attribute: Attribute, value: &str, at: Timestamp) {
        if attribute == Attribute::History {
            self.facts.raise(attribute, value, at);
            return;
        }
        let before = self.facts.get(Attribute::NameStatus).cloned();
        self.facts.observe(attribute, value, at);
        let approved = self.facts.get(Attribute::NameStatus).filter(|fact| fact.value == APPROVED);
        let became = before.is_some_and(|before| before.value != APPROVED);
        if attribute == Attribute::NameStatus && became && approved.is_some_and(|fact| fact.at == at) {
            self.name_approved_at = self.name_approved_at.max(Some(at));
        }
    }

    /// Applies Meta's decision about a requested name: unlike a status that is read, every decision counts.
    pub fn name_decided(&mut self, decision: &str, at: Timestamp) {
        self.observe(Attribute::NameStatus, decision, at);
        if decision == APPROVED {
            self.name_approved_at = self.name_approved_at.max(Some(at));
        }
    }

    /// Whether Meta reviews the display name, or declined it.
    #[must_use]
    pub fn lacks_name(&self) -> bool {
        let words = ["PENDING", "PENDING_REVIEW", "DECLINED", "DEFERRED", "REJECTED", "EXPIRED"];
        self.facts.value(Attribute::NameStatus).is_some_and(|word| words.contains(&word))
    }

    /// Whether it has to be registered: for the first time, or again because a name was approved since the last
    /// registration.
    #[must_use]
    pub fn awaits_registration(&self, now: Timestamp) -> bool {
        !self.coexists && (self.registered_at.is_none() || self.has_new_name(now))
    }

    /// Whether a display name was approved since the last registration and can still be activated by registering again.
    #[must_use]
    pub fn has_new_name(&self, now: Timestamp) -> bool {
        self.name_approved_at.is_some_and(|approved| {
            self.registered_at.is_some_and(|registered| registered < approved) && now.since(approved) < NAME_WINDOW
        })
    }

    /// Records a registration before its call.
    pub fn count_registration(&mut self, now: Timestamp) {
        self.registrations.retain(|at| now.since(*at) < REGISTRATION_WINDOW);
        self.registrations.push(now);
    }

    /// When it may be registered next within our own share of Meta's limit.
    #[must_use]
    pub fn may_register_at(&self, now: Timestamp) -> Timestamp {
        let recent: Vec<Timestamp> =
            self.registrations.iter().copied().filter(|at| now.since(*at) < REGISTRATION_WINDOW).collect();
        let over = recent.len().checked_sub(REGISTRATIONS).and_then(|index| recent.get(index));
        over.map_or(now, |oldest| oldest.after(REGISTRATION_WINDOW))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::claim::Claim;
    use crate::domain::grant::{ListedPhone, verify_phone};
    use crate::domain::ids::PhoneNumberId;

    fn number() -> Number {
        let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: false, proven: true }];
        let phone = verify_phone(&Claim::default(), &listed, &[]).unwrap();
        Number::new(phone, false, Timestamp::from_seconds(0))
    }

    #[test]
    fn six_registrations_in_72_hours_and_then_none() {
        let (mut number, hour) = (number(), |hours: i64| Timestamp::from_seconds(hours * 3600));
        for at in 0..6 {
            assert_eq!(number.may_register_at(hour(at)), hour(at), "attempt {at}");
            number.count_registration(hour(at));
        }
        assert_eq!(number.may_register_at(hour(7)), hour(72), "when the first leaves the window");
        assert_eq!(number.may_register_at(hour(72)), hour(72));
    }

    #[test]
    fn an_approved_name_requires_one_more_registration_for_14_days() {
        let (mut number, day) = (number(), |days: i64| Timestamp::from_seconds(days * 86_400));
        assert!(number.awaits_registration(day(0)));
        number.registered_at = Some(day(1));
        assert!(!number.awaits_registration(day(2)));
        number.name_approved_at = Some(day(3));
        assert!(number.awaits_registration(day(4)) && !number.awaits_registration(day(17)));
        number.registered_at = Some(day(4));
        assert!(!number.awaits_registration(day(5)));
        number.coexists = true;
        number.registered_at = None;
        assert!(!number.awaits_registration(day(5)), "a coexistence number is never registered");
    }
}
