//! Compares the output with the input.

use crate::facts::{About, StatusValue, TEMPLATES, World};
use crate::meta::Meta;
use integration::Lab;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Timeout without progress.
const GRACE: Duration = Duration::from_secs(60);
/// Longer than the visibility timeout of a message whose process crashed, in seconds.
const INVISIBLE: i64 = 200;

#[derive(Default)]
pub(crate) struct Ledger {
    /// The ids of the events that passed each change on.
    passed_on: Mutex<BTreeMap<usize, BTreeSet<String>>>,
    /// The last published status of each template.
    templates: Mutex<BTreeMap<String, (String, String)>>,
    events: AtomicUsize,
    shifts: AtomicUsize,
    redriven: AtomicUsize,
}

impl Ledger {
    /// Receives everything from the platform's queue.
    pub(crate) async fn take(&self, lab: &Lab) {
        let queue = lab.queue("PlatformEventsQueue");
        loop {
            let messages = lab.stack.sqs().receive(&queue, 10, Duration::ZERO, None).await.unwrap();
            if messages.is_empty() {
                return;
            }
            for message in messages {
                lab.stack.sqs().delete(&queue, &message.receipt_handle).await.unwrap();
                self.note(&serde_json::from_str(&message.body).unwrap());
            }
        }
    }

    fn note(&self, event: &Value) {
        self.events.fetch_add(1, Ordering::Relaxed);
        let kind = event["type"].as_str().unwrap();
        assert!(!kind.contains("quarantined") && !kind.contains("unreadable"), "{event}");
        if kind == "whatsapp.template.changed.v1" {
            let word = |name: &str| event["data"][name].as_str().unwrap().to_owned();
            let published = (event["time"].as_str().unwrap().to_owned(), word("status"));
            let mut templates = self.templates.lock().unwrap();
            let newest = templates.entry(word("id")).or_default();
            *newest = published.max(newest.clone());
        }
        if let Some(number) = event["data"]["value"]["ledger"].as_u64() {
            let number = usize::try_from(number).unwrap();
            let id = event["id"].as_str().unwrap().to_owned();
            self.passed_on.lock().unwrap().entry(number).or_default().insert(id);
        }
    }

    /// Runs until everything is done; messages that failed too often become dead letters and are sent back.
    pub(crate) async fn is_complete(&self, lab: &Lab, changes: usize) {
        loop {
            self.settles(lab, changes).await;
            let dead = lab.stack.sqs().counts(&lab.queue("WebhookDeadLetters")).unwrap().visible;
            if dead == 0 {
                return;
            }
            self.redriven.fetch_add(dead, Ordering::Relaxed);
            assert_eq!(lab.redrive("WebhookDeadLetters").await, 200);
        }
    }

    /// Waits until the webhook queue is empty; messages of crashed processes become visible again once everything else
    /// is done.
    async fn settles(&self, lab: &Lab, changes: usize) {
        let mut moved = (Instant::now(), 0);
        loop {
            self.take(lab).await;
            let at_rest = lab.stack.is_at_rest();
            let counts = lab.stack.sqs().counts(&lab.queue("WebhookQueue")).unwrap();
            if at_rest && counts.in_flight == 0 && counts.delayed == 0 {
                break;
            } else if at_rest {
                lab.stack.shift_time(INVISIBLE);
                self.shifts.fetch_add(1, Ordering::Relaxed);
            }
            let events = self.events.load(Ordering::Relaxed);
            if events > moved.1 {
                moved = (Instant::now(), events);
            }
            assert!(moved.0.elapsed() < GRACE, "{counts:?} after {events} events of {changes} changes");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.take(lab).await;
    }

    /// Nothing lost, nothing duplicated, nothing older than the newest.
    pub(crate) async fn is_right(&self, lab: &Lab, facts: &[StatusValue], world: &World) {
        {
            let passed_on = self.passed_on.lock().unwrap();
            let lost: Vec<usize> =
                facts.iter().map(|fact| fact.number).filter(|number| !passed_on.contains_key(number)).collect();
            assert!(lost.is_empty(), "{} lost: {:?}", lost.len(), &lost[..lost.len().min(5)]);
            let doubled: Vec<_> = passed_on.iter().filter(|(_, ids)| ids.len() > 1).collect();
            assert!(doubled.is_empty(), "{} under two ids: {:?}", doubled.len(), doubled.first());
        }
        for (number, account) in world.accounts.iter().enumerate() {
            let items = lab.stored(&format!("WABA#{}", account.waba)).await;
            for index in 0..TEMPLATES {
                let newest = facts.iter().rev().find_map(|fact| match fact.about {
                    About::Template { index: of, status } if (fact.account, of) == (number, index) => Some(status),
                    _ => None,
                });
                let key = format!("TEMPLATE#{}", World::template_id(number, index));
                let stored = items.iter().find(|item| item["sk"].as_s().is_ok_and(|sk| *sk == key));
                let status = stored.map(|item| item["record"].as_m().unwrap()["status"].as_s().unwrap().as_str());
                assert_eq!(status, newest, "template {index} of {}", account.waba);
                let templates = self.templates.lock().unwrap();
                let published =
                    templates.get(&World::template_id(number, index).to_string()).map(|(_, status)| status.as_str());
                assert_eq!(published, newest, "last event of template {index} of {}", account.waba);
            }
            let newest = facts.iter().rev().find_map(|fact| match fact.about {
                About::Account { violation } if fact.account == number => Some(violation),
                _ => None,
            });
            let shown = lab.platform_get(&format!("/v1/onboardings/{}", account.onboarding)).await.json();
            assert_eq!(shown["account"]["violation"]["word"].as_str(), newest, "{}", account.waba);
            assert_eq!(shown["onboarding"]["state"], "ready");
        }
    }

    pub(crate) fn counts(&self, meta: &Meta) -> String {
        let posts = meta.posts.load(Ordering::Relaxed);
        let passed_on = self.passed_on.lock().unwrap().len();
        format!(
            "{passed_on} changes as {} in {} bodies up to {} KB; {} of them posted again; {} events, {passed_on} changes passed on, 0 lost, 0 \
             doubled, 0 backwards; {} times the messages of dead processes came back, {} dead letters were sent back",
            meta.changes,
            meta.planned,
            meta.largest / 1000,
            posts - meta.planned,
            self.events.load(Ordering::Relaxed),
            self.shifts.load(Ordering::Relaxed),
            self.redriven.load(Ordering::Relaxed),
        )
    }
}
