use super::*;
use crate::domain::onboarding::Extent;

fn gone(seconds: i64) -> Fact {
    Fact::Departed("partner_removed", at(seconds).now)
}

fn confirmed(extent: Extent) -> Fact {
    Fact::DepartureConfirmed(attempt(), extent)
}

fn stays() -> Fact {
    Fact::DepartureNotConfirmed(attempt())
}

fn failed(step: Step, class: Class) -> [Fact; 2] {
    [Fact::StepStarted(step), Fact::StepFailed(step, Failure::new(class, "test"))]
}

/// A record in every phase; the connection began at second 1, the present phase up to second 10.
fn in_every_phase() -> Vec<Onboarding> {
    let connected = connected(Role::SolutionPartner);
    let business = BusinessId::parse("77").unwrap();
    let fetching = Phase::Fetching { attempt: attempt(), business, due: at(5).now, tries: 0 };
    let waiting = Class::Needs(Actor::Customer, Waiting::Number);
    let leaving = apply(&ready(), &[Fact::ExitRequested], at(10));
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
        let (heard, timeline) = advance(&state, &gone(20), at(21));
        let name = state.state();
        assert_eq!((heard.state(), &heard.phase), (name, &state.phase), "{name:?}");
        let asked = matches!(state.phase, Phase::Connected { .. } | Phase::Held { .. } | Phase::Reauthorise { .. });
        assert_eq!(next(&heard, Runner::Steps, at(21).now) == Next::Confirm, asked, "{name:?}");
        assert!(!asked || next(&heard, Runner::Credit, at(21).now) == Next::HandOver(Runner::Steps), "{name:?}");
        assert!(!asked || due_at(&heard) <= Some(at(21).now), "{name:?}");
        assert_eq!(timeline.len(), usize::from(asked || name == State::Leaving), "{name:?}");
        let again = [gone(20), gone(19), gone(2)];
        assert_eq!(apply(&heard, &again, at(22)), heard, "{name:?}: what is known is no news");
    }
}

#[test]
fn an_exit_begins_when_meta_confirms_and_by_the_token_that_was_asked_about() {
    for state in in_every_phase().into_iter().filter(|state| state.kept_attempt().is_some() && !state.is_leaving()) {
        let heard = apply(&state, &[gone(20), Fact::DepartureCheckStarted], at(21));
        let stranger = Fact::DepartureConfirmed(AttemptId::new(at(0).now, 2), Extent::Everything);
        assert_eq!(apply(&heard, &[stranger], at(22)), heard, "{:?}", state.state());
        assert_eq!(apply(&state, &[confirmed(Extent::Everything)], at(22)), state, "nothing was told");
        let leaving = apply(&heard, &[confirmed(Extent::Everything)], at(22));
        assert_eq!(leaving.state(), State::Leaving, "{:?}", state.state());
        assert_eq!(run_through(leaving, at(23)).0.state(), State::Left);
    }
}

#[test]
fn what_meta_does_not_confirm_is_asked_about_three_times_and_is_over_then() {
    let mut state = apply(&ready(), &[gone(20)], at(21));
    for wait in [60, 900] {
        let before = state.departure_due().unwrap();
        let moment = Moment { now: before, jitter: Jitter::none() };
        assert_eq!(next(&state, Runner::Steps, before), Next::Confirm);
        state = apply(&state, &[Fact::DepartureCheckStarted, stays()], moment);
        assert_eq!(state.departure_due(), Some(before.after(Duration::from_secs(wait))));
    }
    let last = Moment { now: state.departure_due().unwrap(), jitter: Jitter::none() };
    let over = apply(&state, &[Fact::DepartureCheckStarted, stays()], last);
    assert_eq!((over.departure_due(), over.state()), (None, State::Ready));
    assert_eq!(apply(&over, &[gone(20)], last), over, "the same news again is not asked about again");
    assert!(over.watch_at <= Some(last.now), "a number may be what went: the connection is looked at");
}

