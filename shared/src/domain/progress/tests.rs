use super::*;
use crate::domain::claim::Claim;
use crate::domain::failure::{Actor, Class, Waiting};
use crate::domain::grant::{ListedPhone, verify_phone, verify_waba};
use crate::domain::ids::{BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId};
use crate::domain::onboarding::State;
use crate::domain::session::{Flow, Role};
use crate::domain::time::Jitter;

fn at(seconds: i64) -> Moment {
    Moment { now: Timestamp::from_seconds(1_000 + seconds), jitter: Jitter::none() }
}

fn attempt() -> AttemptId {
    AttemptId::new(at(0).now, 1)
}

fn exchanging(role: Role) -> Onboarding {
    Onboarding {
        id: OnboardingId::new(at(0).now, 9),
        customer_ref: CustomerRef::parse("customer-1").unwrap(),
        role,
        flow: Flow::Default,
        created_at: at(0).now,
        phase: Phase::Exchanging { attempt: attempt(), lease_until: at(30).now },
        phase_since: at(0).now,
        claim: Claim::default(),
        waba: None,
        phone: None,
        predecessor: None,
        allocation: None,
        template_namespace: None,
        partner_since: None,
        steps: std::collections::BTreeMap::new(),
        outbox: vec![],
        timeline_length: 0,
    }
}

fn account() -> Finding {
    let id = WabaId::parse("11").unwrap();
    let owner = BusinessId::parse("77").unwrap();
    Finding::Account(verify_waba(&id, &id, &owner, &Claim::default()).unwrap(), None)
}

fn number() -> Finding {
    let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: false }];
    Finding::Number(verify_phone(&Claim::default(), &listed).unwrap())
}

fn apply(onboarding: &Onboarding, events: &[Event], moment: Moment) -> Onboarding {
    events.iter().fold(onboarding.clone(), |state, event| advance(&state, event, moment).0)
}

fn connected(role: Role) -> Onboarding {
    apply(&exchanging(role), &[Event::TokenStored(attempt())], at(1))
}

fn finding(step: Step) -> Finding {
    match step {
        Step::VerifyGrant => account(),
        Step::FindNumber => number(),
        Step::ShareCredit => Finding::CreditShared(AllocationId::parse("8").unwrap()),
        Step::ReadTemplates => Finding::Templates { namespace: Some("ns".into()) },
        Step::SubscribeApp
        | Step::RegisterNumber
        | Step::CheckReception
        | Step::AwaitPaymentMethod
        | Step::EndPredecessor
        | Step::RevokeCredit
        | Step::DeregisterNumber
        | Step::UnsubscribeApp
        | Step::DestroyToken => Finding::Nothing,
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
                state = apply(&state, &[Event::StepStarted(step), Event::StepSucceeded(step, finding(step))], moment);
            }
            Next::HandOver(other) => runner = other,
            Next::Rescue | Next::Nothing => return (state, order),
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
        due_at(&apply(&state, &[Event::EventsSent(state.outbox.clone())], at(2))),
        None,
        "a finished record is never rung"
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
fn a_step_in_other_hands_is_not_begun_again_until_its_lease_ends() {
    let state = apply(&connected(Role::TechProvider), &[Event::StepStarted(Step::VerifyGrant)], at(2));
    assert_eq!(next(&state, Runner::Steps, at(3).now), Next::Nothing);
    assert_eq!(next(&state, Runner::Steps, at(42).now), Next::Run(Step::VerifyGrant));
    assert_eq!(due_at(&state), Some(at(42).now));
}

#[test]
fn a_failed_step_waits_longer_each_time_and_then_asks_a_person() {
    let fail = Event::StepFailed(Step::VerifyGrant, Failure::new(Class::Later, "graph.2"));
    let mut state = connected(Role::TechProvider);
    for attempts in 1..=10_u16 {
        state = apply(&state, &[Event::StepStarted(Step::VerifyGrant), fail.clone()], at(2));
        let obstacle = state.obstacle();
        match attempts {
            1 | 2 => assert_eq!((state.state(), obstacle), (State::Onboarding, None)),
            3..=9 => assert_eq!(obstacle.unwrap().waiting_for, Some(Waiting::Meta)),
            _ => assert_eq!(obstacle.unwrap().actor, Actor::Operator),
        }
    }
    assert_eq!(next(&state, Runner::Steps, at(1_000_000).now), Next::Nothing);
    let resumed = apply(&state, &[Event::Resumed], at(3));
    assert_eq!(next(&resumed, Runner::Steps, at(3).now), Next::Run(Step::VerifyGrant));
}

#[test]
fn a_waiting_step_does_not_block_an_independent_one() {
    let wait = Failure::new(Class::Needs(Actor::Meta, Waiting::DisplayName), "graph.x");
    let facts = [
        Event::StepStarted(Step::VerifyGrant),
        Event::StepSucceeded(Step::VerifyGrant, account()),
        Event::StepStarted(Step::FindNumber),
        Event::StepSucceeded(Step::FindNumber, number()),
        Event::StepStarted(Step::RegisterNumber),
        Event::StepFailed(Step::RegisterNumber, wait),
    ];
    let (state, order) = run_through(apply(&connected(Role::TechProvider), &facts, at(2)), at(2));
    assert_eq!(order, [Step::SubscribeApp, Step::ReadTemplates, Step::AwaitPaymentMethod]);
    assert_eq!((state.state(), state.obstacle().unwrap().waiting_for), (State::Waiting, Some(Waiting::DisplayName)));
}

#[test]
fn looking_at_the_same_wait_again_keeps_its_beginning_and_is_no_news() {
    let wait = Event::StepFailed(
        Step::VerifyGrant,
        Failure::new(Class::Needs(Actor::Customer, Waiting::Number), "number.none"),
    );
    let once = apply(&connected(Role::TechProvider), &[Event::StepStarted(Step::VerifyGrant), wait.clone()], at(2));
    let started = apply(&once, &[Event::StepStarted(Step::VerifyGrant)], at(5_000));
    assert_eq!(started.state(), State::Waiting, "a look does not flap the state");
    let (twice, timeline) = advance(&started, &wait, at(5_000));
    assert_eq!(twice.obstacle().unwrap().since, at(2).now);
    assert_eq!((timeline, twice.outbox.len()), (vec![], once.outbox.len()));
}

#[test]
fn a_failed_proof_stops_everything_until_an_operator_resumes() {
    let hold = Event::StepFailed(Step::VerifyGrant, Failure::new(Class::Hold, "grant.claim_not_granted"));
    let held = apply(&connected(Role::SolutionPartner), &[Event::StepStarted(Step::VerifyGrant), hold], at(2));
    assert_eq!(
        (held.state(), held.token_attempt(), next(&held, Runner::Steps, at(9_999).now)),
        (State::Held, None, Next::Nothing)
    );
    assert_eq!(held.outbox.last().unwrap().kind, "whatsapp.onboarding.held.v1");
    assert_eq!(apply(&held, &[Event::Resumed], at(4)).state(), State::Waiting, "resumed, and due at once");
}

#[test]
fn a_late_failure_never_overwrites_a_success() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    let late = Event::StepFailed(Step::RegisterNumber, Failure::new(Class::Later, "graph.2"));
    assert_eq!(apply(&ready, &[late], at(3)).state(), State::Ready);
}

