//! Any facts in any order: a record is always finished, in progress, or waiting for somebody with a reason.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected ends there")]

#[path = "drawn/counts.rs"]
mod counts;
#[path = "drawn/draw.rs"]
mod draw;

use counts::say;
use draw::Draw;
use onboarding_core::domain::claim::{Claim, FinishEvent};
use onboarding_core::domain::display_number::DisplayNumber;
use onboarding_core::domain::entitlement::Granted;
use onboarding_core::domain::failure::{Actor, Class, Failure, Waiting};
use onboarding_core::domain::grant::{ListedPhone, VerifiedPhone, VerifiedWaba, verify_phone, verify_waba};
use onboarding_core::domain::ids::{
    AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId,
};
use onboarding_core::domain::meta_status::Attribute;
use onboarding_core::domain::onboarding::{Extent, Onboarding, Phase, State};
use onboarding_core::domain::progress::{
    About, Fact, Finding, HealthCheck, Next, ReceivedCode, Renewed, RepeatSignup, ReportedDisconnection, advance,
    due_at, next,
};
use onboarding_core::domain::session::{Flow, Role};
use onboarding_core::domain::steps::{Runner, Step};
use onboarding_core::domain::time::{Jitter, Moment, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

const SEQUENCES: u64 = 10_000;
const LENGTH: usize = 60;

fn of<T: Clone>(draw: &mut Draw, choices: &[T]) -> T {
    choices.get(draw.below(choices.len())).unwrap().clone()
}

fn attempt(number: usize) -> AttemptId {
    AttemptId::new(Timestamp::from_seconds(1), u128::try_from(number).unwrap())
}

fn waba() -> VerifiedWaba {
    let id = WabaId::parse("11").unwrap();
    verify_waba(&id, &id, &BusinessId::parse("77").unwrap(), &Claim::default()).unwrap()
}

fn phone(draw: &mut Draw) -> VerifiedPhone {
    let id = PhoneNumberId::parse(of(draw, &["5", "6"])).unwrap();
    verify_phone(&Claim::default(), &[ListedPhone { id, on_business_app: draw.below(6) == 0, proven: true }], &[])
        .unwrap()
}

fn failure(draw: &mut Draw, now: Timestamp) -> Failure {
    let class = of(
        draw,
        &[
            Class::Later,
            Class::LaterAfter(600),
            Class::Needs(Actor::Customer, Waiting::Number),
            Class::Needs(Actor::Operator, Waiting::Meta),
            Class::Until(Actor::Meta, Waiting::CreditLine, now.after(Duration::from_secs(90_000))),
            Class::Skip,
            Class::Hold,
            Class::TokenDead,
        ],
    );
    Failure::new(class, of(draw, &["graph.2", "graph.133016", "grant.claim_not_granted"]))
}

fn finding(draw: &mut Draw, step: Step) -> Finding {
    match step {
        Step::VerifyGrant => Finding::Account {
            waba: waba(),
            joins: (draw.below(8) == 0).then(|| OnboardingId::new(Timestamp::from_seconds(1), 99)),
            token_expires_at: (draw.below(3) == 0).then(|| Timestamp::from_seconds(400_000)),
            scopes: BTreeSet::new(),
            status: Vec::new(),
        },
        Step::FindNumber => {
            Finding::Number { phone: phone(draw), status: Vec::new(), display: DisplayNumber::parse("15551") }
        }
        Step::RegisterNumber => Finding::Registered(vec![PhoneNumberId::parse("5").unwrap()]),
        Step::ShareCredit => Finding::CreditShared(AllocationId::parse("8").unwrap()),
        Step::JoinRecord if draw.below(2) == 0 => Finding::Alone,
        _ => Finding::Nothing,
    }
}

/// The next fact of a worker that follows the step table: completes the step it has started, or starts the one that is
/// due.
fn orderly(draw: &mut Draw, record: &Onboarding, now: Timestamp) -> Option<Fact> {
    if let Phase::Exchanging { attempt, .. } = &record.phase {
        return Some(Fact::TokenStored(attempt.clone()));
    }
    let begun = record
        .plan()
        .map(|spec| spec.step)
        .find(|step| record.steps.get(step).is_some_and(|record| record.lease_until.is_some()));
    if let Some(step) = begun {
        return Some(Fact::StepSucceeded(step, finding(draw, step)));
    }
    [Runner::Steps, Runner::Credit].into_iter().find_map(|runner| match next(record, runner, now) {
        Next::Run(step) => Some(Fact::StepStarted(step)),
        _ => None,
    })
}

/// The next fact: either the worker's, or a random one. `disorder` sets the share of random facts per sequence.
fn event(draw: &mut Draw, record: &Onboarding, disorder: usize, now: Timestamp) -> Fact {
    let planned = orderly(draw, record, now);
    if let Some(event) = planned.filter(|_| draw.below(10) >= disorder) {
        return event;
    }
    let step = of(draw, &Step::ALL);
    match draw.below(23) {
        0..=5 => Fact::StepSucceeded(step, finding(draw, step)),
        6..=8 => Fact::StepFailed(step, failure(draw, now)),
        9 => Fact::TokenStored(attempt(draw.below(3))),
        10 => Fact::ExchangeFailed(attempt(draw.below(3)), "exchange.lost"),
        11 => Fact::TokenFetchPlanned(attempt(draw.below(3)), BusinessId::parse("77").unwrap()),
        12 => of(
            draw,
            &[Fact::FetchAsked(attempt(0)), Fact::FetchPostponed(attempt(0)), Fact::FetchPostponed(attempt(1))],
        ),
        13 => Fact::TokenDied(attempt(draw.below(3)), "graph.190".to_owned()),
        14 => Fact::Rejoined(Box::new(round(draw))),
        15 => Fact::TokenRenewed(Renewed { attempt: attempt(2), expires_at: None }),
        16 => Fact::Watched(Box::new(reading(draw, now))),
        17 => Fact::Observed {
            about: of(draw, &[About::Account, About::Number(PhoneNumberId::parse("5").unwrap())]),
            attribute: of(
                draw,
                &[Attribute::NameStatus, Attribute::Review, Attribute::Certification, Attribute::Quality],
            ),
            value: of(draw, &["APPROVED", "PENDING", "NEEDED"]).to_owned(),
            at: now,
        },
        18 => Fact::Called { calls: 40, rest: u32::try_from(draw.below(2) * 300).unwrap() },
        19 => of_checks(draw, now),
        20 => gone(draw, now),
        21 => Fact::CodeReceived(Box::new(another_code(draw))),
        _ => of(
            draw,
            &[Fact::Resumed, Fact::ExitRequested { deregister: true }, Fact::EventsSent(record.outbox.clone())],
        ),
    }
}

/// What health checks and reports about numbers say.
fn of_checks(draw: &mut Draw, now: Timestamp) -> Fact {
    let reason = Some("CHANGE_NUMBER".to_owned());
    let report = ReportedDisconnection { display: None, reason, initiated_by: None, at: now };
    of(
        draw,
        &[
            Fact::Resumed,
            Fact::CheckRequested,
            Fact::AccessDoubted,
            Fact::WatchStarted,
            Fact::WatchFailed("graph.unreachable".to_owned()),
            Fact::AccessLost(attempt(0), "access.lost"),
            Fact::NumberDisconnected(Box::new(report)),
        ],
    )
}

/// A departure notification, the results of checking it, or a lost token.
fn gone(draw: &mut Draw, now: Timestamp) -> Fact {
    match draw.below(6) {
        0 => Fact::Departed("partner_removed", now),
        1 => Fact::DepartureCheckStarted,
        2 => Fact::DepartureConfirmed(attempt(0), Extent::Everything),
        3 => Fact::DepartureConfirmed(attempt(1), Extent::WithoutToken),
        4 => Fact::DepartureNotConfirmed(attempt(0)),
        _ => {
            let granted = Granted { wabas: vec![WabaId::parse("11").unwrap()], businesses: Vec::new() };
            Fact::TokenNotStored(attempt(0), Some(granted))
        }
    }
}

fn another_code(draw: &mut Draw) -> ReceivedCode {
    ReceivedCode { attempt: attempt(draw.below(3)), claim: Claim::default(), confirmed_at: None }
}

fn round(draw: &mut Draw) -> RepeatSignup {
    RepeatSignup {
        attempt: attempt(draw.below(3)),
        token_expires_at: None,
        customer_ref: CustomerRef::parse("customer").unwrap(),
        claim: Claim { event: Some(FinishEvent::Finish), ..Claim::default() },
        entitlement: None,
        flow: of(draw, &[Flow::Default, Flow::Coexistence]),
        callback_override: None,
    }
}

fn reading(draw: &mut Draw, now: Timestamp) -> HealthCheck {
    HealthCheck {
        attempt: attempt(draw.below(3)),
        at: now,
        token_expires_at: (draw.below(2) == 0).then(|| now.after(Duration::from_secs(86_400))),
        account: Vec::new(),
        numbers: of(
            draw,
            &[Vec::new(), vec![(PhoneNumberId::parse("5").unwrap(), vec![(Attribute::Status, "CONNECTED".into())])]],
        ),
        gone: of(draw, &[BTreeSet::new(), BTreeSet::from([PhoneNumberId::parse("5").unwrap()])]),
        scopes: BTreeSet::new(),
        drift: of(draw, &[BTreeSet::new(), BTreeSet::from(["number.disconnected".to_owned()])]),
        repaired: Vec::new(),
        spare: attempt(2),
    }
}

/// Checks the invariants that hold for every record at any time.
fn check(record: &Onboarding, at: &str) {
    let state = record.state();
    let (due, obstacle) = (due_at(record), record.obstacle());
    match state {
        State::Exchanging | State::Onboarding | State::Leaving => {
            let stuck = obstacle.is_some();
            assert!(due.is_some() || stuck, "{at}: {state:?} never continues: {record:?}");
        }
        State::Waiting | State::Held | State::Relaunch | State::Reauthorise => {
            let obstacle = obstacle.unwrap_or_else(|| panic!("{at}: {state:?} without a reason: {record:?}"));
            assert!(!obstacle.code.is_empty(), "{at}");
        }
        State::Ready | State::Left => {}
    }
    let usable = matches!(record.phase, Phase::Connected { .. } | Phase::Leaving { .. });
    assert!(record.token_attempt().is_none() || usable, "{at}: a token is used in {state:?}");
    for number in record.numbers.values() {
        assert!(number.registrations.len() <= 6, "{at}: {} registrations in 72 hours", number.registrations.len());
        assert!(!number.coexists || number.registrations.is_empty(), "{at}: a coexistence number was registered");
    }
}

#[test]
fn any_facts_in_any_order_leave_a_record_that_is_finished_in_progress_or_waiting_with_a_reason() {
    let mut states = BTreeSet::new();
    for sequence in 0..SEQUENCES {
        let mut draw = Draw(sequence);
        let mut now = Timestamp::from_seconds(1_000);
        let role = of(&mut draw, &[Role::SolutionPartner, Role::TechProvider]);
        let phase = Phase::Exchanging { attempt: attempt(0), lease_until: now.after(Duration::from_secs(30)) };
        let (id, customer) = (OnboardingId::new(now, 1), CustomerRef::parse("customer").unwrap());
        let mut record = Onboarding::begin(id, customer, role, Flow::Default, phase, Claim::default(), now);
        let disorder = of(&mut draw, &[1, 5, 9]);
        for position in 0..LENGTH {
            now = now.after(Duration::from_secs(u64::try_from(draw.below(3_000)).unwrap()));
            let fact = event(&mut draw, &record, disorder, now);
            let (after, timeline) = advance(&record, &fact, Moment { now, jitter: Jitter::none() });
            let at = format!("sequence {sequence}, event {position}, {fact:?}");
            let written = usize::try_from(after.timeline_length - record.timeline_length).unwrap();
            assert_eq!(written, timeline.len(), "{at}");
            let again = advance(&after, &fact, Moment { now, jitter: Jitter::none() }).0;
            let code = matches!(fact, Fact::CodeReceived(_));
            assert!(!code || again == after, "{at}: one code, one exchange");
            assert!(record.state() != State::Left || after.state() == State::Left, "{at}: `left` is a final state");
            check(&after, &at);
            states.insert(after.state());
            record = after;
        }
    }
    say(&format!("{SEQUENCES} sequences of {LENGTH} facts, {} of {} states reached", states.len(), State::ALL.len()));
    assert_eq!(states.len(), State::ALL.len(), "{states:?}");
}
