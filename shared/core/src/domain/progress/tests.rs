mod access;
mod departure;
mod exit;
mod rescue;
mod upkeep;

use super::*;
use crate::domain::claim::Claim;
use crate::domain::display_number::DisplayNumber;
use crate::domain::failure::{Actor, Class, Failure, Waiting};
use crate::domain::grant::{ListedPhone, verify_phone, verify_waba};
use crate::domain::ids::{AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId};
use crate::domain::meta_status::Attribute;
use crate::domain::onboarding::{Phase, State};
use crate::domain::session::{Flow, Role};
use crate::domain::steps::Runner;
use crate::domain::time::Jitter;
use std::collections::BTreeSet;

fn at(seconds: i64) -> Moment {
    Moment { now: Timestamp::from_seconds(1_000 + seconds), jitter: Jitter::none() }
}

fn attempt() -> AttemptId {
    AttemptId::new(at(0).now, 1)
}

fn exchanging(role: Role) -> Onboarding {
    let (id, customer) = (OnboardingId::new(at(0).now, 9), CustomerRef::parse("customer-1").unwrap());
    let phase = Phase::Exchanging { attempt: attempt(), lease_until: at(30).now };
    Onboarding::begin(id, customer, role, Flow::Default, phase, Claim::default(), at(0).now)
}

fn account() -> Finding {
    let id = WabaId::parse("11").unwrap();
    let owner = BusinessId::parse("77").unwrap();
    let waba = verify_waba(&id, &id, &owner, &Claim::default()).unwrap();
    Finding::Account { waba, joins: None, token_expires_at: None, scopes: BTreeSet::new(), status: vec![] }
}

fn number() -> Finding {
    listed_number("5", false)
}

fn listed_number(id: &str, on_business_app: bool) -> Finding {
    let listed = [ListedPhone { id: PhoneNumberId::parse(id).unwrap(), on_business_app, proven: true }];
    let phone = verify_phone(&Claim::default(), &listed, &[]).unwrap();
    Finding::Number { phone, status: vec![], display: DisplayNumber::parse("16315551234") }
}

fn apply(onboarding: &Onboarding, events: &[Fact], moment: Moment) -> Onboarding {
    events.iter().fold(onboarding.clone(), |state, event| advance(&state, event, moment).0)
}

fn connected(role: Role) -> Onboarding {
    apply(&exchanging(role), &[Fact::TokenStored(attempt())], at(1))
}

fn finding(step: Step) -> Finding {
    match step {
        Step::VerifyGrant => account(),
        Step::FindNumber => number(),
        Step::ShareCredit => Finding::CreditShared(AllocationId::parse("8").unwrap()),
        Step::ReadTemplates => Finding::Templates { namespace: Some("ns".into()) },
        Step::RegisterNumber => Finding::Registered(vec![PhoneNumberId::parse("5").unwrap()]),
        _ => Finding::Nothing,
    }
}

/// Performs every due step successfully, as the two runners would, and returns the order.
fn run_through(mut state: Onboarding, moment: Moment) -> (Onboarding, Vec<Step>) {
    let mut order = vec![];
    let mut runner = Runner::Steps;
    loop {
        match next(&state, runner, moment.now) {
            Next::Run(step) => {
                order.push(step);
                state = apply(&state, &[Fact::StepStarted(step), Fact::StepSucceeded(step, finding(step))], moment);
            }
            Next::HandOver(other) => runner = other,
            Next::Rescue | Next::Fetch | Next::Confirm | Next::Watch | Next::Nothing => return (state, order),
        }
    }
}

#[test]
fn a_solution_partner_shares_credit_and_becomes_ready() {
    let (state, order) = run_through(connected(Role::SolutionPartner), at(2));
    assert_eq!(state.state(), State::Ready);
    assert_eq!(state.allocation.as_ref().map(AllocationId::as_str), Some("8"));
    assert!(order.contains(&Step::ShareCredit) && !order.contains(&Step::AwaitPaymentMethod));
    assert_eq!(
        due_at(&apply(&state, &[Fact::EventsSent(state.outbox.clone())], at(2))),
        Some(at(2 + 24 * 3600).now),
        "a completed connection is checked once a day"
    );
}

#[test]
fn a_tech_provider_never_touches_credit() {
    let (state, order) = run_through(connected(Role::TechProvider), at(2));
    assert_eq!(state.state(), State::Ready);
    assert!(!order.contains(&Step::ShareCredit) && order.contains(&Step::AwaitPaymentMethod));
}

#[test]
fn a_coexistence_number_is_never_registered() {
    let mut state = connected(Role::TechProvider);
    state.flow = Flow::Coexistence;
    assert!(!run_through(state, at(2)).1.contains(&Step::RegisterNumber));
}

