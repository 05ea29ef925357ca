//! Keys: the only place where they are built.

use crate::domain::ids::{
    AllocationId, BusinessId, CustomerRef, MessageId, MigrationId, OnboardingId, PhoneNumberId, SessionId, TemplateId,
    WabaId,
};
use crate::domain::onboarding::State;
use crate::domain::time::Timestamp;
use sha2::{Digest, Sha256};

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

/// Partition of `ByDue`.
pub(super) const DUE: &str = "ONBOARDING";
/// Partition of `ByList` with the accounts that are polled.
pub(super) const ACTIVE_WABAS: &str = "WABA";
/// Partition of `ByList` with the shares of the credit line.
pub(super) const CREDIT_SHARES: &str = "CREDIT";
/// Partition of the customers that are new to the platform.
pub(super) const NEW_CUSTOMERS: &str = "NEW_CUSTOMERS";
/// Partition of `ByDue` with accounts that Meta announced.
pub(super) const DUE_PARTNERS: &str = "PARTNER";
/// Partition of `ByDue` with changes of accounts that are not connected yet.
pub(super) const DUE_PARKED: &str = "PARKED";
/// Prefix of the sort keys of parked changes.
pub(super) const PARKED: &str = "PARKED#";
/// Partition of `ByDue` with messages.
pub(super) const DUE_MESSAGES: &str = "MESSAGE";
/// Partition of `ByDue` and of `ByList` with phone number migrations.
pub(super) const MOVES: &str = "MOVE";
/// Partition of `ByList` with messages that wait for their second attempt.
pub(super) const RETRIES: &str = "MESSAGE_RETRY";
/// Partition of `ByList` with signup sessions, by creation time.
pub(super) const SESSIONS: &str = "SESSION";
/// Prefix of the sort keys of multi-partner solutions.
pub(super) const SOLUTION: &str = "SOLUTION#";
/// Prefix of the sort keys of messages that wait for a reply.
pub(super) const WINDOW: &str = "WINDOW#";
/// Prefix of the sort keys of templates.
pub(super) const TEMPLATE: &str = "TEMPLATE#";
/// Prefix of the sort keys of template drafts.
pub(super) const DRAFT: &str = "DRAFT#";
/// Prefix of the sort keys of timeline entries.
pub(super) const EVENT: &str = "EVENT#";
/// Prefix of the sort keys of a customer's onboardings.
pub(super) const ONBOARDING: &str = "ONBOARDING#";

/// A session id is a bearer secret, and a customer reference may be personal data: only their digests become keys.
fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

pub(super) fn session(id: &SessionId) -> Key {
    Key { pk: format!("SESSION#{}", digest(id.as_str())), sk: "STATE".to_owned() }
}

pub(super) fn onboarding(id: &OnboardingId) -> Key {
    Key { pk: format!("{ONBOARDING}{id}"), sk: "STATE".to_owned() }
}

pub(super) fn timeline(id: &OnboardingId, number: u32) -> Key {
    Key { pk: format!("{ONBOARDING}{id}"), sk: format!("{EVENT}{number:08}") }
}

/// The highest number that fits into an entry's key.
pub(super) const LAST_ENTRY: u32 = 99_999_999;

/// The number of a timeline entry, from its sort key.
pub(super) fn timeline_number(sk: &str) -> Option<u32> {
    sk.strip_prefix(EVENT)?.parse().ok()
}

pub(super) fn customer(reference: &CustomerRef) -> String {
    format!("CUSTOMER#{}", digest(reference.as_str()))
}

pub(super) fn customers_onboarding(reference: &CustomerRef, id: &OnboardingId) -> Key {
    Key { pk: customer(reference), sk: format!("{ONBOARDING}{id}") }
}

pub(super) fn portfolio(id: &BusinessId) -> String {
    format!("PORTFOLIO#{id}")
}

pub(super) fn portfolios_onboarding(portfolio_id: &BusinessId, id: &OnboardingId) -> Key {
    Key { pk: portfolio(portfolio_id), sk: format!("{ONBOARDING}{id}") }
}

pub(super) fn waba(id: &WabaId) -> String {
    format!("WABA#{id}")
}

pub(super) fn owner(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "OWNER".to_owned() }
}

pub(super) fn partnership(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "PARTNER".to_owned() }
}

pub(super) fn number(id: &PhoneNumberId) -> Key {
    Key { pk: format!("NUMBER#{id}"), sk: "OWNER".to_owned() }
}

pub(super) fn last_event(id: &PhoneNumberId) -> Key {
    Key { pk: format!("NUMBER#{id}"), sk: "LAST_EVENT".to_owned() }
}

pub(super) fn person(id: &PhoneNumberId, name: &str) -> Key {
    Key { pk: numbers(id), sk: format!("PERSON#{name}") }
}

