//! Two faults in one journey, drawn from all pairs by a fixed seed: the same run draws the same pairs.

use crate::customer::start;
use crate::journey::Journey;
use crate::matrix::{calls_of, disturbed};
use integration::{Effect, Strike};
use std::io::Write as _;

const JOURNEYS: [Journey; 3] = [Journey::Signup, Journey::SecondNumber, Journey::Exit];

/// A small generator of its own: all that is asked of it is to be the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }

    fn strike(&mut self, calls: &[(String, usize)]) -> Strike {
        let (call, count) = calls[self.below(calls.len())].clone();
        let repeated = if call.starts_with("graph ") { 1 } else { 2 };
        let effect = Effect::ALL[self.below(Effect::ALL.len())];
        Strike { call, nth: self.below(count) + 1, times: repeated, effect }
    }
}

pub(crate) async fn sampled(pairs: usize) {
    let (lab, proxy) = start().await;
    let mut draw = Draw(2026);
    let (mut runs, mut helped) = (0, 0);
    for journey in JOURNEYS {
        let calls = calls_of(&lab, &proxy, journey).await;
        for _ in 0..pairs / JOURNEYS.len() {
            let strikes = [draw.strike(&calls), draw.strike(&calls)];
            helped += usize::from(disturbed(&lab, &proxy, journey, &strikes, runs).await.helped > 0);
            runs += 1;
        }
        std::io::stdout()
            .write_all(
                format!("{journey:?}: {runs} pairs so far, all arrived, {helped} after an operator said go on\n")
                    .as_bytes(),
            )
            .unwrap();
    }
    proxy.script(&[]);
    lab.stop().await;
}
