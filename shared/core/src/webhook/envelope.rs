//! The queue message for one POST from Meta: versioned, compressed where worthwhile, split only when necessary.

use super::change::{Change, Part, split};
use crate::domain::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

mod halves;

/// Maximum size of an SQS message in bytes (1 MiB since 2025).
pub const LARGEST_MESSAGE: usize = 1_048_576;

/// Maximum size of an unpacked body: Lambda's limit for a request, 6 MiB. A larger one was not packed by us.
const LARGEST_BODY: u64 = 6 * 1024 * 1024;

/// Bodies up to this many bytes are not compressed: allocating half a megabyte of compressor state would take longer
/// than the remaining work of a receipt, and ten such messages still fit into one chunk of 64 KB, the unit in which SQS
/// bills.
const SMALL: usize = 4096;

/// Why a body could not be packed or a queue message could not be unpacked.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum EnvelopeError {
    /// The packed body exceeds the size limit of a queue message.
    #[error("body too large for a queue message")]
    TooLarge,
    /// Not an envelope of this version.
    #[error("unrecognised envelope")]
    Unknown,
    /// The content of the envelope is damaged.
    #[error("damaged envelope")]
    Damaged,
}

/// The format of the queue message.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    /// Version of this format.
    v: u8,
    /// When the POST was received, in milliseconds.
    received_at: Timestamp,
    /// Body bytes: zlib, then base64 (SQS allows XML characters only, webhooks may contain any byte).
    body: &'a str,
    /// See [`Envelope::forwarded`]; absent from messages of the webhook function.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forwarded: bool,
}

/// A received POST.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// When it was received.
    pub received_at: Timestamp,
    /// The bytes as Meta signed them.
    pub body: Vec<u8>,
    /// Whether its changes were forwarded to the platform already, and only applying them to our records is left.
    pub forwarded: bool,
}

/// The queue messages of one POST.
pub struct Packed {
    /// The messages.
    pub messages: Vec<String>,
    /// Number of parts that did not fit into a message.
    pub left_out: usize,
}

impl Envelope {
    /// A POST that was just received.
    #[must_use]
    pub fn new(received_at: Timestamp, body: Vec<u8>) -> Self {
        Self { received_at, body, forwarded: false }
    }

    /// The queue message.
    ///
    /// # Errors
    /// [`EnvelopeError::TooLarge`] when it exceeds the limit of SQS.
    pub fn pack(&self) -> Result<String, EnvelopeError> {
        let body = STANDARD.encode(zlib(&self.body)?);
        let wire = Wire { v: 1, received_at: self.received_at, body: &body, forwarded: self.forwarded };
        let message = serde_json::to_string(&wire).map_err(|_| EnvelopeError::Damaged)?;
        if message.len() > LARGEST_MESSAGE { Err(EnvelopeError::TooLarge) } else { Ok(message) }
    }

    /// The queue messages of one POST: one, unless it does not fit even when compressed. Then it is halved by entry, by
    /// change, by item of a change, until every part fits; together the parts contain everything. A part that neither
    /// fits nor can be halved is left out; the others are not affected.
    #[must_use]
    pub fn pack_all(&self) -> Packed {
        if let Ok(message) = self.pack() {
            return Packed { messages: vec![message], left_out: 0 };
        }
        let Some((first, second)) = halves::of(&self.body) else { return Packed { messages: Vec::new(), left_out: 1 } };
        let part = |body| Self { received_at: self.received_at, body, forwarded: self.forwarded }.pack_all();
        let (mut first, second) = (part(first), part(second));
        first.messages.extend(second.messages);
        Packed { left_out: first.left_out + second.left_out, ..first }
    }

    /// Unpacks a queue message.
    ///
    /// # Errors
    /// [`EnvelopeError::Unknown`] for another version, [`EnvelopeError::Damaged`] for content that cannot be unpacked.
    pub fn unpack(message: &str) -> Result<Self, EnvelopeError> {
        let wire: Wire<'_> = serde_json::from_str(message).map_err(|_| EnvelopeError::Unknown)?;
        if wire.v != 1 {
            return Err(EnvelopeError::Unknown);
        }
        let packed = STANDARD.decode(wire.body).map_err(|_| EnvelopeError::Damaged)?;
        let mut body = Vec::new();
        let read = ZlibDecoder::new(packed.as_slice()).take(LARGEST_BODY + 1).read_to_end(&mut body);
        match read {
            Ok(length) if u64::try_from(length).is_ok_and(|length| length <= LARGEST_BODY) => {
                Ok(Self { received_at: wire.received_at, body, forwarded: wire.forwarded })
            }
            _ => Err(EnvelopeError::Damaged),
        }
    }
}