#[test]
fn a_step_of_another_worker_is_not_started_again_until_its_lease_expires() {
    let state = apply(&connected(Role::TechProvider), &[Fact::StepStarted(Step::VerifyGrant)], at(2));
    assert_eq!(next(&state, Runner::Steps, at(3).now), Next::Nothing);
    assert_eq!(next(&state, Runner::Steps, at(42).now), Next::Run(Step::VerifyGrant));
    assert_eq!(due_at(&state), Some(at(42).now));
}

#[test]
fn a_failed_step_waits_longer_each_time_and_then_asks_a_person() {
    let fail = Fact::StepFailed(Step::VerifyGrant, Failure::new(Class::Later, "graph.2"));
    let mut state = connected(Role::TechProvider);
    for attempts in 1..=10_u16 {
        state = apply(&state, &[Fact::StepStarted(Step::VerifyGrant), fail.clone()], at(2));
        let obstacle = state.obstacle();
        match attempts {
            1 | 2 => assert_eq!((state.state(), obstacle), (State::Onboarding, None)),
            3..=9 => assert_eq!(obstacle.unwrap().waiting_for, Some(Waiting::Meta)),
            _ => assert_eq!(obstacle.unwrap().actor, Actor::Operator),
        }
    }
    assert_eq!(next(&state, Runner::Steps, at(1_000_000).now), Next::Nothing);
    let resumed = apply(&state, &[Fact::Resumed], at(3));
    assert_eq!(next(&resumed, Runner::Steps, at(3).now), Next::Run(Step::VerifyGrant));
}

#[test]
fn a_waiting_step_does_not_block_an_independent_one() {
    let wait = Failure::new(Class::Needs(Actor::Meta, Waiting::DisplayName), "graph.x");
    let facts = [
        Fact::StepStarted(Step::VerifyGrant),
        Fact::StepSucceeded(Step::VerifyGrant, account()),
        Fact::StepStarted(Step::FindNumber),
        Fact::StepSucceeded(Step::FindNumber, number()),
        Fact::StepStarted(Step::RegisterNumber),
        Fact::StepFailed(Step::RegisterNumber, wait),
    ];
    let (state, order) = run_through(apply(&connected(Role::TechProvider), &facts, at(2)), at(2));
    assert_eq!(order, [Step::SubscribeApp, Step::ReadTemplates, Step::AwaitReview, Step::AwaitPaymentMethod]);
    assert_eq!((state.state(), state.obstacle().unwrap().waiting_for), (State::Waiting, Some(Waiting::DisplayName)));
}

#[test]
fn checking_the_same_wait_again_preserves_its_start_and_publishes_nothing() {
    let wait = Fact::StepFailed(
        Step::VerifyGrant,
        Failure::new(Class::Needs(Actor::Customer, Waiting::Number), "number.none"),
    );
    let once = apply(&connected(Role::TechProvider), &[Fact::StepStarted(Step::VerifyGrant), wait.clone()], at(2));
    let started = apply(&once, &[Fact::StepStarted(Step::VerifyGrant)], at(5_000));
    assert_eq!(started.state(), State::Waiting, "a check does not flap the state");
    let (twice, timeline) = advance(&started, &wait, at(5_000));
    assert_eq!(twice.obstacle().unwrap().since, at(2).now);
    assert_eq!((timeline, twice.outbox.len()), (vec![], once.outbox.len()));
}

#[test]
fn a_failed_proof_stops_everything_until_an_operator_resumes() {
    let hold = Fact::StepFailed(Step::VerifyGrant, Failure::new(Class::Hold, "grant.claim_not_granted"));
    let held = apply(&connected(Role::SolutionPartner), &[Fact::StepStarted(Step::VerifyGrant), hold], at(2));
    assert_eq!(
        (held.state(), held.token_attempt(), next(&held, Runner::Steps, at(9_999).now)),
        (State::Held, None, Next::Nothing)
    );
    assert_eq!(held.outbox.last().unwrap().kind, "whatsapp.onboarding.held.v1");
    assert_eq!(apply(&held, &[Fact::Resumed], at(4)).state(), State::Waiting, "resumed, and due at once");
}

#[test]
fn a_late_failure_never_overwrites_a_success() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    let late = Fact::StepFailed(Step::RegisterNumber, Failure::new(Class::Later, "graph.2"));
    assert_eq!(apply(&ready, &[late], at(3)).state(), State::Ready);
}

#[test]
fn an_exchange_whose_lease_ended_is_rescued_and_only_by_its_own_attempt() {
    let state = exchanging(Role::TechProvider);
    assert_eq!(next(&state, Runner::Steps, at(29).now), Next::Nothing);
    assert_eq!(next(&state, Runner::Steps, at(30).now), Next::Rescue);
    let another = AttemptId::new(at(0).now, 2);
    assert_eq!(apply(&state, &[Fact::ExchangeFailed(another, "x")], at(31)), state);
    assert_eq!(apply(&state, &[Fact::ExchangeFailed(attempt(), "exchange.lost")], at(31)).state(), State::Relaunch);
}

