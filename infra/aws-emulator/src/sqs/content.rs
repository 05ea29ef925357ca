//! What a message may contain.

use std::collections::BTreeMap;

use super::error::SqsError;
use super::message::{MessageAttribute, NewMessage};

/// Maximum bytes of a message, attributes included, and of all messages of a batch together. 1 MiB since 2025.
pub(super) const MAXIMUM_SIZE: usize = 1_048_576;

/// Maximum delay of a message, in seconds.
const MAXIMUM_DELAY: i64 = 900;

/// Maximum message attributes per message.
const MAXIMUM_ATTRIBUTES: usize = 10;

/// Maximum length of a message attribute's name, in characters.
const MAXIMUM_ATTRIBUTE_NAME: usize = 256;

/// Refuses a message that SQS would refuse. `limit` is the queue's `MaximumMessageSize`, in bytes.
pub(super) fn check(message: &NewMessage, limit: usize) -> Result<(), SqsError> {
    if message.body.is_empty() {
        return Err(SqsError::MissingParameter("MessageBody"));
    }
    if let Some(delay) = message.delay_seconds.filter(|delay| !(0..=MAXIMUM_DELAY).contains(delay)) {
        return Err(SqsError::invalid_value(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900."));
    }
    check_text(&message.body)?;
    check_attributes(&message.attributes)?;
    if size(message) > limit {
        return Err(SqsError::InvalidParameterValue(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )));
    }
    Ok(())
}

/// Size of a message in bytes: its body and the name, type and value of each attribute.
pub(super) fn size(message: &NewMessage) -> usize {
    let attributes = message.attributes.iter().map(|(name, attribute)| {
        name.len()
            + attribute.data_type.len()
            + attribute.string_value.as_deref().map_or(0, str::len)
            + attribute.binary_value.as_deref().map_or(0, <[u8]>::len)
    });
    message.body.len() + attributes.sum::<usize>()
}

/// Refuses characters outside of XML 1.0: `#x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF`.
fn check_text(text: &str) -> Result<(), SqsError> {
    // A `char` is never a surrogate, so the two upper ranges meet below #xFFFE.
    let allowed =
        |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
    if text.chars().all(allowed) { Ok(()) } else { Err(SqsError::InvalidMessageContents) }
}

fn check_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Result<(), SqsError> {
    if attributes.len() > MAXIMUM_ATTRIBUTES {
        return Err(SqsError::InvalidParameterValue(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MAXIMUM_ATTRIBUTES}].",
            attributes.len()
        )));
    }
    attributes.iter().try_for_each(|(name, attribute)| {
        check_attribute_name(name)?;
        check_attribute_value(name, attribute)
    })
}

fn check_attribute_name(name: &str) -> Result<(), SqsError> {
    let lower = name.to_ascii_lowercase();
    let well_formed = (1..=MAXIMUM_ATTRIBUTE_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !name.contains("..")
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if well_formed {
        return Ok(());
    }
    Err(SqsError::InvalidParameterValue(format!("Message (user) attribute name '{name}' is invalid.")))
}

fn check_attribute_value(name: &str, attribute: &MessageAttribute) -> Result<(), SqsError> {
    let invalid =
        |reason: &str| Err(SqsError::InvalidParameterValue(format!("Message (user) attribute '{name}' {reason}")));
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    let text = attribute.string_value.as_deref();
    match kind {
        "Binary" => match &attribute.binary_value {
            Some(bytes) if !bytes.is_empty() && text.is_none() => Ok(()),
            _ => invalid("must contain a non-empty value of type 'Binary'."),
        },
        "String" | "Number" => match text {
            Some(text) if !text.is_empty() && attribute.binary_value.is_none() => {
                if kind == "Number" && text.parse::<f64>().is_err() {
                    return invalid(&format!("value '{text}' is not a number."));
                }
                check_text(text)
            }
            _ => invalid(&format!("must contain a non-empty value of type '{kind}'.")),
        },
        _ => {
            invalid("has an invalid message attribute type; it must start with one of 'String', 'Number' or 'Binary'.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_character_set_is_that_of_xml() {
        for allowed in ['\t', '\n', '\r', ' ', '\u{7F}', '\u{D7FF}', '\u{E000}', '\u{FFFD}', '\u{10000}', '\u{10FFFF}']
        {
            assert_eq!(check_text(&allowed.to_string()), Ok(()), "{allowed:?}");
        }
        for refused in ['\0', '\u{8}', '\u{B}', '\u{C}', '\u{E}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
            assert_eq!(check_text(&refused.to_string()), Err(SqsError::InvalidMessageContents), "{refused:?}");
        }
    }

    #[test]
    fn the_size_counts_names_types_and_values_of_attributes() {
        let attributes = BTreeMap::from([("k".to_owned(), MessageAttribute::string("x"))]);
        let message = NewMessage { attributes, ..NewMessage::new("aa") };
        assert_eq!(size(&message), 2 + 1 + 6 + 1);
        assert_eq!(check(&message, 10), Ok(()));
        assert!(matches!(check(&message, 9), Err(SqsError::InvalidParameterValue(_))));
    }

    #[test]
    fn attribute_names_follow_the_rules() {
        for allowed in ["a", "Help.Me", "x-1_2", "awsome"] {
            assert_eq!(check_attribute_name(allowed), Ok(()), "{allowed}");
        }
        for refused in ["", ".a", "a.", "a..b", "AWS.x", "amazon.x", "a b", "ä"] {
            assert!(check_attribute_name(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn attribute_values_match_their_type() {
        let number =
            |text: &str| MessageAttribute { data_type: "Number.int".to_owned(), ..MessageAttribute::string(text) };
        assert_eq!(check_attribute_value("n", &number("-1.5e3")), Ok(()));
        assert!(check_attribute_value("n", &number("many")).is_err());
        assert!(check_attribute_value("s", &MessageAttribute::string("")).is_err());
        assert!(check_attribute_value("b", &MessageAttribute::binary(b"")).is_err());
        let typeless = MessageAttribute { data_type: "Date".to_owned(), ..MessageAttribute::string("x") };
        assert!(check_attribute_value("d", &typeless).is_err());
    }
}
