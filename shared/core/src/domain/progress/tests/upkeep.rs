use super::*;
use crate::domain::entitlement::Granted;

fn is_due_now(state: &Onboarding, now: Timestamp) -> bool {
    let mut others = state.clone();
    for step in [Step::SubscribeApp, Step::ReadTemplates, Step::AwaitReview, Step::AwaitPaymentMethod] {
        let moment = Moment { now, jitter: Jitter::none() };
        others = apply(&others, &[Fact::StepStarted(step), Fact::StepSucceeded(step, finding(step))], moment);
    }
    next(&others, Runner::Steps, now) == Next::Run(Step::RegisterNumber)
}

fn observed(value: &str, seconds: i64) -> Fact {
    let about = About::Number(PhoneNumberId::parse("5").unwrap());
    Fact::Observed { about, attribute: Attribute::NameStatus, value: value.to_owned(), at: at(seconds).now }
}

#[test]
fn at_most_six_registrations_are_made_within_72_hours() {
    let mut state = connected(Role::TechProvider);
    for step in [Step::VerifyGrant, Step::FindNumber] {
        state = apply(&state, &[Fact::StepStarted(step), Fact::StepSucceeded(step, finding(step))], at(2));
    }
    let refused = Fact::StepFailed(Step::RegisterNumber, Failure::new(Class::Later, "graph.2"));
    let mut made = 0;
    for second in 0..20 {
        state = apply(&state, &[Fact::Resumed], at(100 + second));
        if is_due_now(&state, at(100 + second).now) {
            state = apply(&state, &[Fact::StepStarted(Step::RegisterNumber), refused.clone()], at(100 + second));
            made += 1;
        }
    }
    assert_eq!(made, 6);
    assert!(is_due_now(&state, at(100 + 72 * 3600).now));
}

#[test]
fn an_approved_display_name_causes_another_registration() {
    let before = apply(&ready(), &[observed("PENDING_REVIEW", 10)], at(10));
    assert_eq!(
        before.notices(at(11).now, Duration::from_secs(1)).first().map(|notice| notice.code.clone()).as_deref(),
        Some("number.name_pending")
    );
    let approved = apply(&before, &[observed("APPROVED", 20)], at(20));
    assert_eq!(next(&approved, Runner::Steps, at(21).now), Next::Run(Step::RegisterNumber));
    let (done, _) = run_through(approved, at(22));
    assert_eq!(done.state(), State::Ready);
    assert_eq!(apply(&done, &[observed("APPROVED", 20), observed("PENDING_REVIEW", 15)], at(23)).state(), State::Ready);
    let display = DisplayNumber::parse("+1 631-555-1234").unwrap();
    let decided = Fact::NameDecided { display, decision: "APPROVED".into(), at: at(30).now };
    assert_eq!(next(&apply(&done, &[decided], at(31)), Runner::Steps, at(31).now), Next::Run(Step::RegisterNumber));
}

#[test]
fn a_token_that_expires_soon_is_reported_once_and_renewed() {
    let spare = AttemptId::new(at(9).now, 5);
    let check = |end: i64| HealthCheck {
        attempt: attempt(),
        at: at(10).now,
        token_expires_at: Some(at(end).now),
        account: vec![],
        numbers: vec![],
        gone: BTreeSet::new(),
        scopes: BTreeSet::new(),
        drift: BTreeSet::new(),
        repaired: vec![],
        spare: spare.clone(),
    };
    let far = apply(&ready(), &[Fact::Watched(Box::new(check(30 * 86_400)))], at(10));
    assert_eq!((far.renewal.clone(), next(&far, Runner::Credit, at(11).now)), (None, Next::Nothing));
    let near = Fact::Watched(Box::new(check(6 * 86_400)));
    let soon = apply(&ready(), &[near.clone(), near], at(10));
    let warned = soon.outbox.iter().filter(|event| event.kind == "whatsapp.token.expiring.v1").count();
    assert_eq!((warned, next(&soon, Runner::Credit, at(11).now)), (1, Next::Fetch));
    let renewed = Fact::TokenRenewed(Renewed { attempt: spare.clone(), expires_at: None });
    let after = apply(&soon, &[Fact::FetchAsked(spare.clone()), renewed], at(12));
    assert_eq!((after.token_attempt(), after.token_expires_at), (Some(&spare), None));
    assert_eq!((after.state(), next(&after, Runner::Steps, at(12).now)), (State::Ready, Next::Run(Step::RetireToken)));
}

#[test]
fn the_token_of_a_lost_code_is_requested_three_times_before_the_customer_clicks_again() {
    let granted = Granted { wabas: vec![WabaId::parse("11").unwrap()], businesses: vec![] };
    let sought = Fact::TokenFetchPlanned(attempt(), BusinessId::parse("77").unwrap());
    let lost = [Fact::TokenNotStored(attempt(), Some(granted)), sought];
    let mut state = apply(&exchanging(Role::TechProvider), &lost, at(31));
    for tries in 1..=3 {
        let due = due_at(&state).unwrap();
        assert_eq!(
            (next(&state, Runner::Steps, due), next(&state, Runner::Credit, due)),
            (Next::HandOver(Runner::Credit), Next::Fetch)
        );
        let moment = Moment { now: due, jitter: Jitter::none() };
        state = apply(&state, &[Fact::FetchAsked(attempt()), Fact::FetchPostponed(attempt())], moment);
        assert_eq!(state.state(), if tries < 3 { State::Exchanging } else { State::Relaunch }, "try {tries}");
    }
}
