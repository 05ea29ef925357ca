use super::*;
use crate::domain::onboarding::Extent;

fn gone(seconds: i64) -> Fact {
    Fact::Departed("partner_removed", at(seconds).now)
}

fn confirmed(extent: Extent) -> Fact {
    Fact::DepartureConfirmed(attempt(), extent)
}

fn not_confirmed() -> Fact {
    Fact::DepartureNotConfirmed(attempt())
}

fn failed(step: Step, class: Class) -> [Fact; 2] {
    [Fact::StepStarted(step), Fact::StepFailed(step, Failure::new(class, "test"))]
}

/// A record in every phase; the connection began at second 1, the current phase by second 10.
fn in_every_phase() -> Vec<Onboarding> {
    let connected = connected(Role::SolutionPartner);
    let business = BusinessId::parse("77").unwrap();
    let fetching = Phase::Fetching { attempt: attempt(), business, due: at(5).now, tries: 0 };
    let waiting = Class::Needs(Actor::Customer, Waiting::Number);
    let leaving = apply(&ready(), &[Fact::ExitRequested { deregister: true }], at(10));
    vec![
        exchanging(Role::SolutionPartner),
        Onboarding { phase: fetching, ..exchanging(Role::SolutionPartner) },
        apply(&exchanging(Role::SolutionPartner), &[Fact::ExchangeFailed(attempt(), "exchange.lost")], at(5)),
        connected.clone(),
        apply(&connected, &failed(Step::VerifyGrant, waiting), at(3)),
        ready(),
        apply(&connected, &failed(Step::VerifyGrant, Class::Hold), at(10)),
        apply(&ready(), &[Fact::TokenDied(attempt(), "graph.190".into())], at(10)),
        leaving.clone(),
        run_through(leaving, at(10)).0,
    ]
}

#[test]
fn a_departure_older_than_the_connection_changes_nothing_in_any_phase() {
    let states: Vec<State> = in_every_phase().iter().map(Onboarding::state).collect();
    assert!(State::ALL.iter().all(|state| states.contains(state)), "{states:?}");
    for state in in_every_phase() {
        for (reason, seconds) in [("partner_removed", -1), ("app_uninstalled", -500), ("account_deleted", -9_000_000)] {
            let old = Fact::Departed(reason, at(seconds).now);
            assert_eq!(apply(&state, &[old], at(60)), state, "{:?}: {reason} at {seconds}", state.state());
        }
    }
}

#[test]
fn a_departure_of_this_connection_is_asked_about_and_takes_nothing_apart_by_itself() {
    for state in in_every_phase() {
        let (after, timeline) = advance(&state, &gone(20), at(21));
        let name = state.state();
        assert_eq!((after.state(), &after.phase), (name, &state.phase), "{name:?}");
        let asked = matches!(state.phase, Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. });
        assert_eq!(next(&after, Runner::Steps, at(21).now) == Next::Confirm, asked, "{name:?}");
        assert!(!asked || next(&after, Runner::Credit, at(21).now) == Next::HandOver(Runner::Steps), "{name:?}");
        assert!(!asked || due_at(&after) <= Some(at(21).now), "{name:?}");
        assert_eq!(timeline.len(), usize::from(asked || name == State::Leaving), "{name:?}");
        let again = [gone(20), gone(19), gone(2)];
        assert_eq!(apply(&after, &again, at(22)), after, "{name:?}: a known departure changes nothing");
    }
}

#[test]
fn an_exit_starts_when_meta_confirms_it_for_the_token_that_was_checked() {
    for state in in_every_phase().into_iter().filter(|state| state.stored_attempt().is_some() && !state.is_leaving()) {
        let after = apply(&state, &[gone(20), Fact::DepartureCheckStarted], at(21));
        let another = Fact::DepartureConfirmed(AttemptId::new(at(0).now, 2), Extent::Everything);
        assert_eq!(apply(&after, &[another], at(22)), after, "{:?}", state.state());
        assert_eq!(apply(&state, &[confirmed(Extent::Everything)], at(22)), state, "no departure was reported");
        let leaving = apply(&after, &[confirmed(Extent::Everything)], at(22));
        assert_eq!(leaving.state(), State::Leaving, "{:?}", state.state());
        assert_eq!(run_through(leaving, at(23)).0.state(), State::Left);
    }
}

