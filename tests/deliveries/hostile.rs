//! The run: from Meta's first delivery to the last entry of the ledger.

use crate::facts::{StatusValue, World};
use crate::ledger::Ledger;
use crate::meta::Meta;
use integration::{Effect, Injection, Lab, Proxy, say};
use serde_json::json;

/// Changes in the run that is part of the test suite. For a longer run:
/// `DELIVERED_CHANGES=100000 cargo test -p integration --test deliveries`.
const CHANGES: usize = 12_000;
const CUSTOMERS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_deliveries_take_effect_once_none_is_lost_and_nothing_goes_backwards() {
    let given = std::env::var("DELIVERED_CHANGES").ok().and_then(|text| text.parse().ok());
    let changes = given.unwrap_or(CHANGES);
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let mut world = World::default();
    for number in 0..CUSTOMERS {
        let (_, popup, id) = lab.signed_up(&format!("customer-{number}"), &json!({})).await;
        lab.until(&id, "ready").await;
        let phone = popup.body["phone_number_id"].as_str().unwrap().to_owned();
        world.add(popup.waba, phone, id);
    }
    lab.quiet().await;
    lab.lose("PlatformEventsQueue").await;
    let facts: Vec<StatusValue> = world.facts(changes);
    let meta = Meta::with(&facts, &world);
    proxy.script(&injections(changes));
    let ledger = Ledger::default();
    meta.delivers(&lab, &ledger).await;
    ledger.is_complete(&lab, changes).await;
    let struck = proxy.struck();
    proxy.script(&[]);
    ledger.is_right(&lab, &facts, &world).await;
    say(&format!("{}, {struck} calls spoiled", ledger.counts(&meta)));
    lab.stop().await;
}

/// Some faults of every kind, spread over the run.
fn injections(changes: usize) -> Vec<Injection> {
    let spread = |call: &str, calls: usize, effects: &[Effect], each: usize| -> Vec<Injection> {
        let count = effects.len() * each;
        let pause = (calls / (count + 1)).max(2);
        let injection = |number: usize| Injection {
            call: call.to_owned(),
            nth: (number + 1) * pause,
            times: 1,
            effect: effects[number % effects.len()],
        };
        (0..count).map(injection).collect()
    };
    let store = [Effect::KilledAfter, Effect::LostAfter, Effect::Refused, Effect::Twice, Effect::KilledBefore];
    let batch = [Effect::PartlyRefused, Effect::LostAfter, Effect::Twice, Effect::KilledAfter];
    let table = [Effect::Refused, Effect::LostAfter, Effect::KilledBefore];
    // Approximate number of calls of each kind per run; faults beyond the end are never injected.
    let mut injections = spread("sqs SendMessage", changes / 40, &store, 4);
    injections.extend(spread("sqs SendMessageBatch", changes / 10, &batch, 6));
    injections.extend(spread("dynamodb PutItem", changes / 12, &table, 3));
    injections
}
