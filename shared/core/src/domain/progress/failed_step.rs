//! What a failure means for its step: when it is retried, or who it waits for.

use super::access::{access_pause, waits_for_access};
use crate::domain::delay::delay;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::onboarding::{NAME_NOT_APPROVED, StepStatus};
use crate::domain::steps::{Step, spec};
use crate::domain::time::{Moment, Timestamp};
use std::time::Duration;

/// The status of a step that failed, and the name of its timeline entry.
pub(super) fn status_after(step: Step, made: u16, failure: &Failure, moment: Moment) -> (StepStatus, &'static str) {
    let now = moment.now;
    match failure.class {
        Class::Later => retry(step, made, None, failure, moment),
        Class::LaterAfter(seconds) => retry(step, made, Some(seconds), failure, moment),
        Class::Needs(actor, waiting_for) => {
            let due = next_check(waiting_for, &failure.code, made).map(|wait| now.after(moment.jitter.spread(wait)));
            (waiting(actor, waiting_for, failure, due), "step_waiting")
        }
        Class::Until(actor, waiting_for, due) => (waiting(actor, waiting_for, failure, Some(due)), "step_waiting"),
        Class::Skip if spec(step).optional => (StepStatus::Skipped { code: failure.code.clone() }, "step_skipped"),
        // A required step is never skipped.
        Class::Skip | Class::Hold | Class::TokenDead => (stopped(failure), "step_refused"),
    }
}

/// A step that is not retried automatically.
fn stopped(failure: &Failure) -> StepStatus {
    waiting(Actor::Operator, Waiting::Meta, failure, None)
}

fn waiting(actor: Actor, waiting_for: Waiting, failure: &Failure, due: Option<Timestamp>) -> StepStatus {
    StepStatus::Waiting { actor, waiting_for, code: failure.code.clone(), due, options: failure.options.clone() }
}

fn retry(step: Step, made: u16, hint: Option<u32>, failure: &Failure, moment: Moment) -> (StepStatus, &'static str) {
    match delay(&spec(step).retry, made, hint, moment.jitter) {
        Some(wait) => (StepStatus::Retrying { due: moment.now.after(wait), failure: failure.clone() }, "step_failed"),
        None => (stopped(failure), "step_gave_up"),
    }
}

/// Meta's error code for a number that was registered ten times in 72 hours.
const REGISTERED_TOO_OFTEN: &str = "graph.133016";
/// Time until a registration is tried again for which the display name was not approved: each counts towards Meta's ten
/// in 72 hours. The decision about the name comes by webhook.
const NAME_PAUSE: Duration = Duration::from_secs(12 * 3600);
/// How often a waiting step is retried without a trigger. Reviews and payment methods are reported by webhook, if at
/// all, so retries are rare; waits for a person's answer are never retried.
fn next_check(waiting_for: Waiting, code: &str, made: u16) -> Option<Duration> {
    match waiting_for {
        Waiting::Meta if waits_for_access(code) => Some(access_pause(made)),
        Waiting::DisplayName if code == NAME_NOT_APPROVED => Some(NAME_PAUSE),
        Waiting::Meta if code == REGISTERED_TOO_OFTEN => Some(crate::domain::onboarding::REGISTRATION_WINDOW),
        Waiting::PaymentMethod => Some(Duration::from_secs(600)),
        Waiting::Number
        | Waiting::DisplayName
        | Waiting::BusinessVerification
        | Waiting::AccountReview
        | Waiting::BusinessInfo => Some(Duration::from_secs(3600)),
        Waiting::CreditLine => Some(Duration::from_secs(6 * 3600)),
        Waiting::Meta | Waiting::Pin | Waiting::Choice => None,
    }
}
