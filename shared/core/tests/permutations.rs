//! Reports in every order: up to six of each kind, and ten million shuffled ones with repeats.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

#[path = "drawn/counts.rs"]
mod counts;
#[path = "drawn/draw.rs"]
mod draw;

use counts::say;
use draw::Draw;
use onboarding_core::domain::claim::Claim;
use onboarding_core::domain::grant::{ListedPhone, verify_phone};
use onboarding_core::domain::ids::{PhoneNumberId, TemplateId};
use onboarding_core::domain::meta_status::{Attribute, MetaStatus};
use onboarding_core::domain::onboarding::Number;
use onboarding_core::domain::template::{ChangedAttribute, Merged, Template, TemplateChange, apply_change};
use onboarding_core::domain::time::Timestamp;

/// Every order of `0..count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let remaining: Vec<usize> = (0..count).filter(|index| !order.contains(index)).collect();
                remaining.into_iter().map(move |next| order.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    orders
}

/// Applies every order of every prefix of `reports`, with repeats; checks that all orders end in the same state and
/// returns their number.
fn agree<S: PartialEq + std::fmt::Debug, N>(
    kind: &str,
    reports: &[N],
    begin: impl Fn() -> S,
    take: impl Fn(&mut S, &N),
) -> usize {
    let mut seen = 0;
    for length in 1..=reports.len() {
        let mut expected = begin();
        reports[..length].iter().for_each(|report| take(&mut expected, report));
        for order in orders(length) {
            let mut state = begin();
            for index in &order {
                take(&mut state, &reports[*index]);
                take(&mut state, &reports[order[0]]);
            }
            assert_eq!(state, expected, "{kind} in the order {order:?}");
            seen += 1;
        }
    }
    say(&format!("{kind}: {seen} orders of up to {} reports end in the same state", reports.len()));
    seen
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn change(attribute: ChangedAttribute, time: i64) -> TemplateChange {
    let id = TemplateId::parse("7").unwrap();
    TemplateChange { id, name: "offer".into(), language: "en_US".into(), at: at(time), attribute }
}

fn status(status: &str, time: i64) -> TemplateChange {
    change(ChangedAttribute::Status { status: status.into(), reason: None, category: None }, time)
}

fn category(category: &str, correct: Option<&str>, time: i64) -> TemplateChange {
    change(ChangedAttribute::Category { category: category.into(), correct: correct.map(Into::into) }, time)
}

/// A template as found by a poll, older than all reports.
fn polled() -> Template {
    match apply_change(None, &status("PENDING", 1)) {
        Merged::Changed(template) => *template,
        _ => unreachable!(),
    }
}

fn take(template: &mut Template, change: &TemplateChange) {
    if let Merged::Changed(newer) = apply_change(Some(template), change) {
        *template = *newer;
    }
}

#[test]
fn templates_end_the_same_in_every_order() {
    let all = [
        status("APPROVED", 10),
        category("UTILITY", Some("MARKETING"), 20),
        status("PAUSED", 30),
        change(ChangedAttribute::Quality("RED".into()), 15),
        category("MARKETING", None, 40),
        status("APPROVED", 50),
    ];
    let orders = agree("template", &all, polled, take);
    assert_eq!(orders, 1 + 2 + 6 + 24 + 120 + 720);
}

fn values(facts: &MetaStatus) -> Vec<(Attribute, String, Timestamp)> {
    facts.iter().map(|(attribute, fact)| (attribute, fact.value.clone(), fact.at)).collect()
}

#[test]
fn status_values_of_an_account_end_the_same_in_every_order() {
    let all = [
        (Attribute::Review, "PENDING", 1),
        (Attribute::Review, "APPROVED", 5),
        (Attribute::Restriction, "RESTRICTED_BIZ_INITIATED_MESSAGING", 2),
        (Attribute::Restriction, "LIFTED", 4),
        (Attribute::Status, "DISABLE", 3),
        (Attribute::Status, "REINSTATE", 6),
    ];
    // `since` depends on which reports were seen; the value and its latest time do not.
    let take = |known: &mut (MetaStatus, Vec<(Attribute, String, Timestamp)>),
                (attribute, value, time): &(Attribute, &str, i64)| {
        known.0.observe(*attribute, value, at(*time));
        known.1 = values(&known.0);
        known.0 = rebuilt(&known.1);
    };
    assert_eq!(agree("account", &all, || (MetaStatus::default(), Vec::new()), take), 873);
}

fn rebuilt(values: &[(Attribute, String, Timestamp)]) -> MetaStatus {
    let mut facts = MetaStatus::default();
    for (attribute, value, at) in values {
        facts.observe(*attribute, value, *at);
    }
    facts
}

fn number() -> Number {
    let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: true, proven: true }];
    Number::new(verify_phone(&Claim::default(), &listed, &[]).unwrap(), false, at(0))
}

