//! Two faults in one flow, sampled from all pairs with a fixed seed: the same run samples the same pairs.

use crate::customer::start;
use crate::journey::Journey;
use crate::matrix::{calls_of, disturbed};
use integration::{Draw, Effect, Injection, say};

const JOURNEYS: [Journey; 3] = [Journey::Signup, Journey::SecondNumber, Journey::Exit];

fn injection(draw: &mut Draw, calls: &[(String, usize)]) -> Injection {
    let (call, count) = calls[draw.below(calls.len())].clone();
    let repeated = if call.starts_with("graph ") { 1 } else { 2 };
    let effect = draw.of(&Effect::ALL);
    Injection { call, nth: draw.below(count) + 1, times: repeated, effect }
}

pub(crate) async fn sampled(pairs: usize) {
    let (lab, proxy) = start().await;
    let mut draw = Draw(2026);
    let (mut runs, mut helped) = (0, 0);
    for journey in JOURNEYS {
        let calls = calls_of(&lab, &proxy, journey).await;
        for _ in 0..pairs / JOURNEYS.len() {
            let injections = [injection(&mut draw, &calls), injection(&mut draw, &calls)];
            helped += usize::from(disturbed(&lab, &proxy, journey, &injections, runs).await.helped > 0);
            runs += 1;
        }
        say(&format!("{journey:?}: {runs} pairs so far, all recovered, {helped} after an operator resumed"));
    }
    proxy.script(&[]);
    lab.stop().await;
}
