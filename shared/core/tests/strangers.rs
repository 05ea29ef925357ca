//! Any claims, crashes, announcements, joins and operator actions in any order: no customer gets an account whose token
//! it did not bring, unless an operator assigned it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

#[path = "strangers/act.rs"]
mod act;
#[path = "drawn/counts.rs"]
mod counts;
#[path = "strangers/world.rs"]
mod world;

use act::acts;
use counts::say;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use world::{Counts, World};

const RUNS: u32 = 6_000;

#[test]
fn no_customer_ends_with_an_account_whose_token_it_did_not_bring() {
    let config = Config { cases: RUNS, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let met = RefCell::new(Counts::default());
    let outcome = runner.run(&acts(), |acts| {
        let mut world = World::new();
        for act in &acts {
            world.take(act);
            world.check();
        }
        met.borrow_mut().add(&world.counts);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let met = met.into_inner();
    say(&format!("{RUNS} runs: {met:?}"));
    met.are_interesting();
}
