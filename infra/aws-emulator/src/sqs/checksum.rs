//! MD5 digests that the SDKs verify.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};

use super::message::MessageAttribute;

const STRING: u8 = 1;
const BINARY: u8 = 2;

/// MD5 of a message body, lower-case hex.
pub(super) fn of_body(body: &str) -> String {
    hex::encode(Md5::digest(body.as_bytes()))
}

/// MD5 over message attributes in name order, lower-case hex; `None` if there are none.
///
/// Name, data type and value each go in with their length as four big-endian bytes, the value after a byte for its
/// transport type (SQS Developer Guide, "Calculating the MD5 message digest for message attributes").
pub(super) fn of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        update(&mut digest, name.as_bytes());
        update(&mut digest, attribute.data_type.as_bytes());
        match &attribute.binary_value {
            Some(bytes) => {
                digest.update([BINARY]);
                update(&mut digest, bytes);
            }
            None => {
                digest.update([STRING]);
                update(&mut digest, attribute.string_value.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }
    Some(hex::encode(digest.finalize()))
}

/// MD5 over the one system attribute a sender may set, computed like that of message attributes.
pub(super) fn of_trace_header(header: Option<&str>) -> Option<String> {
    let attribute = MessageAttribute::string(header?);
    of_attributes(&BTreeMap::from([("AWSTraceHeader".to_owned(), attribute)]))
}

fn update(digest: &mut Md5, bytes: &[u8]) {
    // No message is longer than 1 MiB, so the length always fits.
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, MessageAttribute> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), MessageAttribute::string(value))).collect()
    }

    #[test]
    fn the_digest_of_string_attributes_is_the_one_aws_answers() {
        assert_eq!(
            of_attributes(&strings(&[("Help.Me", "Me"), ("Hello", "There"), ("General", "Kenobi")])).as_deref(),
            Some("4c360f3fdafd970e05fae2f149d997f5")
        );
        assert_eq!(of_attributes(&strings(&[("Foo", "Bar")])).as_deref(), Some("ae7155c6026991b6d54b11589678bf9c"));
    }

    #[test]
    fn the_digest_of_a_binary_attribute_is_the_one_aws_answers() {
        let value = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
        let attributes = BTreeMap::from([("attr1".to_owned(), MessageAttribute::binary(value))]);
        assert_eq!(of_attributes(&attributes).as_deref(), Some("8cbe4db156db8a94db8b801b7addb984"));
    }

    #[test]
    fn no_attributes_have_no_digest() {
        assert_eq!(of_attributes(&BTreeMap::new()), None);
    }

    #[test]
    fn the_digest_of_a_body_is_plain_md5() {
        assert_eq!(of_body("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
    }
}
