use super::*;
use crate::domain::onboarding::{Disconnection, Number};

const HOUR: i64 = 3600;

fn lost() -> Fact {
    Fact::AccessLost(attempt(), "access.lost")
}

fn phone() -> PhoneNumberId {
    PhoneNumberId::parse("5").unwrap()
}

/// A health check of the account's only number, with its status; without one, Meta no longer shows the number.
fn checked(status: Option<&str>, seconds: i64) -> Fact {
    let value = |status: &str| (phone(), vec![(Attribute::Status, status.to_owned())]);
    Fact::Watched(Box::new(HealthCheck {
        attempt: attempt(),
        at: at(seconds).now,
        token_expires_at: None,
        account: vec![],
        numbers: status.map(value).into_iter().collect(),
        gone: status.is_none().then(phone).into_iter().collect(),
        scopes: BTreeSet::new(),
        drift: BTreeSet::new(),
        repaired: vec![],
        spare: AttemptId::new(at(9).now, 5),
    }))
}

fn events(state: &Onboarding, kind: &str) -> usize {
    state.outbox.iter().filter(|event| event.kind == kind).count()
}

fn disconnection(state: &Onboarding) -> Option<Disconnection> {
    state.numbers.get(&phone()).and_then(|number: &Number| number.disconnection.clone())
}

fn report(display: Option<&str>, seconds: i64) -> Fact {
    let display = display.and_then(DisplayNumber::parse);
    let (reason, initiated_by) = (Some("CHANGE_NUMBER".to_owned()), Some("USER".to_owned()));
    Fact::NumberDisconnected(Box::new(ReportedDisconnection { display, reason, initiated_by, at: at(seconds).now }))
}

#[test]
fn lost_access_is_told_at_once_and_checked_again_until_it_is_back() {
    let state = apply(&ready(), &[lost(), lost()], at(100));
    let obstacle = state.obstacle().unwrap();
    assert_eq!(
        (state.state(), obstacle.code.as_str(), obstacle.actor),
        (State::Reauthorise, "access.lost", Actor::Customer)
    );
    assert_eq!(events(&state, "whatsapp.onboarding.reauthorisation_requested.v1"), 1);
    let due = due_at(&Onboarding { outbox: vec![], ..state.clone() }).unwrap();
    assert_eq!((due, next(&state, Runner::Steps, due)), (at(100 + 900).now, Next::Watch));
    let back = apply(&state, &[Fact::WatchStarted, checked(Some("CONNECTED"), 1000)], at(1000));
    assert_eq!((back.state(), back.token_attempt()), (State::Ready, Some(&attempt())));
    let still = apply(&state, &[Fact::WatchStarted, lost()], at(100 + 40 * 24 * HOUR));
    assert_eq!(next(&still, Runner::Steps, at(100 + 90 * 24 * HOUR).now), Next::Nothing, "only a new signup helps");
    let dead = apply(&state, &[Fact::TokenDied(attempt(), "graph.190.458".into())], at(200));
    assert_eq!(dead.obstacle().unwrap().code, "graph.190.458");
    assert_eq!(next(&dead, Runner::Steps, at(100 + 90 * 24 * HOUR).now), Next::Nothing);
    let leaving = apply(&state, &[Fact::ExitRequested { deregister: false }], at(200));
    assert!(leaving.token_attempt().is_some(), "the token is still valid");
}

#[test]
fn an_answer_about_another_token_changes_nothing() {
    let another = Fact::AccessLost(AttemptId::new(at(0).now, 2), "access.lost");
    assert_eq!(apply(&ready(), &[another], at(100)), ready());
}

#[test]
fn a_health_check_with_another_token_is_not_applied_and_soon_repeated() {
    let Fact::Watched(check) = checked(Some("CONNECTED"), 100) else { panic!("a check") };
    let another = HealthCheck { attempt: AttemptId::new(at(0).now, 2), scopes: ["another".into()].into(), ..*check };
    let state = apply(&ready(), &[Fact::WatchStarted], at(99));
    let after = apply(&state, &[Fact::Watched(Box::new(another))], at(100));
    assert_eq!((after.scopes.len(), after.state()), (0, State::Ready));
    assert_eq!(next(&after, Runner::Steps, at(100).now), Next::Watch);
}