/// The body as a zlib stream (RFC 1950), compressed unless it is small.
fn zlib(body: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    if body.len() <= SMALL
        && let Ok(length) = u16::try_from(body.len())
    {
        return Ok(stored(body, length));
    }
    let mut zlib = ZlibEncoder::new(Vec::with_capacity(body.len() / 2 + 64), Compression::fast());
    zlib.write_all(body).and_then(|()| zlib.finish()).map_err(|_| EnvelopeError::Damaged)
}

/// A zlib stream with one final stored block (RFC 1951, 3.2.4) and the checksum.
fn stored(body: &[u8], length: u16) -> Vec<u8> {
    const HEADER: [u8; 2] = [0x78, 0x01];
    const LAST_AND_STORED: [u8; 1] = [0x01];
    let checksum = zlib_rs::adler32::adler32(1, body).to_be_bytes();
    let (length, complement) = (length.to_le_bytes(), (!length).to_le_bytes());
    [&HEADER[..], &LAST_AND_STORED, &length, &complement, body, &checksum].concat()
}

/// Maximum size of a change's value in one event; leaves room for the event's other members.
const LARGEST_VALUE: usize = 960 * 1024;

/// Divides a body until each change fits into an event. Changes are halved by their items, byte for byte, depending on
/// nothing but the change itself. A change that cannot be halved stays as it is.
#[must_use]
pub fn divided(body: Vec<u8>) -> Vec<Vec<u8>> {
    let too_large = |part: &Part<'_>| matches!(part, Part::Change(change) if change.value.get().len() > LARGEST_VALUE);
    if body.len() <= LARGEST_VALUE || !split(&body).is_ok_and(|parts| parts.iter().any(too_large)) {
        return vec![body];
    }
    match halves::of(&body) {
        Some((first, second)) => [divided(first), divided(second)].concat(),
        None => vec![body],
    }
}

