//! Where Meta's document is known to be wrong, each with its reason. Nothing else is let pass.

use super::{Part, Violation};

struct Deviation {
    operation: &'static str,
    part: Part,
    /// What the pointer ends with.
    pointer: &'static str,
    keyword: &'static str,
    /// Why the exchange is right and the document is not.
    #[expect(dead_code, reason = "for the reader")]
    reason: &'static str,
}

const DEVIATIONS: &[Deviation] = &[];

pub(super) fn is_known(violation: &Violation) -> bool {
    DEVIATIONS.iter().any(|known| {
        known.operation == violation.operation
            && known.part == violation.part
            && violation.pointer.ends_with(known.pointer)
            && known.keyword == violation.keyword
    })
}