#[test]
fn events_are_stored_until_they_are_sent() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    assert_eq!(ready.outbox.iter().filter(|event| event.kind == "whatsapp.onboarding.ready.v1").count(), 1);
    assert_eq!(due_at(&ready), Some(at(62).now), "a lost send is repeated");
    assert!(apply(&ready, &[Fact::EventsSent(ready.outbox.clone())], at(3)).outbox.is_empty());
}

fn ready() -> Onboarding {
    run_through(connected(Role::SolutionPartner), at(2)).0
}

fn round(attempt: &AttemptId) -> Fact {
    Fact::Rejoined(Box::new(RepeatSignup {
        attempt: attempt.clone(),
        token_expires_at: None,
        customer_ref: CustomerRef::parse("customer-1").unwrap(),
        claim: Claim::default(),
        entitlement: None,
        flow: Flow::Default,
        callback_override: None,
    }))
}

#[test]
fn a_second_signup_continues_in_the_same_record_and_repeats_nothing_that_costs_money() {
    let newer = AttemptId::new(at(5).now, 2);
    let again = apply(&ready(), &[round(&newer)], at(5));
    assert_eq!((again.state(), again.retired.as_slice()), (State::Onboarding, [attempt()].as_slice()));
    let (done, order) = run_through(again.clone(), at(6));
    assert_eq!(done.state(), State::Ready);
    assert!(!order.contains(&Step::ShareCredit), "the line is shared once: {order:?}");
    assert!(order.contains(&Step::RetireToken) && done.retired.is_empty());
    assert_eq!(apply(&again, &[round(&newer)], at(6)), again, "a repeat changes nothing");
}

#[test]
fn a_signup_that_joins_another_record_ends_without_an_event() {
    let other = OnboardingId::new(at(0).now, 99);
    let Finding::Account { waba, .. } = account() else { panic!("an account") };
    let joins =
        Finding::Account { waba, joins: Some(other), token_expires_at: None, scopes: BTreeSet::new(), status: vec![] };
    let facts = [Fact::StepStarted(Step::VerifyGrant), Fact::StepSucceeded(Step::VerifyGrant, joins)];
    let joining = apply(&connected(Role::SolutionPartner), &facts, at(2));
    assert_eq!(next(&joining, Runner::Steps, at(2).now), Next::Run(Step::JoinRecord));
    let joined = [Fact::StepStarted(Step::JoinRecord), Fact::StepSucceeded(Step::JoinRecord, Finding::Nothing)];
    let left = apply(&joining, &joined, at(3));
    assert_eq!((left.state(), left.outbox.len(), due_at(&left)), (State::Left, 0, None));
}

#[test]
fn data_of_the_business_app_that_comes_too_late_does_not_hold_up_the_connection() {
    let facts = [
        Fact::StepStarted(Step::VerifyGrant),
        Fact::StepSucceeded(Step::VerifyGrant, account()),
        Fact::StepStarted(Step::FindNumber),
        Fact::StepSucceeded(Step::FindNumber, listed_number("5", true)),
        Fact::StepStarted(Step::SyncHistory),
        Fact::StepFailed(Step::SyncHistory, Failure::new(Class::Skip, "sync.too_late")),
    ];
    let (state, order) = run_through(apply(&connected(Role::TechProvider), &facts, at(2)), at(2));
    assert_eq!(state.state(), State::Ready);
    assert!(order.contains(&Step::SyncContacts) && !order.contains(&Step::RegisterNumber));
    assert_eq!(state.step_state(Step::SyncHistory), "skipped");
}

#[test]
fn a_required_step_is_never_skipped() {
    let begun = apply(&connected(Role::TechProvider), &[Fact::StepStarted(Step::VerifyGrant)], at(2));
    let odd = Fact::StepFailed(Step::VerifyGrant, Failure::new(Class::Skip, "graph.135000"));
    let state = apply(&begun, &[odd], at(3));
    assert_eq!((state.state(), state.step_state(Step::VerifyGrant)), (State::Waiting, "waiting"));
}

#[test]
fn a_choice_counts_only_while_one_is_required() {
    let asked = Failure {
        options: vec!["5".into(), "6".into()],
        ..Failure::new(Class::Needs(Actor::Customer, Waiting::Choice), "number.several")
    };
    let facts = [
        Fact::StepStarted(Step::VerifyGrant),
        Fact::StepSucceeded(Step::VerifyGrant, account()),
        Fact::StepStarted(Step::FindNumber),
        Fact::StepFailed(Step::FindNumber, asked),
    ];
    let state = apply(&connected(Role::TechProvider), &facts, at(2));
    let choose = |id: &str| Fact::Chosen { waba: None, phone: PhoneNumberId::parse(id).ok() };
    assert_eq!(apply(&state, &[choose("7")], at(3)), state);
    let chosen = apply(&state, &[choose("6")], at(3));
    assert_eq!(chosen.claim.phone.as_ref().map(PhoneNumberId::as_str), Some("6"));
}
