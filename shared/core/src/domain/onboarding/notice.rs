//! Notices: reviews, deadlines and drift that people should know about although no step waits for them.

use super::{DISCONNECTED, Number, Onboarding, Phase};
use crate::domain::failure::{Actor, Waiting};
use crate::domain::ids::PhoneNumberId;
use crate::domain::meta_status::{Attribute, StatusValue};
use crate::domain::step::Step;
use crate::domain::time::Timestamp;
use std::time::Duration;

/// Meta: contacts and history of a coexistence number can be synchronised within 24 hours of onboarding, once each.
pub const SYNC_WINDOW: Duration = Duration::from_secs(24 * 3600);

/// How long before its expiry a token causes a warning, and is renewed where Meta allows it.
pub const EXPIRY_WARNING: Duration = Duration::from_secs(7 * 24 * 3600);

/// Something people should know about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The kind of wait, if it is one.
    pub about: Option<Waiting>,
    /// Who has to act.
    pub actor: Actor,
    /// Stable code.
    pub code: String,
    /// Since when.
    pub since: Timestamp,
    /// The deadline or expected end, if known.
    pub until: Option<Timestamp>,
    /// The number it is about, if it is about one.
    pub phone: Option<PhoneNumberId>,
}

impl Onboarding {
    /// All notices at `now`. `business_info` is how long a customer may leave its business information incomplete
    /// before the platform considers the number at risk.
    #[must_use]
    pub fn notices(&self, now: Timestamp, business_info: Duration) -> Vec<Notice> {
        let Phase::Connected { since, .. } = &self.phase else { return Vec::new() };
        let mut notices: Vec<Notice> = self.numbers.values().filter_map(|number| number.name_notice(now)).collect();
        notices.extend(self.numbers.values().flat_map(Number::notices));
        notices.extend(self.facts.get(Attribute::Review).and_then(review));
        notices.extend(self.facts.get(Attribute::Status).and_then(standing));
        notices.extend(self.restriction(now));
        notices.extend(self.verification(business_info));
        notices.extend(self.expiry(*since, now));
        notices.extend(self.sync_deadline(*since));
        // Disconnected numbers have notices of their own.
        let told = self.numbers.values().any(|number| number.confirmed_disconnection().is_some());
        let drift = self.drift.iter().filter(|code| !(told && *code == DISCONNECTED));
        notices.extend(drift.map(|code| notice(None, drift_actor(code), code, *since, None)));
        notices
    }

    /// Meta reports the end of a restriction in advance, and does not notify when it has ended.
    fn restriction(&self, now: Timestamp) -> Option<Notice> {
        let fact = self.facts.get(Attribute::Restriction).filter(|fact| fact.value.starts_with("RESTRICTED"))?;
        let lasts = fact.until.is_none_or(|until| now < until);
        lasts.then(|| notice(None, Actor::Customer, "account.restricted", fact.since, fact.until))
    }

    fn verification(&self, business_info: Duration) -> Vec<Notice> {
        let Some(fact) = self.facts.get(Attribute::Verification).filter(|fact| fact.value != "VERIFIED") else {
            return Vec::new();
        };
        let since = fact.since;
        if fact.value.starts_with("PENDING") {
            return vec![notice(Some(Waiting::BusinessVerification), Actor::Meta, "business.pending", since, None)];
        }
        let deadline = Some(self.created_at.after(business_info));
        vec![notice(Some(Waiting::BusinessInfo), Actor::Customer, "business.unverified", self.created_at, deadline)]
    }

    /// Whether the token expires soon.
    #[must_use]
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        self.token_expires_at.is_some_and(|end| now.after(EXPIRY_WARNING) >= end)
    }

    fn expiry(&self, since: Timestamp, now: Timestamp) -> Option<Notice> {
        let soon = self.expires_soon(now);
        soon.then(|| notice(None, Actor::Customer, "token.expires", since, self.token_expires_at))
    }

    fn sync_deadline(&self, since: Timestamp) -> Option<Notice> {
        let open = |step: &Step| self.plan().any(|spec| spec.step == *step) && !self.is_done(*step);
        let any = [Step::SyncContacts, Step::SyncHistory].iter().any(open);
        any.then(|| notice(None, Actor::Platform, "sync.open", since, Some(since.after(SYNC_WINDOW))))
    }
}

impl Number {
    fn notices(&self) -> Vec<Notice> {
        let having = |attribute, value: &str| self.facts.get(attribute).filter(|fact| fact.value == value);
        let reset = having(Attribute::Pin, "PIN_RESET_REQUEST")
            .map(|fact| notice(None, Actor::Customer, "number.pin_reset_requested", fact.since, None));
        let declined = having(Attribute::History, "DECLINED")
            .map(|fact| notice(None, Actor::Customer, "sync.declined", fact.since, None));
        let disconnected = self.confirmed_disconnection().map(|found| {
            let (actor, code) = self.reconnected_by();
            notice(None, actor, code, found.since, None)
        });
        let of_number = reset.into_iter().chain(declined).chain(disconnected);
        of_number.map(|notice| Notice { phone: Some(self.phone.id().clone()), ..notice }).collect()
    }

    fn name_notice(&self, now: Timestamp) -> Option<Notice> {
        if self.has_new_name(now) {
            let since = self.name_approved_at.unwrap_or(now);
            return Some(notice(Some(Waiting::DisplayName), Actor::Platform, "number.new_name", since, None));
        }
        let fact = self.facts.get(Attribute::NameStatus)?;
        let (actor, code) = match fact.value.as_str() {
            "PENDING_REVIEW" | "PENDING" => (Actor::Meta, "number.name_pending"),
            "DECLINED" | "REJECTED" | "EXPIRED" => (Actor::Customer, "number.name_declined"),
            _ => return None,
        };
        Some(notice(Some(Waiting::DisplayName), actor, code, fact.since, None))
    }
}

fn review(fact: &StatusValue) -> Option<Notice> {
    let (actor, code) = match fact.value.as_str() {
        "PENDING" => (Actor::Meta, "account.review_pending"),
        "REJECTED" | "RESTRICTED" => (Actor::Customer, "account.review_rejected"),
        _ => return None,
    };
    Some(notice(Some(Waiting::AccountReview), actor, code, fact.since, None))
}

/// A notice about the state of the whole account.
fn standing(fact: &StatusValue) -> Option<Notice> {
    let code = match fact.value.as_str() {
        "DISABLE" => "account.disabled",
        "SCHEDULE_FOR_DISABLE" => "account.disable_scheduled",
        "ACCOUNT_OFFBOARDED" => "account.offboarded",
        _ => return None,
    };
    Some(notice(None, Actor::Customer, code, fact.since, None))
}

fn drift_actor(code: &str) -> Actor {
    if ["webhooks.overridden", "check.failing"].contains(&code) { Actor::Operator } else { Actor::Customer }
}

fn notice(about: Option<Waiting>, actor: Actor, code: &str, since: Timestamp, until: Option<Timestamp>) -> Notice {
    Notice { about, actor, code: code.to_owned(), since, until, phone: None }
}
