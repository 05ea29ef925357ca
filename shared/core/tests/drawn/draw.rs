//! A deterministic random number generator: a failure names its seed and can be reproduced.

/// A linear congruential generator; good enough for these tests.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// A number below `bound`, which is at least one.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }
}