/// A body in pieces of which none weighs more than `most`, where `weight` is that of one change: halved by entry, by change,
/// and a change that weighs more alone by its items, in a way that depends on nothing but the change. What cannot be halved
/// stays as it is.
#[must_use]
pub fn in_pieces(body: Vec<u8>, most: usize, weight: &impl Fn(&Change<'_>) -> usize) -> Vec<Vec<u8>> {
    let of_part = |part: &Part<'_>| match part {
        Part::Change(change) => weight(change),
        Part::Unreadable(_) => 0,
    };
    let weighs: usize = split(&body).map_or(0, |parts| parts.iter().map(of_part).sum());
    if weighs <= most {
        return vec![body];
    }
    match halves::of(&body) {
        Some((first, second)) => [in_pieces(first, most, weight), in_pieces(second, most, weight)].concat(),
        None => vec![body],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: &[u8]) -> Envelope {
        Envelope::new(Timestamp::from_millis(5), body.to_vec())
    }

    #[test]
    fn any_bytes_survive_packing_and_unpacking() {
        for body in [&b""[..], b"{}", b"\x00\xff\xfe not utf-8", "\u{ffff}\u{fffe}".as_bytes()] {
            let packed = envelope(body).pack().unwrap();
            assert!(packed.is_ascii());
            assert!(Envelope::unpack(&packed).unwrap() == envelope(body));
        }
    }

    #[test]
    fn whether_a_body_was_forwarded_survives_packing_and_messages_without_it_are_read() {
        let forwarded = Envelope { forwarded: true, ..envelope(b"{}") };
        assert!(Envelope::unpack(&forwarded.pack().unwrap()).unwrap() == forwarded);
        let received = envelope(b"{}").pack().unwrap();
        assert!(!received.contains("forwarded") && !Envelope::unpack(&received).unwrap().forwarded);
    }

    #[test]
    fn small_bodies_are_stored_large_ones_compressed_and_ten_small_ones_are_one_chunk_of_sqs() {
        let (small, large) = (vec![b'a'; SMALL], vec![b'a'; SMALL + 1]);
        let packed = envelope(&small).pack().unwrap();
        assert!(packed.len() > SMALL && 10 * packed.len() <= 64 * 1024);
        assert!(Envelope::unpack(&packed).unwrap() == envelope(&small));
        let packed = envelope(&large).pack().unwrap();
        assert!(packed.len() < 200);
        assert!(Envelope::unpack(&packed).unwrap() == envelope(&large));
    }

    #[test]
    fn a_change_too_large_for_one_event_is_divided_by_its_items_regardless_of_other_changes() {
        let item = format!(r#"{{"id":"{}"}}"#, "x".repeat(1000));
        let large = format!(r#"{{"field":"history","value":{{"a":1,"messages":[{}]}}}}"#, vec![item; 2500].join(","));
        let small = r#"{"field":"security","value":{}}"#;
        let body = |changes: &[&str]| {
            let changes = changes.join(",");
            format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{changes}]}}]}}"#)
                .into_bytes()
        };
        let values = |body: Vec<u8>| {
            let of = |body: &Vec<u8>| -> Vec<String> {
                let parts = split(body).unwrap();
                parts
                    .iter()
                    .filter_map(|part| match part {
                        Part::Change(it) => Some(it.value.get().to_owned()),
                        Part::Unreadable(_) => None,
                    })
                    .collect()
            };
            divided(body).iter().flat_map(of).filter(|value| value.len() > 10).collect::<Vec<_>>()
        };
        let alone = values(body(&[&large]));
        assert!(alone.len() > 2 && alone.iter().all(|value| value.len() <= LARGEST_VALUE));
        assert_eq!(alone.iter().map(|value| value.matches("\"id\"").count()).sum::<usize>(), 2500);
        assert_eq!(values(body(&[small, &large])), alone, "the same parts beside another change");
        assert_eq!(divided(body(&[small])).len(), 1);
    }

    #[test]
    fn a_body_that_weighs_too_much_is_halved_until_no_piece_does_and_nothing_is_lost() {
        let items = |change: &Change<'_>| change.value.get().matches("\"id\"").count();
        let change = |count: usize| {
            let ids: Vec<_> = (0..count).map(|id| format!(r#"{{"id":"{id}"}}"#)).collect();
            format!(r#"{{"field":"messages","value":{{"statuses":[{}]}}}}"#, ids.join(","))
        };
        let body = |changes: &[String]| {
            let changes = changes.join(",");
            format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{changes}]}}]}}"#)
                .into_bytes()
        };
        let weights = |pieces: &[Vec<u8>]| -> Vec<usize> {
            pieces.iter().map(|piece| String::from_utf8_lossy(piece).matches("\"id\":\"").count() - 1).collect()
        };
        for changes in [vec![change(1000)], vec![change(1); 1000], vec![change(3), change(997)]] {
            let weights = weights(&in_pieces(body(&changes), 50, &items));
            assert!(weights.iter().all(|weight| *weight <= 50), "{weights:?}");
            assert_eq!(weights.iter().sum::<usize>(), 1000);
        }
        let alone = in_pieces(body(&[change(997)]), 50, &items);
        let beside = in_pieces(body(&[change(3), change(997)]), 50, &items);
        assert_eq!(beside.get(1..), Some(alone.as_slice()), "the same pieces beside another change");
        assert_eq!(in_pieces(body(&[change(50)]), 50, &items).len(), 1);
    }

    #[test]
    fn a_body_of_three_megabytes_and_a_thousand_changes_fits_one_message() {
        let change = r#"{"field":"messages","value":{"messages":[{"id":"wamid.HBgLMTY1MDU1NTEyMzQ"}]}},"#.repeat(36);
        let body = change.repeat(1000);
        assert!(body.len() > 2_800_000 && envelope(body.as_bytes()).pack().unwrap().len() < LARGEST_MESSAGE);
    }

    #[test]
    fn foreign_messages_and_decompression_bombs_are_refused() {
        assert!(matches!(Envelope::unpack("{}"), Err(EnvelopeError::Unknown)));
        assert!(matches!(Envelope::unpack(r#"{"v":2,"received_at":1,"body":""}"#), Err(EnvelopeError::Unknown)));
        assert!(matches!(Envelope::unpack(r#"{"v":1,"received_at":1,"body":"AAAA"}"#), Err(EnvelopeError::Damaged)));
        let bomb = envelope(&vec![b' '; 7 * 1024 * 1024]).pack().unwrap();
        assert!(matches!(Envelope::unpack(&bomb), Err(EnvelopeError::Damaged)));
    }
}
