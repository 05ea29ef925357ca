//! Searches for secrets where none may be: logs, responses, the table, queues, events.

use crate::Lab;
use crate::stack::text;
use local::Answer;
use serde_json::Value;
use std::sync::PoisonError;

/// A place a secret could leak to.
struct Sink {
    name: String,
    text: String,
    /// Whether it contains text of Meta's, which includes the customers' numbers.
    passes_on: bool,
}

impl Lab {
    /// Records the response of an endpoint for the search at the end.
    pub(crate) fn seen(&self, answer: Answer) -> Answer {
        let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        answer
    }

    /// All secrets that must not leave the vault: the platform's secrets, customers' tokens, codes and PINs.
    pub async fn canaries(&self) -> Vec<String> {
        let state = self.simulator("state").await;
        let held = |kind: &str| state.get(kind).and_then(Value::as_object).into_iter().flatten();
        let pins = held("phones").map(|(_, phone)| text(phone, "pin")).filter(|pin| !pin.is_empty());
        let moving = held("phones").filter_map(|(_, phone)| phone.get("arrival")?.get("code")?.as_str());
        let moving: Vec<String> = moving.map(str::to_owned).collect();
        let meta = &self.stack.endpoints().meta;
        let own = [&meta.app_secret, &meta.system_token, &meta.verify_token].map(Clone::clone);
        let own = own.into_iter().filter(|secret| !secret.is_empty());
        held("tokens")
            .chain(held("codes"))
            .map(|(secret, _)| secret.clone())
            .chain(pins)
            .chain(moving)
            .chain(own)
            .collect()
    }

    /// The customers' numbers, as people and as webhooks write them.
    pub async fn numbers(&self) -> Vec<String> {
        let state = self.simulator("state").await;
        let phones = state.get("phones").and_then(Value::as_object).into_iter().flatten();
        let written = phones.map(|(_, phone)| text(phone, "display_phone_number"));
        written.flat_map(|number| [number.clone(), number.chars().filter(char::is_ascii_digit).collect()]).collect()
    }

    pub(crate) async fn no_secret_is_anywhere(&self) {
        let (canaries, numbers) = (self.canaries().await, self.numbers().await);
        for sink in self.sinks().await {
            let leaked = canaries.iter().any(|secret| names(&sink.text, secret));
            assert!(!leaked, "a secret is in {}: {}", sink.name, sink.text);
            let personal = !sink.passes_on && numbers.iter().any(|number| names(&sink.text, number));
            assert!(!personal, "a phone number is in {}: {}", sink.name, sink.text);
        }
    }

    async fn sinks(&self) -> Vec<Sink> {
        let sink = |name: &str, text: String| Sink { name: name.to_owned(), text, passes_on: false };
        let mut sinks: Vec<Sink> = self
            .stack
            .logs()
            .into_iter()
            .map(|line| sink(&format!("the log of {}", line.function), line.text))
            .collect();
        let replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sinks.extend(replies.into_iter().map(|reply| sink("a reply", reply)));
        sinks.extend(self.dump().await.into_iter().map(|item| sink("the table", item)));
        let mut bodies = Vec::new();
        strings(&self.stack.sqs().snapshot(), &mut bodies);
        let message = |body: String| Sink { passes_on: body.contains("whatsapp.webhook."), ..sink("a queue", body) };
        sinks.extend(bodies.into_iter().map(message));
        sinks
    }
}

/// Every string in a JSON value.
fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|member| strings(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether a text contains a secret. The six digits of a PIN may also appear in the fraction of a time, so a secret
/// counts only if it is not part of a longer word.
fn names(text: &str, secret: &str) -> bool {
    let word = |edge: Option<char>| edge.is_some_and(char::is_alphanumeric);
    text.match_indices(secret).any(|(at, found)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        !word(before.chars().next_back()) && !word(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_pin_in_a_sentence_is_found_and_one_in_a_time_is_not() {
        assert!(names(r#"{"pin":"946075"}"#, "946075") && names("946075", "946075") && names("a 946075.", "946075"));
        assert!(!names("2026-11-21T04:23:46.946075Z", "946075") && !names("onb_019460751", "946075"));
    }
}
