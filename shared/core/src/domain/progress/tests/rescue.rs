use super::*;
use crate::domain::assignment::{AccountClaims, Assignment, NotAssignable, may_assign};
use crate::domain::entitlement::{Entitlement, Granted};

fn waba(id: &str) -> WabaId {
    WabaId::parse(id).unwrap()
}

fn business(id: &str) -> BusinessId {
    BusinessId::parse(id).unwrap()
}

fn customer(name: &str) -> CustomerRef {
    CustomerRef::parse(name).unwrap()
}

fn claiming(id: &str, portfolio: Option<&str>) -> Onboarding {
    let claim = Claim { waba: Some(waba(id)), business: portfolio.map(business), ..Claim::default() };
    Onboarding { claim, ..exchanging(Role::SolutionPartner) }
}

fn accepted(id: &str) -> Fact {
    Fact::TokenNotStored(attempt(), Some(Granted { wabas: vec![waba(id)], businesses: vec![business("77")] }))
}

fn relaunched() -> Onboarding {
    apply(&claiming("22", None), &[Fact::ExchangeFailed(attempt(), "exchange.lost")], at(31))
}

fn unclaimed() -> Onboarding {
    let phase = Phase::Fetching { attempt: attempt(), business: business("77"), due: at(0).now, tries: 0 };
    let claim = Claim { waba: Some(waba("11")), business: Some(business("77")), ..Claim::default() };
    let (id, customer) = (OnboardingId::new(at(0).now, 9), CustomerRef::of_portfolio(&business("77")));
    Onboarding::begin(id, customer, Role::SolutionPartner, Flow::Default, phase, claim, at(0).now)
}

fn assigned(name: &str, id: &str) -> Fact {
    let attempt = AttemptId::new(at(40).now, 7);
    let (customer_ref, waba) = (customer(name), waba(id));
    Fact::Assigned(Box::new(Assignment { customer_ref, waba, business: business("77"), attempt }))
}

#[test]
fn another_code_starts_another_exchange_if_the_customer_was_asked_to_click_again() {
    let (before, second) = (relaunched(), AttemptId::new(at(50).now, 2));
    let claim = Claim { waba: Some(waba("33")), ..Claim::default() };
    let code = ReceivedCode { attempt: second.clone(), claim: claim.clone(), confirmed_at: Some(at(45).now) };
    let received = Fact::CodeReceived(Box::new(code));
    let proven = Onboarding { entitlement: Some(Entitlement::Announced { waba: waba("22") }), ..before.clone() };
    let (after, timeline) = advance(&proven, &received, at(60));
    let lines: Vec<_> = timeline.iter().map(|entry| (entry.at, entry.event.as_str())).collect();
    assert_eq!(lines, [(at(45).now, "confirmed"), (at(60).now, "code_received")]);
    let expected = Onboarding {
        phase: Phase::Exchanging { attempt: second, lease_until: at(90).now },
        phase_since: at(60).now,
        claim,
        entitlement: None,
        timeline_length: before.timeline_length + 2,
        ..before
    };
    assert_eq!(after, expected, "the proof of an earlier code is discarded");
    for elsewhere in [after, exchanging(Role::SolutionPartner), connected(Role::SolutionPartner), unclaimed()] {
        assert_eq!(apply(&elsewhere, std::slice::from_ref(&received), at(61)), elsewhere);
    }
}

#[test]
fn an_announced_account_starts_an_unclaimed_record() {
    let (id, attempt) = (OnboardingId::new(at(0).now, 9), attempt());
    let business = business("77");
    let (begun, timeline) =
        begin_announced((id, attempt.clone()), Role::SolutionPartner, &waba("11"), &business, at(0).now);
    assert_eq!(timeline, [TimelineEntry::new(at(0).now, "announced", None)]);
    assert!(begun.customer_ref.is_unclaimed());
    let entitlement = Some(Entitlement::Announced { waba: waba("11") });
    assert_eq!(begun, Onboarding { entitlement, timeline_length: 1, ..unclaimed() });
}

