//! The table: typed records in, typed records out, every save conditional on the version that was read. Knows nothing
//! of Meta or HTTP.
//!
//! | item | pk | sk |
//! | --- | --- | --- |
//! | session | `SESSION#<sha256 of the id>` | `STATE` |
//! | onboarding | `ONBOARDING#<id>` | `STATE` |
//! | timeline entry | `ONBOARDING#<id>` | `EVENT#<number>` |
//! | a customer's onboardings | `CUSTOMER#<sha256 of the reference>` | `ONBOARDING#<id>` |
//! | onboardings of a portfolio | `PORTFOLIO#<business id>` | `ONBOARDING#<id>` |
//! | owner of an account | `WABA#<id>` | `OWNER` |
//! | template | `WABA#<id>` | `TEMPLATE#<id>` |
//! | what Meta announced of an account | `WABA#<id>` | `PARTNER` |
//! | parked change of an account that is not connected yet | `WABA#<id>` | `PARKED#<sha256 of the change>` |
//! | record of a number | `NUMBER#<id>` | `OWNER` |
//! | last event of a number | `NUMBER#<id>` | `LAST_EVENT` |
//! | a person's names and opt-out from marketing messages, under each name | `NUMBER#<id>` | `PERSON#<fingerprint>` |
//! | opt-out as written until people had several names | `NUMBER#<id>` | `PREFERENCE#<fingerprint>` |
//! | newer id of such a person, for a month | `NUMBER#<id>` | `RENAMED#<fingerprint>` |
//! | new customer of the last week | `NEW_CUSTOMERS` | `<time>#<onboarding>` |
//! | share of the credit line | `ALLOCATION#<id>` | `ONBOARDING#<id>` |
//! | pause of credit sharing | `PLATFORM` | `CREDIT_PAUSE` |
//! | pause of signups | `PLATFORM` | `SIGNUP_PAUSE` |
//! | last doctor report of Meta's side | `PLATFORM` | `EXAMINATION` |
//! | template that is not submitted yet | `ONBOARDING#<id>` | `DRAFT#<name>#<language>` |
//! | template budget: recent submissions and edits | `WABA#<id>` | `TEMPLATE_BUDGET` |
//! | when an account's templates were last read to the end | `WABA#<id>` | `TEMPLATES_SYNCED` |
//! | message | `MESSAGE#<id>` | `STATE` |
//! | its payload, until it is finished | `MESSAGE#<id>` | `PAYLOAD` |
//! | message that waits for a reply from a person | `NUMBER#<id>` | `WINDOW#<person>#<message>` |
//! | whether any message of the number waits for a reply | `NUMBER#<id>` | `AWAITED_WORDS` |
//! | when a person may be sent the next message | `NUMBER#<id>` | `PACE#<person>` |
//! | phone number migration | `MOVE#<id>` | `STATE` |
//! | a number's migration, by the number | `ONBOARDING#<id>` | `MOVE#<fingerprint>` |
//! | account the number came from, for two weeks | `WABA#<id>` | `ALIAS` |
//! | multi-partner solution | `PLATFORM` | `SOLUTION#<id>` |
//! | claim of an idempotency key | `IDEMPOTENCY#<sha256 of address and key>` | `STATE` |
//! | reservation of a template submission | `WABA#<id>` | `CREATION#<name>#<language>` |
//! | attempts of a client in ten minutes | `CLIENT#<keyed hash>` | kind of attempt |
//! | key of that hash | `PLATFORM` | `CLIENT_KEY` |
//!
//! Index `ByDue` has what is due at a time, `ByList` the onboardings by state, the polled accounts and the shares of
//! the credit line.

mod clients;
mod creations;
mod drafts;
mod facts;
mod idempotency;
mod item;
mod keys;
mod limits;
mod lists;
mod messages;
mod migrations;
mod newest;
mod numbers;
mod onboardings;
mod pacing;
mod parked;
mod partners;
mod people;
mod relations;
mod sessions;
mod templates;
mod update;

pub use creations::{Reservation, Reserved, Submitter};
pub use drafts::TemplateDraft;
pub use facts::Recorded;
pub use limits::CreditPause;
pub use lists::{Cursor, ListPage, Summary};
pub use newest::Solution;
pub use parked::Parked;
pub use partners::Partnership;
pub use relations::Owner;
pub use templates::ActiveWaba;
pub use update::{Record, Updated};

use crate::aws::AwsConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The table cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process saved first: read again and apply the fact to the newer record.
    #[error("version conflict")]
    Conflict,
    /// The account belongs to another customer.
    #[error("the account belongs to another customer")]
    BoundElsewhere,
    /// The table is throttled, unreachable or refuses access; holds only the service's error code.
    #[error("table unavailable ({0})")]
    Unavailable(String),
    /// The table will always reject this item, for example because it is too large. Holds only the service's error
    /// code.
    #[error("item rejected by the table ({0})")]
    Refused(String),
    /// A stored item is not in this version's format.
    #[error("failed to decode a stored {0}")]
    Undecodable(&'static str),
}

/// A record with the version that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// The record.
    pub record: T,
    /// Its version; a save is conditional on it and writes the next.
    pub version: u64,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Store {
    aws: AwsConfig,
    table: String,
}

impl Store {
    /// A store on the table named `table`.
    #[must_use]
    pub fn new(aws: &AwsConfig, table: &str) -> Self {
        Self { aws: aws.clone(), table: table.to_owned() }
    }

    fn client(&self) -> &Client {
        self.aws.dynamodb()
    }

    /// The current item, whoever wrote it last (consistent read).
    async fn item(&self, key: &keys::Key) -> Result<Option<item::Item>, StoreError> {
        let request = self.client().get_item().table_name(&self.table).set_key(Some(item::key_of(key)));
        Ok(request.consistent_read(true).send().await.map_err(|error| unavailable(&error))?.item)
    }
}

/// Reduces an SDK error to its code: messages may contain keys.
fn unavailable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    let fallback = match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "unreachable",
        _ => "unknown",
    };
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ConditionalCheckFailedException" | "TransactionConflictException") => StoreError::Conflict,
        Some(code @ ("ValidationException" | "ItemCollectionSizeLimitExceededException")) => {
            StoreError::Refused(code.to_owned())
        }
        code => StoreError::Unavailable(code.unwrap_or(fallback).to_owned()),
    }
}
