//! Rate limits: calls per hour and account, registrations per number in 72 hours.

use super::{Phone, Waba, World};
use crate::refusal::Refusal;

/// Calls per hour on an account without a registered number, and with one (Meta: "Rate limits").
const CALLS_AN_HOUR: (usize, usize) = (200, 5_000);
/// Registrations of a number in a sliding window of 72 hours (Meta: "Registration").
const REGISTRATIONS: usize = 10;
const REGISTRATION_WINDOW: i64 = 72 * 3600;

/// How much of its hourly limit an account has used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Percentage of the calls.
    pub(crate) percent: usize,
    /// Minutes until calls are possible again; 0 while they are.
    pub(crate) regain_minutes: i64,
}

impl World {
    /// Counts a call on an account; `None` if there is no such account.
    pub(crate) fn count_call(&mut self, waba: &str, now: i64) -> Option<Usage> {
        let registered = self.phones.values().any(|phone| phone.waba == waba && phone.status == "CONNECTED");
        let most = if registered { CALLS_AN_HOUR.1 } else { CALLS_AN_HOUR.0 };
        self.wabas.get_mut(waba).map(|waba| waba.count(most, now))
    }
}

impl Waba {
    fn count(&mut self, most: usize, now: i64) -> Usage {
        self.calls.retain(|at| *at > now - 3600);
        let free = self.calls.len() < most;
        if free {
            self.calls.push(now);
        }
        let oldest = self.calls.first().copied().unwrap_or(now);
        let regain_minutes = if free { 0 } else { (oldest + 3600 - now + 59) / 60 };
        Usage { percent: self.calls.len() * 100 / most, regain_minutes }
    }
}

impl Phone {
    /// Registers the number: every attempt counts, and the PIN must match or becomes the PIN.
    pub(crate) fn register(&mut self, pin: &str, now: i64) -> Result<(), Refusal> {
        self.registrations.retain(|at| *at > now - REGISTRATION_WINDOW);
        if self.registrations.len() >= REGISTRATIONS {
            let message = "(#133016) Account register deregister rate limit exceeded";
            return Err(Refusal::new(400, 133_016, message));
        }
        self.registrations.push(now);
        if !self.is_proven() {
            return Err(Refusal::new(
                400,
                133_006,
                "(#133006) The phone number has to be verified before it is registered",
            ));
        }
        if ["PENDING_REVIEW", "DECLINED", "EXPIRED"].contains(&self.name_status.as_str()) {
            let message = "Cannot Create Certificate: the display name is not approved.";
            return Err(Refusal::parameter(message).with_subcode(2_388_001));
        }
        if self.pin.as_deref().is_some_and(|own| own != pin) {
            return Err(Refusal::new(400, 133_005, "(#133005) Two step verification PIN Mismatch"));
        }
        self.pin = Some(pin.to_owned());
        "CONNECTED".clone_into(&mut self.status);
        Ok(())
    }
}
