use super::*;
use crate::domain::claim::Claim;
use crate::domain::failure::{Class, Failure, Waiting};
use crate::domain::grant::{ListedPhone, verify_phone};
use crate::domain::meta_status::Attribute;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn begun() -> Migration {
    let onboarding = OnboardingId::new(at(0), 1);
    let number = MigratingNumber::parse("1", "(631) 555-1234").unwrap();
    let written = number.written(&onboarding);
    Migration {
        id: MigrationId::new(at(0), 2),
        onboarding,
        customer_ref: CustomerRef::parse("acme").unwrap(),
        waba: WabaId::parse("11").unwrap(),
        number: Some(number),
        fingerprint: written.fingerprint,
        ending: written.ending,
        verified_name: None,
        source_waba: None,
        source_phone: None,
        created_at: at(0),
        phase: Phase::Checking { due: at(0) },
        since: at(0),
        checks: Vec::new(),
        phone: None,
        before: None,
        after: None,
        codes: Vec::new(),
        entries: Vec::new(),
        action_error: None,
        refused_with: None,
        check_count: 0,
        timeline: Vec::new(),
        outbox: Vec::new(),
    }
}

fn phone() -> VerifiedPhone {
    let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: false, proven: true }];
    verify_phone(&Claim::default(), &listed, &[]).unwrap()
}

fn after(facts: &[MigrationFact], now: Timestamp) -> Migration {
    facts.iter().fold(begun(), |before, fact| advance(&before, fact, now))
}

fn refused(code: &str) -> Failure {
    Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), code)
}

#[test]
fn a_number_migrates_by_code_and_registration_and_is_then_deleted() {
    let added = after(&[MigrationFact::CheckStarted, MigrationFact::Added(phone())], at(1));
    assert_eq!((added.state(), &added.number), (MigrationState::AwaitingCode, &None), "the number is no longer needed");
    let sent = advance(&advance(&added, &MigrationFact::CodeAsked, at(2)), &MigrationFact::CodeSent(None), at(2));
    let entered = advance(&sent, &MigrationFact::CodeEntered, at(3));
    assert_eq!(entered.next(at(3)), MigrationNext::Nothing);
    assert_eq!(entered.next(at(60)), MigrationNext::Check, "the outcome of an entry without an answer is checked");
    let verified = advance(&entered, &MigrationFact::Verified, at(4));
    assert_eq!((verified.state(), verified.next(at(4))), (MigrationState::Registering, MigrationNext::Check));
    let done = advance(&verified, &MigrationFact::Arrived(Box::default()), at(5));
    assert_eq!((done.state(), done.outbox.len(), done.is_over()), (MigrationState::Done, 1, true));
    for late in
        [MigrationFact::Verified, MigrationFact::Cancelled, MigrationFact::Resumed, MigrationFact::Failed(refused("x"))]
    {
        assert_eq!(advance(&done, &late, at(6)), done, "{late:?}");
    }
}

#[test]
fn a_refusal_blocks_once_with_an_actor_and_continues_when_resumed() {
    let failure = refused("graph.100.2388001");
    let blocked = after(&[MigrationFact::Failed(failure.clone())], at(1));
    assert_eq!((blocked.state(), blocked.actor()), (MigrationState::Blocked, Some(Actor::Customer)));
    assert!(sentence(blocked.code().unwrap()).starts_with("Two-step verification is on"));
    assert_eq!(advance(&blocked, &MigrationFact::Failed(failure), at(2)).outbox.len(), 1, "reported once");
    assert_eq!(blocked.due_at(at(1)), Some(at(61)), "only its event is due");
    let again = advance(&blocked, &MigrationFact::Resumed, at(3));
    assert_eq!((again.state(), again.number.is_some()), (MigrationState::Checking, true));
}

