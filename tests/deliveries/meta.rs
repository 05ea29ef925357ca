//! A hostile Meta: a third of all changes is repeated with other changes, nothing is in order, and whatever is not
//! acknowledged is sent again.

use crate::facts::{About, StatusValue, World};
use crate::ledger::Ledger;
use integration::{Draw, Lab};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Percentage of changes that are delivered twice.
const REPEATED_OF_100: usize = 30;
/// Changes per body.
const SIZES: [usize; 6] = [1, 1, 7, 60, 300, 1_000];

pub(crate) struct Meta {
    bodies: Mutex<VecDeque<String>>,
    pub(crate) planned: usize,
    pub(crate) changes: usize,
    pub(crate) largest: usize,
    pub(crate) posts: AtomicUsize,
}

impl Meta {
    pub(crate) fn with(facts: &[StatusValue], world: &World) -> Self {
        let mut draw = Draw(11);
        let mut sequence: Vec<&StatusValue> = facts.iter().collect();
        sequence.extend(facts.iter().filter(|_| draw.below(100) < REPEATED_OF_100));
        draw.shuffle(&mut sequence);
        let changes = sequence.len();
        // The large changes come first and together, in bodies as large as Meta's largest.
        sequence.sort_by_key(|fact| fact.about != About::Message { large: true });
        let mut bodies = VecDeque::new();
        let mut rest = sequence.as_slice();
        while !rest.is_empty() {
            let large = rest.first().is_some_and(|fact| fact.about == About::Message { large: true });
            let size = if large { SIZES[SIZES.len() - 1] } else { draw.of(&SIZES) };
            let (some, others) = rest.split_at(size.min(rest.len()));
            bodies.push_back(body(some, world));
            rest = others;
        }
        let largest = bodies.iter().map(String::len).max().unwrap_or_default();
        Self { planned: bodies.len(), bodies: Mutex::new(bodies), changes, largest, posts: AtomicUsize::new(0) }
    }

    /// Sends until every body is acknowledged.
    pub(crate) async fn delivers(&self, lab: &Lab, ledger: &Ledger) {
        let deliver = async || {
            loop {
                let Some(body) = self.bodies.lock().unwrap().pop_front() else { return };
                self.posts.fetch_add(1, Ordering::Relaxed);
                if lab.signed_text(&body).await != 200 {
                    self.bodies.lock().unwrap().push_back(body);
                }
                ledger.take(lab).await;
            }
        };
        // Four bodies are in flight at once.
        tokio::join!(deliver(), deliver(), deliver(), deliver());
    }
}

/// Changes of several accounts in one body, one entry per run of the same account.
fn body(facts: &[&StatusValue], world: &World) -> String {
    let mut entries: Vec<Value> = Vec::new();
    for fact in facts {
        let (waba, change) = world.change(fact);
        // Every change has its own time, and so its own entry.
        entries.push(json!({ "id": waba, "time": fact.at, "changes": [change] }));
    }
    json!({ "object": "whatsapp_business_account", "entry": entries }).to_string()
}
