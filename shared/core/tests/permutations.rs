//! News in every order: up to six of each kind, and ten million in shuffled orders with repeats.

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
use onboarding_core::domain::template::{Merged, Said, Template, TemplateChange, apply_change};
use onboarding_core::domain::time::Timestamp;

/// Every order of `0..count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let rest: Vec<usize> = (0..count).filter(|index| !order.contains(index)).collect();
                rest.into_iter().map(move |next| order.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    orders
}

/// Folds every order of every beginning of `news`, each item twice, and says how many orders ended where the first did.
fn agree<S: PartialEq + std::fmt::Debug, N>(
    kind: &str,
    news: &[N],
    begin: impl Fn() -> S,
    take: impl Fn(&mut S, &N),
) -> usize {
    let mut seen = 0;
    for length in 1..=news.len() {
        let mut expected = begin();
        news[..length].iter().for_each(|news| take(&mut expected, news));
        for order in orders(length) {
            let mut state = begin();
            for index in &order {
                take(&mut state, &news[*index]);
                take(&mut state, &news[order[0]]);
            }
            assert_eq!(state, expected, "{kind} in the order {order:?}");
            seen += 1;
        }
    }
    say(&format!("{kind}: {seen} orders of up to {} events end in the same state", news.len()));
    seen
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn news(said: Said, time: i64) -> TemplateChange {
    let id = TemplateId::parse("7").unwrap();
    TemplateChange { id, name: "offer".into(), language: "en_US".into(), at: at(time), said }
}

fn status(word: &str, time: i64) -> TemplateChange {
    news(Said::Status { status: word.into(), reason: None, category: None }, time)
}

fn category(category: &str, correct: Option<&str>, time: i64) -> TemplateChange {
    news(Said::Category { category: category.into(), correct: correct.map(Into::into) }, time)
}

/// A template as a poll found it, older than all news.
fn polled() -> Template {
    match apply_change(None, &status("PENDING", 1)) {
        Merged::Changed(template) => *template,
        _ => unreachable!(),
    }
}

fn take(template: &mut Template, news: &TemplateChange) {
    if let Merged::Changed(newer) = apply_change(Some(template), news) {
        *template = *newer;
    }
}

#[test]
fn templates_end_the_same_in_every_order() {
    let all = [
        status("APPROVED", 10),
        category("UTILITY", Some("MARKETING"), 20),
        status("PAUSED", 30),
        news(Said::Quality("RED".into()), 15),
        category("MARKETING", None, 40),
        status("APPROVED", 50),
    ];
    let orders = agree("template", &all, polled, take);
    assert_eq!(orders, 1 + 2 + 6 + 24 + 120 + 720);
}

fn words(facts: &MetaStatus) -> Vec<(Attribute, String, Timestamp)> {
    facts.iter().map(|(attribute, fact)| (attribute, fact.value.clone(), fact.at)).collect()
}

#[test]
fn words_about_an_account_end_the_same_in_every_order() {
    let all = [
        (Attribute::Review, "PENDING", 1),
        (Attribute::Review, "APPROVED", 5),
        (Attribute::Restriction, "RESTRICTED_BIZ_INITIATED_MESSAGING", 2),
        (Attribute::Restriction, "LIFTED", 4),
        (Attribute::Status, "DISABLE", 3),
        (Attribute::Status, "REINSTATE", 6),
    ];
    // Since when a word has been the word depends on what was seen of it; which word it is does not.
    let take = |known: &mut (MetaStatus, Vec<(Attribute, String, Timestamp)>),
                (attribute, word, time): &(Attribute, &str, i64)| {
        known.0.observe(*attribute, word, at(*time));
        known.1 = words(&known.0);
        known.0 = rebuilt(&known.1);
    };
    assert_eq!(agree("account", &all, || (MetaStatus::default(), Vec::new()), take), 873);
}

fn rebuilt(words: &[(Attribute, String, Timestamp)]) -> MetaStatus {
    let mut facts = MetaStatus::default();
    for (attribute, word, at) in words {
        facts.observe(*attribute, word, *at);
    }
    facts
}

fn number() -> Number {
    let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: true, proven: true }];
    Number::new(verify_phone(&Claim::default(), &listed, &[]).unwrap(), false, at(0))
}

#[test]
fn words_about_a_number_end_the_same_in_every_order() {
    type Word = (Option<Attribute>, &'static str, i64);
    let all: [Word; 6] = [
        (Some(Attribute::Quality), "GREEN", 1),
        (Some(Attribute::Quality), "RED", 4),
        (None, "DECLINED", 2),
        (None, "APPROVED", 5),
        (Some(Attribute::History), "40", 9),
        (Some(Attribute::History), "90", 3),
    ];
    type Shown = (Vec<(Attribute, String)>, Option<Timestamp>);
    let take = |known: &mut (Number, Shown), (attribute, word, time): &Word| match attribute {
        Some(attribute) => known.0.observe(*attribute, word, at(*time)),
        None => known.0.name_decided(word, at(*time)),
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
    say(&format!("number: {seen} orders of 6 events end in the same state"));
}

/// Objects and news of the long run.
const OBJECTS: usize = 1_000;
const NEWS: usize = 10_000_000;

/// News of random objects at random times, a third of it repeated, in no order: what is kept is always the newest of what
/// was seen, and what is kept is told exactly once.
#[test]
fn ten_million_shuffled_news_are_each_effective_once_and_never_backwards() {
    const WORDS: [&str; 4] = ["GREEN", "YELLOW", "RED", "UNKNOWN"];
    let mut draw = Draw(3);
    let mut facts: Vec<MetaStatus> = vec![MetaStatus::default(); OBJECTS];
    let mut newest: Vec<(i64, usize)> = vec![(i64::MIN, 0); OBJECTS];
    let (mut repeat, mut changes, mut regressions) = ((0, 0, 0), 0_usize, 0_usize);
    for _ in 0..NEWS {
        let (object, time, word) = if draw.below(100) < 30 {
            repeat
        } else {
            let time = draw.below(1_000_000);
            (draw.below(OBJECTS), i64::try_from(time).unwrap(), time % WORDS.len())
        };
        repeat = (object, time, word);
        let changed = facts[object].observe(Attribute::Quality, WORDS[word], at(time));
        let newer = time > newest[object].0;
        let another = newest[object].0 == i64::MIN || WORDS[newest[object].1] != WORDS[word];
        assert_eq!(changed, newer && another, "a change is told when the newest word is another one, and only then");
        if newer {
            newest[object] = (time, word);
        }
        changes += usize::from(changed);
        regressions += usize::from(facts[object].value(Attribute::Quality) != Some(WORDS[newest[object].1]));
    }
    say(&format!("{NEWS} news of {OBJECTS} objects: {changes} told, {regressions} regressions"));
    assert_eq!(regressions, 0);
}
