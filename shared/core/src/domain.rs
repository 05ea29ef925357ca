//! The domain model: pure functions over values that decide what happens next. Nothing here is async, reads a clock,
//! generates a random number or depends on AWS, Lambda or HTTP: `now` and `jitter` are arguments.

pub mod address;
pub mod assignment;
pub mod blackout;
pub mod claim;
pub mod composition;
pub mod delay;
pub mod display_number;
pub mod doctor;
pub mod entitlement;
pub mod failure;
pub mod grant;
pub mod idempotency;
pub mod ids;
pub mod joining;
pub mod language;
pub mod limit;
pub mod message;
pub mod meta_status;
pub mod migration;
pub mod onboarding;
pub mod operation;
pub mod outbox;
pub mod person;
pub mod progress;
pub mod recipient;
pub mod refusal;
pub mod session;
pub mod step;
pub mod steps;
pub mod template;
pub mod template_budget;
pub mod template_refusal;
pub mod time;
pub mod wanted_token;
pub mod wording;
