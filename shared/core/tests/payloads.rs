//! Meta's own payloads, one file per field in `payloads`, changed in ways that Meta could change them: what a change means
//! is applied as without the mutation, or Meta is read. It never means silently nothing.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that meets the unexpected ends there")]

#[path = "payloads/mutation.rs"]
mod mutation;

use mutation::{ALL, Mutation, places};
use onboarding_core::domain::ids::{AppId, PhoneNumberId};
use onboarding_core::domain::progress::{About, Fact};
use onboarding_core::domain::time::Timestamp;
use onboarding_core::webhook::change::{Part, Subjects, split};
use onboarding_core::webhook::interpret::{Context, Observation, documented_fields, interpret};
use onboarding_core::webhook::vocabulary::{unlisted, words};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

/// One payload of Meta's documents.
struct Payload {
    name: String,
    /// Why it is only passed on.
    passed_on: Option<String>,
    body: Value,
}

static PAYLOADS: LazyLock<Vec<Payload>> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/payloads");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let files = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.flat_map(|file| payloads(file)).collect()
});

fn payloads(file: &Path) -> Vec<Payload> {
    let field = file.file_stem().unwrap().to_str().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let one = |payload: &Value| {
        let mut entry = json!({ "id": payload["entry"], "changes": [{ "field": field, "value": payload["value"] }] });
        if let Some(time) = payload.get("time") {
            entry["time"] = time.clone();
        }
        Payload {
            name: format!("{field}: {}", payload["name"].as_str().unwrap()),
            passed_on: payload.get("passed_on").map(|reason| reason.as_str().unwrap().to_owned()),
            body: json!({ "object": "whatsapp_business_account", "entry": [entry] }),
        }
    };
    listed.iter().map(one).collect()
}

/// What a body means, and the ids by which its account is found. `None` when it is published as unreadable.
fn meaning(body: &Value) -> Option<(Vec<Observation>, Subjects)> {
    let text = body.to_string();
    let context = Context { app: AppId::parse("42").unwrap(), received_at: Timestamp::from_seconds(1_900_000_000) };
    match split(text.as_bytes()).ok()?.as_slice() {
        [Part::Change(change)] => Some((interpret(change, &context), change.subjects())),
        _ => None,
    }
}

/// Whether Meta is read because of it.
fn checks(observation: &Observation) -> bool {
    let of_fact = matches!(observation, Observation::Fact(Fact::Departed(..) | Fact::NumberDisconnected(_)));
    of_fact || observation.is_check()
}

/// What an observation is about, without its times, Meta's words, and details that Meta does not always send.
fn gist(observation: &Observation) -> String {
    match observation {
        Observation::Fact(Fact::Observed { about, attribute, .. }) => {
            let about = match about {
                About::Display(number) => number.fingerprint(&PhoneNumberId::parse("1").unwrap()),
                other => format!("{other:?}"),
            };
            format!("{attribute:?} of {about}")
        }
        Observation::Fact(Fact::Restricted { .. }) => "restricted".to_owned(),
        Observation::Fact(Fact::NameDecided { .. }) => "name".to_owned(),
        Observation::Template(change) => format!("template {} {}", change.id, change.language),
        Observation::Preference { preference, .. } => format!("preference {}", preference.stopped),
        Observation::SamePerson { .. } => "same person".to_owned(),
        Observation::MessageStatus { message, attempt, delivery, .. } => format!("{message} {attempt} {delivery:?}"),
        Observation::Solution { id, .. } => format!("solution {id}"),
        Observation::Joined { business, .. } => format!("joined {business:?}"),
        Observation::Uncertified { business, .. } => format!("uncertified {business}"),
        other => format!("{other:?}"),
    }
}

/// Members without which nobody knows that a change concerns us, or what kind of change it is.
fn is_essential(place: &str) -> bool {
    place.is_empty() || place == "/object" || place.ends_with("/field") || place.ends_with("/biz_opaque_callback_data")
}

fn is_word(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    words().any(|word| word == text)
}

/// Mutates a body at a place; `None` when the mutation does not apply there.
fn mutated(body: &Value, place: &str, mutation: Mutation) -> Option<Value> {
    let mut mutated = body.clone();
    let value = mutated.pointer_mut(place)?;
    *value = mutation.of(value, is_word)?;
    Some(mutated)
}

