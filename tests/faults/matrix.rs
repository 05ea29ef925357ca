//! The calls of a flow, and the result of injecting a fault into each.

use crate::customer::{Customer, start};
use crate::journey::Journey;
use integration::{Effect, Injection, Lab, Proxy, say};
use std::collections::BTreeMap;

/// Calls to some of the services.
pub(crate) fn services(names: &'static [&'static str]) -> impl Fn(&str) -> bool {
    move |call| names.iter().any(|name| call.starts_with(&format!("{name} ")))
}

/// The calls of a flow, recorded from three undisturbed runs, so that a new call cannot be forgotten. How often a flow
/// calls depends on how long it waits, so only calls that all three made are used: the others cannot be targeted.
pub(crate) async fn calls_of(lab: &Lab, proxy: &Proxy, journey: Journey) -> Vec<(String, usize)> {
    let mut calls = undisturbed(lab, proxy, journey, 1).await;
    for run in 2..=3 {
        for (call, again) in undisturbed(lab, proxy, journey, run).await {
            calls.entry(call).and_modify(|count| *count = again.min(*count)).or_insert(again);
        }
    }
    calls.into_iter().collect()
}

async fn undisturbed(lab: &Lab, proxy: &Proxy, journey: Journey, run: usize) -> BTreeMap<String, usize> {
    let customer = Customer::new(lab, &format!("undisturbed-{journey:?}-{run}"));
    let ready = journey.prepare(&customer).await;
    lab.quiet().await;
    proxy.kill().await;
    proxy.script(&[]);
    journey.arrive(&customer, ready, "undisturbed").await;
    proxy.calls()
}

/// Result of one run.
pub(crate) struct Went {
    /// Whether any fault was injected.
    pub(crate) struck: bool,
    /// How often an operator had to act.
    pub(crate) helped: usize,
}

/// One run with faults in some of its calls. Cold, like the undisturbed one: a warm process has cached its secrets.
pub(crate) async fn disturbed(
    lab: &Lab,
    proxy: &Proxy,
    journey: Journey,
    injections: &[Injection],
    run: usize,
) -> Went {
    proxy.script(&[]);
    let customer = Customer::new(lab, &format!("customer-{run}"));
    let ready = journey.prepare(&customer).await;
    // Only this flow's calls are targeted.
    lab.quiet().await;
    proxy.kill().await;
    proxy.script(injections);
    journey.arrive(&customer, ready, &format!("{injections:?}")).await;
    Went { struck: proxy.struck() > 0, helped: customer.helped.get() }
}

/// How much of a matrix is run. `FAULTS=all` runs every matrix in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Every call with every fault.
    Whole,
    /// Every call with a third of the faults, and every fault at a third of the calls: for calls that are many and
    /// alike.
    Third,
    /// Only one fault: the process is killed after the call.
    Crashes,
}

/// Whether `FAULTS=all` is set.
pub(crate) fn all_of_it() -> bool {
    std::env::var("FAULTS").is_ok_and(|share| share == "all")
}

impl Share {
    fn takes(self, nth: usize, effect: usize) -> bool {
        match self {
            _ if all_of_it() => true,
            Self::Whole => true,
            Self::Third => (nth + effect).is_multiple_of(3),
            Self::Crashes => Effect::ALL.get(effect) == Some(&Effect::KilledAfter),
        }
    }
}

/// Injects each fault into each call, `repeated` times in a row.
pub(crate) async fn matrix(journey: Journey, of: impl Fn(&str) -> bool, repeated: usize, share: Share) {
    let (lab, proxy) = start().await;
    let calls = calls_of(&lab, &proxy, journey).await;
    let calls: Vec<(String, usize)> = calls.into_iter().filter(|(call, _)| of(call)).collect();
    assert!(!calls.is_empty(), "{journey:?} makes no such call");
    let (mut runs, mut missed) = (0, Vec::new());
    for (call, count) in &calls {
        for nth in 1..=*count {
            let effects = Effect::ALL.into_iter().enumerate();
            for (_, effect) in effects.filter(|(index, _)| share.takes(nth, *index)) {
                let injection = Injection { call: call.clone(), nth, times: repeated, effect };
                let went = disturbed(&lab, &proxy, journey, std::slice::from_ref(&injection), runs).await;
                assert_eq!(went.helped, 0, "{injection:?}: one fault needs no operator");
                runs += 1;
                if !went.struck {
                    missed.push(format!("{call} #{nth}"));
                }
            }
        }
    }
    say(&format!(
        "{journey:?}: {} kinds of calls, {runs} runs, {} with a fault, {runs} recovered",
        calls.len(),
        runs - missed.len()
    ));
    for (call, count) in calls {
        say(&format!("  {count:>3} x {call}"));
    }
    proxy.script(&[]);
    assert!(missed.len() * 10 <= runs, "{} of {runs} faults were never injected: {missed:?}", missed.len());
    lab.stop().await;
}
