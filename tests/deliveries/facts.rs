//! Changes that Meta reports: messages that are passed on, templates and accounts whose newest status counts.

use integration::Draw;
use serde_json::{Value, json};

/// Percentages of changes about templates, and about accounts.
const TEMPLATES_OF_100: usize = 12;
const ACCOUNTS_OF_100: usize = 3;
/// Templates per customer.
pub(crate) const TEMPLATES: usize = 20;
/// Text that makes a thousand changes as large as Meta's largest body, and how rarely it is used.
const LARGE: usize = 2_600;
const LARGE_OF: usize = 9;

/// One customer.
pub(crate) struct Account {
    pub(crate) waba: String,
    pub(crate) phone: String,
    pub(crate) onboarding: String,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
}

/// One change, with its number in the ledger.
pub(crate) struct StatusValue {
    pub(crate) number: usize,
    pub(crate) account: usize,
    pub(crate) at: i64,
    pub(crate) about: About,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Message { large: bool },
    Template { index: usize, status: &'static str },
    Account { violation: &'static str },
}

impl World {
    pub(crate) fn add(&mut self, waba: String, phone: String, onboarding: String) {
        self.accounts.push(Account { waba, phone, onboarding });
    }

    /// A status with a unique time: equal times are tested elsewhere.
    pub(crate) fn facts(&self, count: usize) -> Vec<StatusValue> {
        let mut draw = Draw(7);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let first = i64::try_from(now).unwrap() - i64::try_from(count).unwrap();
        let fact = |number: usize| {
            let about = match draw.below(100) {
                kind if kind < TEMPLATES_OF_100 => About::Template {
                    index: draw.below(TEMPLATES),
                    status: draw.of(&["APPROVED", "PAUSED", "REJECTED", "DISABLED", "PENDING"]),
                },
                kind if kind < TEMPLATES_OF_100 + ACCOUNTS_OF_100 => {
                    About::Account { violation: draw.of(&["SCAM", "ALCOHOL", "DRUGS", "GAMBLING"]) }
                }
                _ => About::Message { large: number % LARGE_OF == 7 },
            };
            let account = draw.below(self.accounts.len());
            StatusValue { number, account, at: first + i64::try_from(number).unwrap(), about }
        };
        (0..count).map(fact).collect()
    }

    pub(crate) fn template_id(account: usize, index: usize) -> usize {
        7_000_000 + account * 1_000 + index
    }

    /// The change as it appears in an entry of its account.
    pub(crate) fn change(&self, fact: &StatusValue) -> (String, Value) {
        let account = &self.accounts[fact.account];
        let (field, mut value) = match fact.about {
            About::Message { large } => {
                let text = if large { "x".repeat(LARGE) } else { format!("hello {}", fact.number) };
                let message =
                    json!({ "id": format!("wamid.{}", fact.number), "type": "text", "text": { "body": text } });
                let metadata = json!({ "phone_number_id": account.phone });
                ("messages", json!({ "messaging_product": "whatsapp", "metadata": metadata, "messages": [message] }))
            }
            About::Template { index, status } => (
                "message_template_status_update",
                json!({
                    "event": status,
                    "message_template_id": Self::template_id(fact.account, index),
                    "message_template_name": format!("template_{index}"),
                    "message_template_language": "en_US",
                }),
            ),
            About::Account { violation } => (
                "account_update",
                json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": violation } }),
            ),
        };
        value["ledger"] = json!(fact.number);
        (account.waba.clone(), json!({ "field": field, "value": value }))
    }
}