#[test]
fn the_claim_of_a_browser_never_justifies_a_rescue() {
    let announced = [(waba("11"), business("77"))];
    for state in [claiming("11", None), claiming("11", Some("77")), exchanging(Role::SolutionPartner)] {
        assert_eq!(
            rescue(&state, false, &announced),
            Some(Fact::ExchangeFailed(attempt(), "exchange.lost")),
            "{:?}",
            state.claim
        );
        let sought = Fact::TokenFetchPlanned(attempt(), business("77"));
        assert_eq!(apply(&state, &[sought], at(31)), state, "and its token cannot be requested");
    }
}

#[test]
fn an_accepted_code_is_rescued_at_once_for_the_accounts_it_was_granted() {
    let state = apply(&claiming("22", None), &[accepted("11")], at(5));
    assert_eq!(next(&state, Runner::Steps, at(5).now), Next::Rescue, "without waiting for the lease");
    let found = rescue(&state, false, &[(waba("22"), business("88")), (waba("11"), business("77"))]).unwrap();
    assert_eq!(found, Fact::TokenFetchPlanned(attempt(), business("77")));
    let fetching = apply(&state, &[found], at(6));
    let wanted = fetching.wanted_token().unwrap();
    assert_eq!((wanted.business, wanted.accounts), (&business("77"), [waba("11")].as_slice()));
    assert_eq!(rescue(&state, true, &[]), Some(Fact::TokenStored(attempt())), "a token in the vault is enough");
}

#[test]
fn an_acceptance_without_accounts_or_of_another_attempt_proves_nothing() {
    let unnamed = apply(&claiming("11", None), &[Fact::TokenNotStored(attempt(), None)], at(5));
    assert_eq!(unnamed.entitlement, None);
    assert!(matches!(rescue(&unnamed, false, &[(waba("11"), business("77"))]), Some(Fact::ExchangeFailed(..))));
    let granted = Granted { wabas: vec![waba("11")], businesses: vec![] };
    let another = Fact::TokenNotStored(AttemptId::new(at(0).now, 2), Some(granted));
    assert_eq!(apply(&claiming("11", None), std::slice::from_ref(&another), at(5)), claiming("11", None));
    assert_eq!(
        apply(&relaunched(), &[another, accepted("11")], at(40)),
        relaunched(),
        "a late acceptance changes nothing"
    );
}

#[test]
fn the_proof_of_an_earlier_code_does_not_apply_to_another() {
    let fetching =
        apply(&claiming("11", None), &[accepted("11"), Fact::TokenFetchPlanned(attempt(), business("77"))], at(5));
    let lost = apply(&fetching, &[Fact::ExchangeFailed(attempt(), "exchange.lost")], at(30));
    assert!(lost.state() == State::Relaunch && lost.entitlement.is_some());
    let (newer, claim) = (AttemptId::new(at(40).now, 2), Claim { waba: Some(waba("22")), ..Claim::default() });
    let code = ReceivedCode { attempt: newer.clone(), claim: claim.clone(), confirmed_at: None };
    let another = apply(&lost, &[Fact::CodeReceived(Box::new(code))], at(40));
    assert_eq!((another.state(), &another.claim, &another.entitlement), (State::Exchanging, &claim, &None));
    assert_eq!(due_at(&another), Some(at(40).now.after(EXCHANGE_LEASE)));
    let announced = [(waba("11"), business("77")), (waba("22"), business("88"))];
    assert_eq!(rescue(&another, false, &announced), Some(Fact::ExchangeFailed(newer, "exchange.lost")));
}

#[test]
fn a_rescue_without_a_result_is_retried_later() {
    let begun = apply(&exchanging(Role::TechProvider), &[Fact::RescueStarted(attempt())], at(30));
    assert_eq!(next(&begun, Runner::Steps, at(31).now), Next::Nothing);
    assert_eq!(next(&begun, Runner::Steps, at(50).now), Next::Rescue);
    assert_eq!(due_at(&begun), Some(at(50).now));
}

