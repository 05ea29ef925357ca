//! Rules common to the three batch operations.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::error::SqsError;

/// Maximum entries per batch.
const MAXIMUM_ENTRIES: usize = 10;

/// Maximum length of an entry's id, in characters.
const MAXIMUM_ID: usize = 80;

/// Refuses a batch as a whole: no entries, too many, malformed or duplicate ids. `kind` is the service's name for an
/// entry.
pub(super) fn check<'a>(ids: impl ExactSizeIterator<Item = &'a str>, kind: &'static str) -> Result<(), SqsError> {
    match ids.len() {
        0 => return Err(SqsError::EmptyBatchRequest(kind)),
        1..=MAXIMUM_ENTRIES => {}
        many => return Err(SqsError::TooManyEntriesInBatchRequest(many)),
    }
    let mut seen = BTreeSet::new();
    for id in ids {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=MAXIMUM_ID).contains(&id.len()) || !id.bytes().all(known) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.to_owned()));
        }
    }
    Ok(())
}

/// The response to a batch: successes and failures by entry id. An empty list is omitted.
pub(super) fn outcome(results: impl Iterator<Item = (String, Result<Value, SqsError>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, result) in results {
        match result {
            Ok(mut entry) => {
                if let Value::Object(members) = &mut entry {
                    members.insert("Id".to_owned(), id.into());
                }
                successful.push(entry);
            }
            Err(error) => failed.push(json!({
                "Id": id, "SenderFault": true, "Code": error.code(), "Message": error.to_string(),
            })),
        }
    }
    let mut answer = json!({});
    for (name, list) in [("Successful", successful), ("Failed", failed)] {
        if let (Value::Object(members), false) = (&mut answer, list.is_empty()) {
            members.insert(name.to_owned(), list.into());
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(ids: &[&str]) -> Result<(), SqsError> {
        check(ids.iter().copied(), "Entry")
    }

    #[test]
    fn a_batch_has_one_to_ten_distinct_well_formed_ids() {
        assert_eq!(checked(&["a", "b-1", "c_2"]), Ok(()));
        assert_eq!(checked(&[]), Err(SqsError::EmptyBatchRequest("Entry")));
        assert_eq!(checked(&["a"; 11]), Err(SqsError::TooManyEntriesInBatchRequest(11)));
        assert_eq!(checked(&["a", "a"]), Err(SqsError::BatchEntryIdsNotDistinct("a".into())));
        for id in ["", "a b", "a:b", &"x".repeat(81)] {
            assert_eq!(checked(&[id]), Err(SqsError::InvalidBatchEntryId), "{id}");
        }
    }
}