/// Whether what `before` means is not lost in `after`.
fn compare(before: &Value, after: &Value, exact: bool) -> Result<(), String> {
    let (was, named) = meaning(before).unwrap();
    let Some((is, names)) = meaning(after) else {
        return if exact { Err("unreadable".to_owned()) } else { Ok(()) };
    };
    if exact && (&is, &names) != (&was, &named) {
        return Err(format!("{was:?} became {is:?}, {named:?} became {names:?}"));
    }
    let invented = names.accounts.iter().any(|id| !named.accounts.contains(id))
        || names.phones.iter().any(|id| !named.phones.contains(id))
        || names.businesses.iter().any(|id| !named.businesses.contains(id));
    if invented {
        return Err("an id that was not sent".to_owned());
    }
    let found: BTreeSet<String> = is.iter().map(gist).collect();
    // Which names are one person cannot be read from Meta; the person's next message says it again.
    let lasting = was.iter().filter(|observation| !matches!(observation, Observation::SamePerson { .. }));
    let checked = is.iter().any(checks);
    match lasting.into_iter().find(|observation| !checked && !found.contains(&gist(observation))) {
        Some(lost) => Err(format!("{lost:?} is lost in {is:?}")),
        None => Ok(()),
    }
}

#[test]
fn every_payload_means_something_or_is_listed_as_passed_on_only() {
    for payload in PAYLOADS.iter() {
        let (observed, _) = meaning(&payload.body).unwrap();
        assert!(!observed.is_empty() || payload.passed_on.is_some(), "{}", payload.name);
        let understood = observed.iter().any(|observation| !observation.is_check());
        let described = ["account_alerts", "business_", "phone_number_quality", "message_template_components"];
        let only_checked = described.iter().any(|field| payload.name.starts_with(field))
            || payload.name.contains("VERIFIED")
            || payload.name.contains("legacy");
        assert!(observed.is_empty() || understood || only_checked, "{} is not understood: {observed:?}", payload.name);
    }
    let fields: BTreeSet<&str> = PAYLOADS.iter().map(|payload| payload.name.split(':').next().unwrap()).collect();
    assert_eq!(fields, documented_fields().collect(), "one file per field");
}

#[test]
fn documented_payloads_use_listed_words_only() {
    for payload in PAYLOADS.iter() {
        let text = payload.body.to_string();
        let parts = split(text.as_bytes()).unwrap();
        let [Part::Change(change)] = parts.as_slice() else { panic!("one change") };
        assert_eq!(unlisted(change), Vec::<String>::new(), "{}", payload.name);
    }
}

#[test]
fn every_mutation_of_every_member_is_applied_or_leads_to_a_check() {
    let (mut made, mut lost) = (0, Vec::new());
    for payload in PAYLOADS.iter() {
        for place in places(&payload.body).iter().filter(|place| !is_essential(place)) {
            for mutation in ALL {
                let Some(after) = mutated(&payload.body, place, mutation) else { continue };
                made += 1;
                if let Err(how) = compare(&payload.body, &after, mutation.keeps_meaning()) {
                    lost.push(format!("{} {place} {mutation:?}: {how}", payload.name));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(made > 5_000, "{made}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn several_mutations_at_once_are_applied_or_lead_to_a_check(
        payload: Index,
        steps in proptest::collection::vec((any::<Index>(), any::<Index>()), 2..5),
    ) {
        let payload = payload.get(&PAYLOADS);
        let (mut body, mut exact) = (payload.body.clone(), true);
        let mut what = payload.name.clone();
        for (place, mutation) in steps {
            let places: Vec<String> = places(&body).into_iter().filter(|place| !is_essential(place)).collect();
            let (place, mutation) = (place.get(&places), *mutation.get(&ALL));
            // A list in a list has no meaning that Meta could give it.
            let nested = mutation == Mutation::List && body.pointer(place.rsplit_once('/').map_or("", |(outer, _)| outer)).is_some_and(Value::is_array);
            let Some(after) = mutated(&body, place, mutation).filter(|_| !nested) else { continue };
            body = after;
            exact &= mutation.keeps_meaning();
            what = format!("{what} {place} {mutation:?}");
        }
        prop_assert_eq!(compare(&payload.body, &body, exact), Ok(()), "{}", what);
    }
}