#[test]
fn an_outage_of_metas_does_not_end_the_question() {
    let mut state = apply(&ready(), &[gone(20)], at(21));
    for _ in 0..10 {
        let moment = Moment { now: state.departure_due().unwrap(), jitter: Jitter::none() };
        state = apply(&state, &[Fact::DepartureCheckStarted], moment);
    }
    assert!(state.departure_due().is_some());
}

#[test]
fn who_comes_back_is_not_sent_away_by_news_of_the_earlier_stay() {
    let removed = apply(&ready(), &[gone(20)], at(21));
    let newer = AttemptId::new(at(50).now, 2);
    let back = apply(&removed, &[round(&newer)], at(50));
    assert_eq!((back.departure.as_ref(), back.connected_since), (None, Some(at(50).now)));
    assert_eq!(apply(&back, &[gone(20), gone(48)], at(51)), back);
    assert_eq!(apply(&back, &[confirmed(Extent::Everything)], at(51)), back, "nor by what was seen of the old token");
    assert_ne!(apply(&back, &[gone(52)], at(53)), back);
}

#[test]
fn a_hold_or_a_dead_token_does_not_make_a_departure_old() {
    let held = apply(&connected(Role::TechProvider), &failed(Step::VerifyGrant, Class::Hold), at(30));
    let dead = apply(&ready(), &[Fact::TokenDied(attempt(), "graph.190".into())], at(30));
    for state in [held.clone(), dead, apply(&held, &[Fact::Resumed], at(40))] {
        let heard = apply(&state, &[gone(20)], at(41));
        assert!(heard.departure_due().is_some(), "{:?}: it may be the very reason", state.state());
    }
}

#[test]
fn news_in_an_exit_skip_no_step_of_it() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving = apply(&ready, &[Fact::ExitRequested], at(3));
    let all = run_through(leaving.clone(), at(5)).1;
    for news in [gone(-500), gone(2), gone(20)] {
        let (left, order) = run_through(apply(&leaving, &[news], at(4)), at(5));
        assert_eq!((left.state(), &order), (State::Left, &all));
    }
    assert!(all.contains(&Step::UnsubscribeApp));
}

#[test]
fn an_exit_step_without_access_is_over_and_says_so() {
    let leaving = apply(&ready(), &[Fact::ExitRequested, Fact::StepStarted(Step::DeregisterNumber)], at(3));
    let lost = Fact::StepSucceeded(Step::DeregisterNumber, Finding::AccessLost);
    let (after, timeline) = advance(&leaving, &lost, at(4));
    assert_eq!(after.step_state(Step::DeregisterNumber), "skipped");
    assert_eq!(timeline.last().unwrap().code.as_deref(), Some("access.lost"));
    let (left, order) = run_through(after, at(5));
    assert_eq!((left.state(), order.contains(&Step::UnsubscribeApp)), (State::Left, true));
}

#[test]
fn words_of_an_earlier_stay_are_read_and_not_believed_and_a_closed_record_takes_none() {
    let word = |seconds| Fact::Observed {
        about: About::Account,
        attribute: Attribute::Certification,
        value: "NEEDED".to_owned(),
        at: at(seconds).now,
    };
    let restricted = |seconds| Fact::Restricted { value: "RESTRICTED_X".into(), until: None, at: at(seconds).now };
    let display = DisplayNumber::parse("16315551234").unwrap();
    let named =
        |seconds| Fact::NameDecided { display: display.clone(), decision: "APPROVED".into(), at: at(seconds).now };
    for old in [word(-3_700), restricted(-3_700), named(-3_700)] {
        let heard = apply(&ready(), std::slice::from_ref(&old), at(60));
        assert_eq!(heard, Onboarding { watch_at: Some(at(60).now), ..ready() }, "{old:?}");
    }
    for state in in_every_phase() {
        for news in [word(30), restricted(30), named(30)] {
            let heard = apply(&state, std::slice::from_ref(&news), at(60));
            assert!(state.state() != State::Left || heard == state, "{news:?}");
        }
    }
    assert!(apply(&ready(), &[word(-60)], at(60)).facts.get(Attribute::Certification).is_some(), "the popup was open");
}