#[test]
fn a_step_that_stays_refused_does_not_end_a_connection_that_is_checked_regularly() {
    let pending = Failure::new(Class::Needs(Actor::Meta, Waiting::Meta), "access.pending");
    let mut state = ready();
    state.steps.remove(&Step::RegisterNumber);
    for day in 0..30 {
        let refused =
            [Fact::StepStarted(Step::RegisterNumber), Fact::StepFailed(Step::RegisterNumber, pending.clone())];
        state = apply(&state, &refused, at(20 + day * 24 * HOUR));
        assert_eq!(state.state(), State::Waiting, "{day}");
        assert_eq!(next(&state, Runner::Steps, at(20 + day * 24 * HOUR).now), Next::Watch, "its check decides");
        state = apply(
            &state,
            &[Fact::WatchStarted, checked(Some("CONNECTED"), day * 24 * HOUR + 21)],
            at(day * 24 * HOUR + 21),
        );
    }
}

#[test]
fn a_report_about_a_number_that_never_worked_does_not_cause_a_check_a_minute() {
    let mut state = ready();
    state.numbers.get_mut(&phone()).unwrap().registered_at = None;
    let reported = apply(&state, &[report(None, 500)], at(501));
    let after = apply(&reported, &[Fact::WatchStarted, checked(Some("PENDING"), 503)], at(503));
    assert!(after.watch_at > Some(at(503 + HOUR).now), "{:?}", after.watch_at);
}

#[test]
fn a_health_check_that_fails_three_times_is_a_notice_and_an_event_until_it_works() {
    let failed = [Fact::WatchStarted, Fact::WatchFailed("graph.unreachable".into())];
    let mut state = ready();
    for (made, expected) in [(1, false), (2, false), (3, true), (4, true)] {
        let now = at(made * 10_000);
        state = apply(&state, &failed, now);
        let codes: Vec<_> = state.notices(now.now, Duration::ZERO).into_iter().map(|notice| notice.code).collect();
        assert_eq!(codes.contains(&"check.failing".to_owned()), expected, "{made}: {codes:?}");
        assert!(
            due_at(&Onboarding { outbox: vec![], ..state.clone() }) <= Some(at(made * 10_000 + HOUR).now),
            "{made}"
        );
    }
    assert_eq!(events(&state, "whatsapp.reception.changed.v1"), 1, "once");
    let works = apply(&state, &[Fact::WatchStarted, checked(Some("CONNECTED"), 60_000)], at(60_000));
    assert!(works.drift.is_empty() && works.check_tries == 0);
    let crashed =
        apply(&ready(), &[Fact::WatchStarted, Fact::WatchStarted, Fact::WatchStarted, Fact::WatchStarted], at(9));
    assert!(crashed.drift.contains("check.failing"), "checks that never end count too");
}

#[test]
fn access_that_meta_has_not_given_yet_is_asked_for_again_with_a_date_and_given_up_after_a_week() {
    let pending = || Failure::new(Class::Needs(Actor::Meta, Waiting::Meta), "access.pending");
    let tried = |state: &Onboarding, seconds: i64| {
        apply(
            state,
            &[Fact::StepStarted(Step::VerifyGrant), Fact::StepFailed(Step::VerifyGrant, pending())],
            at(seconds),
        )
    };
    let mut state = tried(&connected(Role::TechProvider), 2);
    let obstacle = state.obstacle().unwrap();
    assert_eq!(
        (obstacle.actor, obstacle.code.as_str(), obstacle.until),
        (Actor::Meta, "access.pending", Some(at(2 + 15).now))
    );
    for day in 0..7 {
        state = tried(&state, 20 + day * 24 * HOUR);
        assert_eq!(state.state(), State::Waiting, "{day}");
    }
    let ended = tried(&state, 20 + 8 * 24 * HOUR);
    assert_eq!((ended.state(), ended.obstacle().unwrap().code.as_str()), (State::Reauthorise, "access.lost"));
}

#[test]
fn many_refused_messages_cause_one_health_check_and_the_first_one_at_once() {
    let first = apply(&ready(), &[Fact::AccessDoubted, Fact::AccessDoubted], at(50_000));
    assert_eq!(next(&first, Runner::Steps, at(50_000).now), Next::Watch);
    let checked = apply(&first, &[Fact::WatchStarted, checked(Some("CONNECTED"), 50_001)], at(50_001));
    let doubted = apply(&checked, &[Fact::AccessDoubted], at(50_002));
    assert_eq!(next(&doubted, Runner::Steps, at(50_002).now), Next::Nothing);
    assert_eq!(next(&doubted, Runner::Steps, at(50_002 + 300).now), Next::Watch);
}