#[test]
fn no_token_is_requested_for_a_record_without_a_proof() {
    let phase = Phase::Fetching { attempt: attempt(), business: business("77"), due: at(0).now, tries: 0 };
    let unproven = Onboarding { phase, ..claiming("11", None) };
    assert_eq!(unproven.wanted_token(), None);
    assert_eq!(unclaimed().wanted_token().unwrap().accounts, [waba("11")], "an unclaimed record gets it");
}

#[test]
fn an_operator_assigns_an_unclaimed_account_to_a_customer() {
    let given = apply(&unclaimed(), &[assigned("acme", "11")], at(40));
    assert_eq!((&given.customer_ref, given.state()), (&customer("acme"), State::Exchanging));
    assert_eq!(given.outbox.last().unwrap().kind, "whatsapp.onboarding.assigned.v1");
    assert_eq!(apply(&given, &[assigned("other", "11")], at(41)), given, "and to no other customer afterwards");
    assert_eq!(apply(&unclaimed(), &[assigned("acme", "22")], at(40)), unclaimed(), "not for another account");
}

#[test]
fn an_operator_may_request_the_token_instead_of_another_click_and_replaces_the_claim() {
    let fetching = apply(&relaunched(), &[assigned("customer-1", "11")], at(40));
    assert_eq!(fetching.state(), State::Exchanging);
    assert_eq!((fetching.claim.waba.as_ref(), fetching.claim.phone.as_ref()), (Some(&waba("11")), None));
    assert_eq!(fetching.entitlement, Some(Entitlement::Assigned { waba: waba("11") }));
    let wanted = fetching.wanted_token().unwrap();
    assert_eq!((wanted.accounts, next(&fetching, Runner::Credit, at(40).now)), ([waba("11")].as_slice(), Next::Fetch));
    assert_eq!(apply(&relaunched(), &[assigned("acme", "11")], at(40)), relaunched(), "not for another customer");
}

#[test]
fn an_assignment_is_refused_with_the_reason() {
    let (own, other) = (OnboardingId::new(at(0).now, 9), OnboardingId::new(at(0).now, 10));
    let (announced, ready) = (business("77"), ready());
    let around = |owner, announced| AccountClaims { owner, announced };
    let ask = |state: &Onboarding, name: &str, id: &str, around| may_assign(state, &customer(name), &waba(id), around);
    let known = around(None, Some(&announced));
    assert_eq!(ask(&unclaimed(), "acme", "11", known), Ok(business("77")));
    assert_eq!(ask(&unclaimed(), "acme", "11", around(Some(&own), Some(&announced))), Ok(business("77")));
    assert_eq!(ask(&relaunched(), "customer-1", "11", known), Ok(business("77")));
    assert_eq!(ask(&ready, "customer-1", "11", known), Err(NotAssignable::State));
    assert_eq!(ask(&exchanging(Role::TechProvider), "customer-1", "11", known), Err(NotAssignable::State));
    assert_eq!(ask(&relaunched(), "acme", "11", known), Err(NotAssignable::OtherCustomer));
    assert_eq!(ask(&unclaimed(), "acme", "22", known), Err(NotAssignable::OtherAccount));
    assert_eq!(ask(&relaunched(), "customer-1", "11", around(None, None)), Err(NotAssignable::NotAnnounced));
    let owned = around(Some(&other), Some(&announced));
    assert_eq!(ask(&relaunched(), "customer-1", "11", owned), Err(NotAssignable::Owned));
    assert_eq!(ask(&unclaimed(), "acme", "11", owned), Err(NotAssignable::Owned));
}

#[test]
fn a_record_assigned_to_a_customer_accepts_no_token_of_another_customer() {
    let given = Onboarding { customer_ref: customer("acme"), ..ready() };
    assert_eq!(apply(&given, &[round(&AttemptId::new(at(5).now, 2))], at(5)), given);
}
