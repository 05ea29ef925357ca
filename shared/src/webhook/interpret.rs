//! What a change tells us about our own records: one row a field that matters, everything else is passed on only.

mod account_update;
mod message_template_status_update;
mod reviews;

use super::change::Change;
use crate::domain::display_number::DisplayNumber;
use crate::domain::facts::Aspect;
use crate::domain::ids::{AppId, BusinessId};
use crate::domain::progress::About;
use crate::domain::template::Template;
use crate::domain::time::Timestamp;

/// A fact a webhook told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// The customer removed us, uninstalled our app or deleted its account.
    Departed {
        /// Stable code.
        reason: &'static str,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// The customer shared its account or installed our app.
    Joined {
        /// Its portfolio.
        business: Option<BusinessId>,
        /// Since when, by Meta's clock.
        at: Timestamp,
    },
    /// A word about the account or a number.
    Word {
        /// What it is about.
        about: About,
        /// Which aspect of it.
        aspect: Aspect,
        /// In Meta's words.
        word: String,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// A business finished a signup and has to be certified before its first message.
    Uncertified {
        /// Its portfolio.
        business: BusinessId,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// A display name was decided about.
    NameDecided {
        /// The number.
        display: DisplayNumber,
        /// The decision.
        decision: String,
        /// When, by Meta's clock.
        at: Timestamp,
    },
    /// Something changed that is better read than believed.
    Look,
    /// A template has another status.
    Template(Template),
}

/// What an interpreter may use besides the change.
#[derive(Debug, Clone)]
pub struct Context {
    /// Our app: an uninstalled app concerns us only when it is ours.
    pub app: AppId,
    /// When the POST was received; stands in for a time that Meta did not send.
    pub received_at: Timestamp,
}

/// How far ahead of our clock a time of Meta's is believed: five minutes.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(300);

impl Context {
    /// The change's own time, not later than receipt and five minutes: one absurd time must not win for ever.
    #[must_use]
    pub fn time_of(&self, change: &Change<'_>) -> Timestamp {
        change
            .time
            .filter(|time| time.as_millis() > 0)
            .unwrap_or(self.received_at)
            .min(self.received_at.after(CLOCK_SKEW))
    }
}

type Interpret = fn(&Change<'_>, &Context) -> Option<Observation>;

const FIELDS: &[(&str, Interpret)] = &[
    ("account_alerts", |_, _| Some(Observation::Look)),
    ("account_review_update", reviews::account),
    ("account_update", account_update::interpret),
    ("business_capability_update", |_, _| Some(Observation::Look)),
    ("business_status_update", |_, _| Some(Observation::Look)),
    ("message_template_status_update", message_template_status_update::interpret),
    ("phone_number_name_update", reviews::display_name),
    ("phone_number_quality_update", |_, _| Some(Observation::Look)),
];

/// Fields of Meta's that this system lives from: what it interprets, and what its platform is told.
pub const FIELDS_IN_USE: [&str; 12] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "business_capability_update",
    "history",
    "message_template_status_update",
    "messages",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
];

/// What the change tells us; `None` when it does not change our records or is not as documented.
#[must_use]
pub fn interpret(change: &Change<'_>, context: &Context) -> Option<Observation> {
    let (_, interpret) = FIELDS.iter().find(|(field, _)| *field == change.field)?;
    interpret(change, context)
}
