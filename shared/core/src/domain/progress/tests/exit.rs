use super::*;

#[test]
fn an_exit_undoes_the_setup_and_destroys_the_token_last() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving = apply(&ready, &[Fact::ExitRequested { deregister: true }], at(3));
    assert_eq!(leaving.state(), State::Leaving);
    let (left, order) = run_through(leaving, at(4));
    assert_eq!(left.state(), State::Left);
    assert_eq!(order.last(), Some(&Step::DestroyToken));
    assert_eq!(order.len(), 4, "{order:?}");
    assert_eq!(
        apply(&left, &[Fact::ExitRequested { deregister: true }], at(5)),
        left,
        "a closed record does not change"
    );
}

#[test]
fn an_exit_continues_without_the_token_when_it_becomes_invalid() {
    let (ready, _) = run_through(connected(Role::SolutionPartner), at(2));
    let leaving =
        apply(&ready, &[Fact::ExitRequested { deregister: true }, Fact::StepStarted(Step::DeregisterNumber)], at(3));
    let dead = Fact::StepFailed(Step::DeregisterNumber, Failure::new(Class::TokenDead, "graph.190"));
    let (left, order) = run_through(apply(&leaving, &[dead], at(4)), at(5));
    assert_eq!((left.state(), order), (State::Left, vec![Step::RevokeCredit, Step::DestroyToken]));
}

#[test]
fn a_late_report_of_an_earlier_exit_does_not_count_for_the_next() {
    let (ready, _) = run_through(connected(Role::TechProvider), at(2));
    let late = [Fact::StepStarted(Step::DestroyToken), Fact::StepSucceeded(Step::DestroyToken, Finding::Nothing)];
    let leaving = apply(&apply(&ready, &late, at(3)), &[Fact::ExitRequested { deregister: true }], at(4));
    let (left, order) = run_through(leaving, at(5));
    assert_eq!((left.state(), order.last()), (State::Left, Some(&Step::DestroyToken)));
}