#[test]
fn news_about_one_number_is_noted_there_and_ends_no_connection() {
    let written = DisplayNumber::parse("+1 631-555-1234").unwrap();
    for shape in [Some("16315551234"), None] {
        let state = apply(&ready(), &[report(shape, 500), report(shape, 500)], at(501));
        assert!(state.numbers.values().all(|number| number.is_written(&written)));
        assert_eq!((state.state(), next(&state, Runner::Steps, at(501).now)), (State::Ready, Next::Confirm));
        let noted = disconnection(&state).unwrap();
        assert_eq!(
            (noted.since, noted.reason.as_deref(), noted.confirmed),
            (at(500).now, Some("CHANGE_NUMBER"), false)
        );
        let open = apply(&state, &[Fact::DepartureCheckStarted, Fact::DepartureNotConfirmed(attempt())], at(502));
        assert_eq!((open.state(), next(&open, Runner::Steps, at(502).now)), (State::Ready, Next::Watch));
        let gone = apply(&open, &[Fact::WatchStarted, checked(Some("DISCONNECTED"), 503)], at(503));
        assert_eq!(gone.state(), State::Ready, "the rest of the account works");
        assert_eq!(events(&gone, "whatsapp.number.disconnected.v1"), 1);
        let notices = gone.notices(at(504).now, Duration::ZERO);
        let told: Vec<_> = notices.iter().filter(|notice| notice.code == "number.disconnected").collect();
        assert_eq!((told.len(), told[0].since, told[0].phone.clone()), (1, at(500).now, Some(phone())));
        let again = apply(&gone, &[Fact::WatchStarted, checked(None, 600)], at(600));
        assert_eq!(events(&again, "whatsapp.number.disconnected.v1"), 1, "once");
        let back = apply(&again, &[Fact::WatchStarted, checked(Some("CONNECTED"), 700)], at(700));
        assert_eq!(disconnection(&back), None);
        assert_eq!(disconnection(&apply(&back, &[report(shape, 500)], at(701))), None, "a repeat of old news");
    }
}

#[test]
fn a_report_that_meta_does_not_confirm_is_dropped() {
    let state = apply(&ready(), &[report(Some("16315551234"), 500)], at(501));
    let (after, timeline) = advance(&state, &checked(Some("CONNECTED"), 502), at(502));
    assert_eq!(disconnection(&after), None);
    assert!(timeline.iter().any(|entry| entry.event == "number_still_connected"));
    let of_another = apply(&ready(), &[report(Some("4930123456"), 500)], at(501));
    assert_eq!(disconnection(&of_another), None, "a number that is not ours");
}

#[test]
fn a_dead_token_after_news_about_one_number_asks_the_customer_and_takes_nothing_apart() {
    let state = apply(&ready(), &[report(None, 500), Fact::DepartureCheckStarted], at(501));
    let confirmed = |extent| Fact::DepartureConfirmed(attempt(), extent);
    let dead = apply(&state, &[confirmed(crate::domain::onboarding::Extent::WithoutToken)], at(502));
    assert_eq!((dead.state(), dead.departure_due()), (State::Reauthorise, None));
    let gone = apply(&state, &[confirmed(crate::domain::onboarding::Extent::Everything)], at(502));
    assert_eq!(gone.state(), State::Leaving, "the account and every number are gone");
    let whole = apply(&state, &[Fact::Departed("partner_removed", at(499).now)], at(502));
    assert!(!whole.departure.unwrap().of_number, "older news about the account goes before");
}

#[test]
fn a_registration_that_waits_for_the_name_is_tried_by_date_and_when_the_name_is_approved() {
    let mut state = connected(Role::TechProvider);
    for step in [Step::VerifyGrant, Step::FindNumber] {
        state = apply(&state, &[Fact::StepStarted(step), Fact::StepSucceeded(step, finding(step))], at(2));
    }
    let refused = Failure::new(Class::Needs(Actor::Customer, Waiting::DisplayName), "graph.100.2388001");
    let facts = [Fact::StepStarted(Step::RegisterNumber), Fact::StepFailed(Step::RegisterNumber, refused)];
    let waits = apply(&state, &facts, at(10));
    let due = |state: &Onboarding| state.steps[&Step::RegisterNumber].due();
    assert_eq!(due(&waits), Some(at(10 + 12 * HOUR).now));
    let decided = |decision: &str, seconds| {
        let display = DisplayNumber::parse("16315551234").unwrap();
        Fact::NameDecided { display, decision: decision.to_owned(), at: at(seconds).now }
    };
    assert_eq!(due(&apply(&waits, &[Fact::CheckRequested], at(15))), due(&waits), "each attempt counts at Meta");
    assert_eq!(due(&apply(&waits, &[decided("REJECTED", 20)], at(20))), due(&waits), "it would be refused again");
    let approved = apply(&waits, &[decided("REJECTED", 20), decided("APPROVED", 30)], at(30));
    assert_eq!(due(&approved), Some(at(30).now));
}