#[test]
fn a_transient_failure_is_retried_silently_and_then_reported() {
    let failure = Failure::new(Class::Later, "graph.unreachable");
    let mut migration = begun();
    for check in 1..=3 {
        let now = at(check * 1000);
        migration = advance(
            &advance(&migration, &MigrationFact::CheckStarted, now),
            &MigrationFact::Failed(failure.clone()),
            now,
        );
        let expected = if check < 3 { MigrationState::Checking } else { MigrationState::Blocked };
        assert_eq!(migration.state(), expected, "check {check}");
    }
    assert!(migration.outbox.len() == 1 && matches!(migration.phase, Phase::Blocked { due: Some(_), .. }));
}

#[test]
fn codes_and_entries_are_limited_and_counted_before_they_are_made() {
    let mut migration = after(&[MigrationFact::Added(phone())], at(0));
    for hour in 0..5 {
        assert_eq!(migration.codes_left(at(hour * 3600)), (5 - usize::try_from(hour).unwrap(), None));
        migration = advance(&migration, &MigrationFact::CodeAsked, at(hour * 3600));
        migration = advance(&migration, &MigrationFact::CodeSent(None), at(hour * 3600));
        migration = advance(&migration, &MigrationFact::CodeEntered, at(hour * 3600 + 30));
        migration = advance(&migration, &MigrationFact::EntryRefused(refused("graph.136025")), at(hour * 3600 + 31));
    }
    assert_eq!(migration.codes_left(at(5 * 3600)), (0, Some(at(24 * 3600))));
    assert_eq!(migration.entries_left(at(5 * 3600)), (0, Some(at(24 * 3600 + 30))));
    assert_eq!(migration.codes_left(at(4 * 3600 + 20)).1, Some(at(24 * 3600)));
    assert_eq!((migration.state(), migration.code()), (MigrationState::CodeSent, Some("graph.136025")));
}

#[test]
fn invalid_numbers_are_rejected_and_a_number_is_never_printed() {
    for (country, number) in [("", "6315551234"), ("0", "6315551234"), ("1234", "6315551234"), ("1", "631"), ("1", "x")]
    {
        assert_eq!(MigratingNumber::parse(country, number), None, "{country} {number}");
    }
    assert_eq!(MigratingNumber::parse("1", "+49 30 901820"), None, "another country's");
    let number = MigratingNumber::parse("+49", "+49 30 901820").unwrap();
    assert_eq!((number.country_code(), number.number().as_str()), ("49", "30901820"));
    assert!(number.is_written("+49 30 901820") && number.is_written("4930901820") && !number.is_written("30901820"));
    let roman = MigratingNumber::parse("39", "06 6982 1234").unwrap();
    assert_eq!(roman.number(), "390669821234", "its zero is part of the number");
    assert_eq!(MigratingNumber::parse("49", "030 901820"), None, "a domestic prefix");
    assert_eq!(format!("{number:?}"), "MigratingNumber");
    assert_eq!(number.written(&OnboardingId::new(at(0), 1)).ending, "1820");
}

#[test]
fn the_comparison_lists_what_was_carried_over_and_what_was_not() {
    let template =
        |name: &str, status: &str| NamedTemplate { name: name.into(), language: "en".into(), status: status.into() };
    let snapshot = |quality: &str| Snapshot {
        name: Some("Acme".into()),
        words: [(Attribute::Quality, quality.to_owned())].into(),
        ..Snapshot::default()
    };
    let before = snapshot("GREEN").with_templates(vec![template("good", "APPROVED"), template("bad", "REJECTED")]);
    let now = snapshot("GREEN").with_templates(vec![template("good", "APPROVED")]);
    let lines = compare(Some(&before), Some(&now));
    let kept = |subject: &str| lines.iter().find(|line| line.subject == subject).unwrap().kept;
    assert_eq!((kept("display_name"), kept("quality"), kept("messaging_limit")), (Some(true), Some(true), None));
    assert_eq!((kept("template good (en)"), kept("template bad (en)")), (Some(true), Some(false)));
    assert!(compare(None, Some(&now)).iter().all(|line| line.kept.is_none()), "nothing is known about before");
}