/// Written until people had several names.
pub(super) fn preference(id: &PhoneNumberId, name: &str) -> Key {
    Key { pk: numbers(id), sk: format!("PREFERENCE#{name}") }
}

/// Written until people had several names.
pub(super) fn renamed(id: &PhoneNumberId, name: &str) -> Key {
    Key { pk: numbers(id), sk: format!("RENAMED#{name}") }
}

pub(super) fn window(id: &PhoneNumberId, person: &str, message: &MessageId) -> Key {
    Key { pk: format!("NUMBER#{id}"), sk: format!("{WINDOW}{person}#{message}") }
}

pub(super) fn windows(id: &PhoneNumberId) -> Key {
    Key { pk: format!("NUMBER#{id}"), sk: "AWAITED_WORDS".to_owned() }
}

pub(super) fn numbers(id: &PhoneNumberId) -> String {
    format!("NUMBER#{id}")
}

pub(super) fn pace(id: &PhoneNumberId, person: &str) -> Key {
    Key { pk: format!("NUMBER#{id}"), sk: format!("PACE#{person}") }
}

pub(super) fn parked(id: &WabaId, fingerprint: &str) -> Key {
    Key { pk: waba(id), sk: format!("{PARKED}{fingerprint}") }
}

pub(super) fn message(id: &MessageId) -> Key {
    Key { pk: format!("MESSAGE#{id}"), sk: "STATE".to_owned() }
}

pub(super) fn message_payload(id: &MessageId) -> Key {
    Key { pk: format!("MESSAGE#{id}"), sk: "PAYLOAD".to_owned() }
}

pub(super) fn migration(id: &MigrationId) -> Key {
    Key { pk: format!("MOVE#{id}"), sk: "STATE".to_owned() }
}

pub(super) fn migration_of_number(onboarding: &OnboardingId, fingerprint: &str) -> Key {
    Key { pk: format!("{ONBOARDING}{onboarding}"), sk: format!("MOVE#{fingerprint}") }
}

pub(super) fn alias(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "ALIAS".to_owned() }
}

pub(super) fn solution(id: &str) -> Key {
    Key { pk: "PLATFORM".to_owned(), sk: format!("{SOLUTION}{id}") }
}

pub(super) fn client(hash: &str, kind: &str) -> Key {
    Key { pk: format!("CLIENT#{hash}"), sk: kind.to_owned() }
}

pub(super) fn client_key() -> Key {
    Key { pk: "PLATFORM".to_owned(), sk: "CLIENT_KEY".to_owned() }
}

pub(super) fn new_customer(at: Timestamp, id: &OnboardingId) -> Key {
    Key { pk: NEW_CUSTOMERS.to_owned(), sk: format!("{}#{id}", at.to_rfc3339()) }
}

pub(super) fn credit_share(allocation: &AllocationId, id: &OnboardingId) -> Key {
    Key { pk: format!("ALLOCATION#{allocation}"), sk: format!("{ONBOARDING}{id}") }
}

pub(super) fn credit_pause() -> Key {
    Key { pk: "PLATFORM".to_owned(), sk: "CREDIT_PAUSE".to_owned() }
}

pub(super) fn signup_pause() -> Key {
    Key { pk: "PLATFORM".to_owned(), sk: "SIGNUP_PAUSE".to_owned() }
}

pub(super) fn doctor_report() -> Key {
    Key { pk: "PLATFORM".to_owned(), sk: "EXAMINATION".to_owned() }
}

pub(super) fn template(waba_id: &WabaId, id: &TemplateId) -> Key {
    Key { pk: waba(waba_id), sk: format!("{TEMPLATE}{id}") }
}

pub(super) fn draft(id: &OnboardingId, name: &str, language: &str) -> Key {
    Key { pk: format!("{ONBOARDING}{id}"), sk: format!("{DRAFT}{name}#{language}") }
}

pub(super) fn key_claim(place: &str) -> Key {
    Key { pk: format!("IDEMPOTENCY#{place}"), sk: "STATE".to_owned() }
}

pub(super) fn creation(id: &WabaId, (name, language): (&str, &str)) -> Key {
    Key { pk: waba(id), sk: format!("CREATION#{name}#{language}") }
}

pub(super) fn template_budget(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "TEMPLATE_BUDGET".to_owned() }
}

pub(super) fn synced(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "TEMPLATES_SYNCED".to_owned() }
}

pub(super) fn reading(id: &WabaId) -> Key {
    Key { pk: waba(id), sk: "TEMPLATES_READING".to_owned() }
}

pub(super) fn state_list(state: State) -> String {
    format!("STATE#{}", state.as_str())
}

/// The id in a partition key of an onboarding.
pub(super) fn onboarding_id(pk: &str) -> Option<OnboardingId> {
    OnboardingId::parse(pk.strip_prefix(ONBOARDING)?).ok()
}