#[test]
fn an_exchange_whose_lease_ended_is_rescued_and_only_by_its_own_attempt() {
    let state = exchanging(Role::TechProvider);
    assert_eq!(next(&state, Runner::Steps, at(29).now), Next::Nothing);
    assert_eq!(next(&state, Runner::Steps, at(30).now), Next::Rescue);
    let stranger = AttemptId::new(at(0).now, 2);
    assert_eq!(apply(&state, &[Event::ExchangeFailed(stranger, "x")], at(31)), state);
    assert_eq!(apply(&state, &[Event::ExchangeFailed(attempt(), "exchange.lost")], at(31)).state(), State::Relaunch);
}

#[test]
fn an_exit_takes_apart_what_was_set_up_and_destroys_the_token_last() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving = apply(&ready, &[Event::ExitRequested], at(3));
    assert_eq!(leaving.state(), State::Leaving);
    let (left, order) = run_through(leaving, at(4));
    assert_eq!(left.state(), State::Left);
    assert_eq!(order.last(), Some(&Step::DestroyToken));
    assert_eq!(order.len(), 4, "{order:?}");
    assert_eq!(apply(&left, &[Event::ExitRequested], at(5)), left, "who has left, has left");
}

#[test]
fn an_exit_goes_on_without_the_token_when_it_dies_on_the_way() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving = apply(&ready, &[Event::ExitRequested, Event::StepStarted(Step::DeregisterNumber)], at(3));
    let dead = Event::StepFailed(Step::DeregisterNumber, Failure::new(Class::TokenDead, "graph.190"));
    let (left, order) = run_through(apply(&leaving, &[dead], at(4)), at(5));
    assert_eq!((left.state(), order), (State::Left, vec![Step::RevokeCredit, Step::DestroyToken]));
}

#[test]
fn a_departure_older_than_the_connection_changes_nothing() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    let old = Event::Departed("partner_removed", at(-500).now);
    assert_eq!(apply(&ready, &[old], at(60)).state(), State::Ready);
    let new = Event::Departed("partner_removed", at(50).now);
    assert_eq!(apply(&ready, &[new], at(60)).state(), State::Leaving);
}

#[test]
fn events_are_kept_until_they_are_sent() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    assert_eq!(ready.outbox.iter().filter(|event| event.kind == "whatsapp.onboarding.ready.v1").count(), 1);
    assert_eq!(due_at(&ready), Some(at(62).now), "a lost send is repeated");
    assert!(apply(&ready, &[Event::EventsSent(ready.outbox.clone())], at(3)).outbox.is_empty());
}