#[test]
fn status_values_of_a_number_end_the_same_in_every_order() {
    type Report = (Option<Attribute>, &'static str, i64);
    let all: [Report; 6] = [
        (Some(Attribute::Quality), "GREEN", 1),
        (Some(Attribute::Quality), "RED", 4),
        (None, "DECLINED", 2),
        (None, "APPROVED", 5),
        (Some(Attribute::History), "40", 9),
        (Some(Attribute::History), "90", 3),
    ];
    type Shown = (Vec<(Attribute, String)>, Option<Timestamp>);
    let take = |known: &mut (Number, Shown), (attribute, value, time): &Report| match attribute {
        Some(attribute) => known.0.observe(*attribute, value, at(*time)),
        None => known.0.name_decided(value, at(*time)),
    };
    let mut seen = 0;
    for order in orders(all.len()) {
        let mut known = (number(), Shown::default());
        order.iter().chain(&order).for_each(|index| take(&mut known, &all[*index]));
        let shown: Vec<(Attribute, &str)> =
            known.0.facts.iter().map(|(attribute, fact)| (attribute, fact.value.as_str())).collect();
        let newest = [(Attribute::NameStatus, "APPROVED"), (Attribute::Quality, "RED"), (Attribute::History, "90")];
        assert_eq!(shown, newest, "{order:?}");
        assert_eq!(known.0.name_approved_at, Some(at(5)));
        seen += 1;
    }
    say(&format!("number: {seen} orders of 6 reports end in the same state"));
}

/// Objects and reports of the long run.
const OBJECTS: usize = 1_000;
const REPORTS: usize = 10_000_000;

/// Reports about random objects at random times, almost a third of them repeated, in no order: the stored value is
/// always the newest one seen, and every change is reported exactly once.
#[test]
fn ten_million_shuffled_reports_take_effect_once_and_never_regress() {
    const VALUES: [&str; 4] = ["GREEN", "YELLOW", "RED", "UNKNOWN"];
    let mut draw = Draw(3);
    let mut facts: Vec<MetaStatus> = vec![MetaStatus::default(); OBJECTS];
    let mut newest: Vec<(i64, usize)> = vec![(i64::MIN, 0); OBJECTS];
    let (mut repeat, mut changes, mut regressions) = ((0, 0, 0), 0_usize, 0_usize);
    for _ in 0..REPORTS {
        let (object, time, value) = if draw.below(100) < 30 {
            repeat
        } else {
            let time = draw.below(1_000_000);
            (draw.below(OBJECTS), i64::try_from(time).unwrap(), time % VALUES.len())
        };
        repeat = (object, time, value);
        let changed = facts[object].observe(Attribute::Quality, VALUES[value], at(time));
        let newer = time > newest[object].0;
        let another = newest[object].0 == i64::MIN || VALUES[newest[object].1] != VALUES[value];
        assert_eq!(changed, newer && another, "a change is reported only when the newest value differs");
        if newer {
            newest[object] = (time, value);
        }
        changes += usize::from(changed);
        regressions += usize::from(facts[object].value(Attribute::Quality) != Some(VALUES[newest[object].1]));
    }
    say(&format!("{REPORTS} reports about {OBJECTS} objects: {changes} changes, {regressions} regressions"));
    assert_eq!(regressions, 0);
}
