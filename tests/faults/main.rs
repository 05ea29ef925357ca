//! Every call of every function, spoiled in every way, one at a time: what is promised holds all the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test, and its matrix")]

mod customer;

use customer::{Customer, start};
use integration::{Effect, Strike};

/// The calls of a signup, taken from one that is not disturbed: a new call cannot be forgotten.
async fn matrix(of: impl Fn(&str) -> bool, repeated: usize) {
    let (lab, proxy) = start().await;
    proxy.script(None);
    Customer::new(&lab, "undisturbed").becomes_ready().await;
    let calls: Vec<(String, usize)> = proxy.calls().into_iter().filter(|(call, _)| of(call)).collect();
    let (mut runs, mut struck) = (0, 0);
    for (call, count) in &calls {
        for nth in 1..=*count {
            for effect in Effect::ALL {
                let strike = Strike { call: call.clone(), nth, times: repeated, effect };
                // Cold, as the first run was: a warm process has its secrets already.
                proxy.kill().await;
                proxy.script(Some(strike.clone()));
                let name = format!("customer-{runs}");
                Customer::new(&lab, &name).becomes_ready_whatever_happens(&strike).await;
                runs += 1;
                struck += usize::from(proxy.has_struck());
            }
        }
    }
    println!("{} kinds of calls, {runs} runs, {struck} struck, {runs} ended ready and paid once", calls.len());
    for (call, count) in calls {
        println!("  {count:>3} x {call}");
    }
    proxy.script(None);
    assert!(struck * 10 >= runs * 9, "most strikes hit: {struck} of {runs}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_meta_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("graph "), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_the_table_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("dynamodb "), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_vault_and_queues_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("sqs ") || call.starts_with("secretsmanager "), 2).await;
}