#[test]
fn an_unconfirmed_departure_is_checked_three_times_and_then_dropped() {
    let mut state = apply(&ready(), &[gone(20)], at(21));
    for wait in [60, 900] {
        let before = state.departure_due().unwrap();
        let moment = Moment { now: before, jitter: Jitter::none() };
        assert_eq!(next(&state, Runner::Steps, before), Next::Confirm);
        state = apply(&state, &[Fact::DepartureCheckStarted, not_confirmed()], moment);
        assert_eq!(state.departure_due(), Some(before.after(Duration::from_secs(wait))));
    }
    let last = Moment { now: state.departure_due().unwrap(), jitter: Jitter::none() };
    let over = apply(&state, &[Fact::DepartureCheckStarted, not_confirmed()], last);
    assert_eq!((over.departure_due(), over.state()), (None, State::Ready));
    assert_eq!(apply(&over, &[gone(20)], last), over, "the same notification is not checked again");
    assert!(over.watch_at <= Some(last.now), "a number may have been removed: the connection is checked");
}

#[test]
fn an_outage_at_meta_does_not_end_the_check() {
    let mut state = apply(&ready(), &[gone(20)], at(21));
    for _ in 0..10 {
        let moment = Moment { now: state.departure_due().unwrap(), jitter: Jitter::none() };
        state = apply(&state, &[Fact::DepartureCheckStarted], moment);
    }
    assert!(state.departure_due().is_some());
}

#[test]
fn a_returning_customer_is_not_disconnected_by_reports_about_an_earlier_connection() {
    let removed = apply(&ready(), &[gone(20)], at(21));
    let newer = AttemptId::new(at(50).now, 2);
    let back = apply(&removed, &[round(&newer)], at(50));
    assert_eq!((back.departure.as_ref(), back.connected_since), (None, Some(at(50).now)));
    assert_eq!(apply(&back, &[gone(20), gone(48)], at(51)), back);
    assert_eq!(apply(&back, &[confirmed(Extent::Everything)], at(51)), back, "nor by a check of the old token");
    assert_ne!(apply(&back, &[gone(52)], at(53)), back);
}

#[test]
fn a_departure_counts_when_it_precedes_a_hold_or_an_invalid_token() {
    let held = apply(&connected(Role::TechProvider), &failed(Step::VerifyGrant, Class::Hold), at(30));
    let dead = apply(&ready(), &[Fact::TokenDied(attempt(), "graph.190".into())], at(30));
    for state in [held.clone(), dead, apply(&held, &[Fact::Resumed], at(40))] {
        let after = apply(&state, &[gone(20)], at(41));
        assert!(after.departure_due().is_some(), "{:?}: it may be the reason", state.state());
    }
}

#[test]
fn a_departure_reported_during_an_exit_skips_none_of_its_steps() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving = apply(&ready, &[Fact::ExitRequested { deregister: true }], at(3));
    let all = run_through(leaving.clone(), at(5)).1;
    for report in [gone(-500), gone(2), gone(20)] {
        let (left, order) = run_through(apply(&leaving, &[report], at(4)), at(5));
        assert_eq!((left.state(), &order), (State::Left, &all));
    }
    assert!(all.contains(&Step::UnsubscribeApp));
}

#[test]
fn an_exit_step_without_access_is_skipped_with_its_reason() {
    let leaving =
        apply(&ready(), &[Fact::ExitRequested { deregister: true }, Fact::StepStarted(Step::DeregisterNumber)], at(3));
    let lost = Fact::StepSucceeded(Step::DeregisterNumber, Finding::AccessLost);
    let (after, timeline) = advance(&leaving, &lost, at(4));
    assert_eq!(after.step_state(Step::DeregisterNumber), "skipped");
    assert_eq!(timeline.last().unwrap().code.as_deref(), Some("access.lost"));
    let (left, order) = run_through(after, at(5));
    assert_eq!((left.state(), order.contains(&Step::UnsubscribeApp)), (State::Left, true));
}

#[test]
fn old_status_values_only_request_a_check_and_a_closed_record_ignores_all() {
    let needed = |seconds| Fact::Observed {
        about: About::Account,
        attribute: Attribute::Certification,
        value: "NEEDED".to_owned(),
        at: at(seconds).now,
    };
    let restricted = |seconds| Fact::Restricted { value: "RESTRICTED_X".into(), until: None, at: at(seconds).now };
    let display = DisplayNumber::parse("16315551234").unwrap();
    let named =
        |seconds| Fact::NameDecided { display: display.clone(), decision: "APPROVED".into(), at: at(seconds).now };
    for old in [needed(-3_700), restricted(-3_700), named(-3_700)] {
        let after = apply(&ready(), std::slice::from_ref(&old), at(60));
        assert_eq!(after, Onboarding { watch_at: Some(at(60).now), ..ready() }, "{old:?}");
    }
    for state in in_every_phase() {
        for report in [needed(30), restricted(30), named(30)] {
            let after = apply(&state, std::slice::from_ref(&report), at(60));
            assert!(state.state() != State::Left || after == state, "{report:?}");
        }
    }
    assert!(
        apply(&ready(), &[needed(-60)], at(60)).facts.get(Attribute::Certification).is_some(),
        "the popup was open"
    );
}
