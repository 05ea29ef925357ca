//! The calls of a signup, and what becomes of each.

use crate::customer::{Customer, start};
use integration::{Effect, Strike};

/// The calls of a signup, taken from one that is not disturbed: a new call cannot be forgotten.
pub(crate) async fn matrix(of: impl Fn(&str) -> bool, repeated: usize) {
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
