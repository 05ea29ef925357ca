//! Random identifiers in the shapes the services use.

use rand::distr::{Alphanumeric, SampleString as _};
use uuid::Uuid;

/// A version 4 UUID: message ids, version ids, request ids.
pub(crate) fn uuid() -> String {
    Uuid::new_v4().to_string()
}

/// `length` random ASCII letters and digits.
pub(crate) fn alphanumeric(length: usize) -> String {
    Alphanumeric.sample_string(&mut rand::rng(), length)
}
