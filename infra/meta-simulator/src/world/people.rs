//! People with WhatsApp: what Meta calls them, which may not be what was dialled.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A person, as it appears in webhooks to one portfolio.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Person {
    /// WhatsApp's own form of the number; absent for somebody who is known by user id only.
    pub(crate) wa_id: Option<String>,
    /// The business-scoped user id.
    pub(crate) user_id: String,
}

/// The user ids that differ from a person's first one.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct People {
    user_ids: BTreeMap<String, String>,
    /// WhatsApp's form of dialled numbers that follow no rule.
    forms: BTreeMap<String, String>,
    changes: u64,
}

/// WhatsApp's form of a dialled number: with a `1` in Mexico and a `9` in Argentina, and in most of Brazil without the
/// ninth digit (Meta: the prefix "may be modified by the Cloud API"; field reports for Argentina).
fn wa_id(dialled: &str) -> String {
    let digits: String = dialled.chars().filter(char::is_ascii_digit).collect();
    let (country, rest) = digits.split_at_checked(2).unwrap_or((&digits, ""));
    match (country, rest.len()) {
        ("52", 10) => format!("521{rest}"),
        ("54", 10) => format!("549{rest}"),
        ("55", 11) => match rest.split_at_checked(2) {
            // The first areas that got the ninth digit keep it.
            Some((area, local)) if area > "28" => format!("55{area}{}", local.trim_start_matches('9')),
            _ => digits,
        },
        _ => digits,
    }
}

fn country(wa_id: &str) -> &'static str {
    match wa_id.get(..2) {
        Some("52") => "MX",
        Some("54") => "AR",
        Some("55") => "BR",
        _ => "US",
    }
}

impl People {
    /// The person who is reached by a dialled number.
    pub(crate) fn with_number(&self, dialled: &str) -> Person {
        let wa_id = self.wa_id(dialled);
        let first = || format!("{}.1{wa_id}", country(&wa_id));
        let user_id = self.user_ids.get(&wa_id).cloned().unwrap_or_else(first);
        Person { wa_id: Some(wa_id), user_id }
    }

    fn wa_id(&self, dialled: &str) -> String {
        let wa_id = wa_id(dialled);
        self.forms.get(&wa_id).cloned().unwrap_or(wa_id)
    }

    /// WhatsApp knows a dialled number in this form.
    pub(crate) fn is_known_as(&mut self, dialled: &str, form: &str) -> Person {
        self.forms.insert(wa_id(dialled), form.to_owned());
        self.with_number(dialled)
    }

    /// The person with a user id.
    pub(crate) fn with_user_id(&self, user_id: &str) -> Person {
        Person { wa_id: None, user_id: user_id.to_owned() }
    }

    /// Gives somebody a new user id.
    pub(crate) fn renew(&mut self, dialled: &str) -> Person {
        self.changes += 1;
        let wa_id = self.wa_id(dialled);
        let user_id = format!("{}.9{}{wa_id}", country(&wa_id), self.changes);
        self.user_ids.insert(wa_id.clone(), user_id.clone());
        Person { wa_id: Some(wa_id), user_id }
    }
}

impl Person {
    /// The person as a contact of a webhook.
    pub(crate) fn contact(&self) -> Value {
        match &self.wa_id {
            Some(wa_id) => json!({ "profile": { "name": "Kim" }, "wa_id": wa_id, "user_id": self.user_id }),
            None => json!({ "profile": { "name": "Kim", "username": "kim" }, "user_id": self.user_id }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_three_countries_come_back_in_whatsapps_form() {
        for (dialled, form) in [
            ("+52 55 1234 5678", "5215512345678"),
            ("541123456789", "5491123456789"),
            ("5531987654321", "553187654321"),
            ("5511987654321", "5511987654321"),
            ("+1 650 555 1234", "16505551234"),
        ] {
            assert_eq!(wa_id(dialled), form);
            assert_eq!(wa_id(form), form);
        }
    }
}
