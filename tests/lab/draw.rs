//! Random numbers that are the same in every run and on every machine, so that a failure can be reproduced.

/// A small pseudorandom generator.
pub struct Draw(pub u64);

impl Draw {
    /// A number below `bound`, which is at least one.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }

    /// A random choice.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices.get(self.below(choices.len())).copied().expect("a choice")
    }

    /// Shuffles.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}
