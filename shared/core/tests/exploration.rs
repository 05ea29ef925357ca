//! Explores every interleaving of workers with crashes, lost answers and an exit at any time over the pure core, and
//! checks the invariants of all reachable states.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

#[path = "drawn/counts.rs"]
mod counts;

use counts::say;
use onboarding_core::domain::claim::Claim;
use onboarding_core::domain::failure::{Class, Failure};
use onboarding_core::domain::grant::{ListedPhone, verify_phone, verify_waba};
use onboarding_core::domain::ids::{
    AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId,
};
use onboarding_core::domain::onboarding::{Onboarding, Phase, State};
use onboarding_core::domain::progress::{Fact, Finding, Next, advance, due_at, next};
use onboarding_core::domain::session::{Flow, Role};
use onboarding_core::domain::steps::{Runner, Step};
use onboarding_core::domain::time::{Jitter, Moment, Timestamp};
use std::collections::BTreeSet;

/// What a worker is currently doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Idle,
    /// The step is recorded as started; nothing was sent.
    Begun(Step),
    /// Meta executed the call; the flag says whether the answer arrived.
    Sent(Step, bool),
}

/// Meta's state, and how often the call that costs money was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Meta {
    shared: bool,
    registered: bool,
    subscribed: bool,
    token: bool,
    shares: u8,
}

#[derive(Debug, Clone)]
struct World {
    record: Onboarding,
    now: Timestamp,
    workers: Vec<(Runner, Work)>,
    meta: Meta,
    crashes: u8,
    losses: u8,
    exits: u8,
}

const BEGINNING: Timestamp = Timestamp::from_seconds(1000);

fn connected(role: Role) -> Onboarding {
    let attempt = AttemptId::new(BEGINNING, 1);
    let (id, customer) = (OnboardingId::new(BEGINNING, 1), CustomerRef::parse("customer").unwrap());
    let phase = Phase::Connected { attempt, since: BEGINNING };
    Onboarding::begin(id, customer, role, Flow::Default, phase, Claim::default(), BEGINNING)
}

fn finding(record: &Onboarding, step: Step) -> Finding {
    let waba = WabaId::parse("11").unwrap();
    match step {
        Step::VerifyGrant => {
            let owner = BusinessId::parse("77").unwrap();
            let waba = verify_waba(&waba, &waba, &owner, &record.claim).unwrap();
            Finding::Account { waba, joins: None, token_expires_at: None, scopes: BTreeSet::new(), status: Vec::new() }
        }
        Step::FindNumber => {
            let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: false, proven: true }];
            let phone = verify_phone(&record.claim, &listed, &[]).unwrap();
            Finding::Number { phone, status: Vec::new(), display: None }
        }
        Step::ShareCredit => Finding::CreditShared(AllocationId::parse("8").unwrap()),
        Step::RegisterNumber => Finding::Registered(record.numbers.keys().cloned().collect()),
        Step::ReadTemplates => Finding::Templates { namespace: None },
        _ => Finding::Nothing,
    }
}

impl World {
    /// Saves a fact; its events count as sent immediately.
    fn apply(&self, fact: &Fact) -> Self {
        let moment = Moment { now: self.now, jitter: Jitter::none() };
        let (record, _) = advance(&self.record, fact, moment);
        let (record, _) = advance(&record, &Fact::EventsSent(record.outbox.clone()), moment);
        Self { record, ..self.clone() }
    }

    /// Executes a step at Meta. Every step reads before it acts, so that nothing is done twice.
    fn act(&mut self, step: Step) {
        let needs_token = !matches!(step, Step::ShareCredit | Step::RevokeCredit | Step::DestroyToken);
        assert!(!needs_token || self.meta.token, "{step} is done without a token");
        match step {
            Step::ShareCredit if !self.meta.shared => {
                self.meta.shared = true;
                self.meta.shares += 1;
            }
            Step::RevokeCredit => self.meta.shared = false,
            Step::RegisterNumber => self.meta.registered = true,
            Step::DeregisterNumber => self.meta.registered = false,
            Step::SubscribeApp => self.meta.subscribed = true,
            Step::UnsubscribeApp => self.meta.subscribed = false,
            Step::DestroyToken => self.meta.token = false,
            _ => {}
        }
    }

    fn work(&self, worker: usize) -> Work {
        self.workers.get(worker).map_or(Work::Idle, |(_, work)| *work)
    }

    fn with(&self, worker: usize, work: Work) -> Self {
        let mut changed = self.clone();
        changed.workers.get_mut(worker).into_iter().for_each(|(_, place)| *place = work);
        changed
    }

    fn moves_of(&self, worker: usize, runner: Runner, moves: &mut Vec<Self>) {
        match self.work(worker) {
            Work::Idle => {
                if let Next::Run(step) = next(&self.record, runner, self.now) {
                    moves.push(self.apply(&Fact::StepStarted(step)).with(worker, Work::Begun(step)));
                }
                return;
            }
            Work::Begun(step) => {
                for answered in [true, false].into_iter().filter(|answered| *answered || self.losses > 0) {
                    let mut sent = self.with(worker, Work::Sent(step, answered));
                    sent.act(step);
                    sent.losses -= u8::from(!answered);
                    moves.push(sent);
                }
            }
            Work::Sent(step, answered) => {
                let fact = if answered {
                    Fact::StepSucceeded(step, finding(&self.record, step))
                } else {
                    Fact::StepFailed(step, Failure::new(Class::Later, "graph.unreachable"))
                };
                moves.push(self.apply(&fact).with(worker, Work::Idle));
            }
        }
        if self.crashes > 0 {
            moves.push(Self { crashes: self.crashes - 1, ..self.with(worker, Work::Idle) });
        }
    }

    /// All possible next states. Time advances only while no worker is active, because a worker's own timeout is
    /// shorter than its lease.
    fn moves(&self) -> Vec<Self> {
        let mut moves = Vec::new();
        for (worker, (runner, _)) in self.workers.iter().enumerate() {
            self.moves_of(worker, *runner, &mut moves);
        }
        let idle = self.workers.iter().all(|(_, work)| *work == Work::Idle);
        // A completed connection only gets a daily health check.
        let due = due_at(&self.record).filter(|due| self.record.watch_at != Some(*due));
        if let (true, true, Some(due)) = (idle, moves.is_empty(), due) {
            assert!(due > self.now, "the index lists a record that has nothing to do: {}", self.key());
            moves.push(Self { now: due, ..self.clone() });
        }
        if self.exits > 0 {
            moves.push(Self { exits: 0, ..self.apply(&Fact::ExitRequested { deregister: true }) });
        }
        moves
    }

    /// A key that identifies equivalent worlds; it contains no absolute times.
    fn key(&self) -> String {
        let relative = |at: Option<Timestamp>| at.map(|at| at.as_millis() - self.now.as_millis());
        let steps = self.record.steps.iter().map(|(step, record)| {
            let kind = serde_json::to_value(&record.status).unwrap();
            (*step, kind.get("kind").cloned(), record.attempts, relative(record.lease_until), relative(record.due()))
        });
        let steps: Vec<_> = steps.collect();
        let (state, allocated) = (self.record.state(), self.record.allocation.is_some());
        let budgets = (self.crashes, self.losses, self.exits);
        format!("{state:?} {allocated} {steps:?} {:?} {:?} {budgets:?}", self.workers, self.meta)
    }
}

/// Visits all reachable worlds; returns those in which nothing more happens by itself, and the number of all.
fn explore(role: Role, runners: &[Runner], exits: u8) -> (Vec<World>, usize) {
    let meta = Meta { token: true, ..Meta::default() };
    let workers = runners.iter().map(|runner| (*runner, Work::Idle)).collect();
    let first = World { record: connected(role), now: BEGINNING, workers, meta, crashes: 1, losses: 1, exits };
    let (mut seen, mut open, mut quiet) = (BTreeSet::new(), vec![first], Vec::new());
    while let Some(world) = open.pop() {
        if seen.insert(world.key()) {
            assert!(world.meta.shares <= 1, "the credit line is shared twice: {}", world.key());
            let moves = world.moves();
            if moves.iter().all(|after| after.exits < world.exits) {
                quiet.push(world);
            }
            open.extend(moves);
        }
    }
    (quiet, seen.len())
}

#[test]
fn every_run_with_a_crash_and_a_lost_answer_ends_ready_and_pays_once() {
    for role in [Role::SolutionPartner, Role::TechProvider] {
        let (quiet, visited) = explore(role, &[Runner::Steps, Runner::Credit], 0);
        say(&format!("{role:?}: {visited} states, {} ends", quiet.len()));
        assert!(visited > 1_000 && !quiet.is_empty());
        for end in &quiet {
            assert_eq!(end.record.state(), State::Ready, "{}", end.key());
            assert_eq!(end.meta.shares, u8::from(role == Role::SolutionPartner));
            assert!(end.meta.registered && end.meta.subscribed);
        }
    }
}

fn exit_leaves_nothing_behind(runners: &[Runner]) {
    let (quiet, visited) = explore(Role::SolutionPartner, runners, 1);
    say(&format!("an exit, {runners:?}: {visited} states, {} ends", quiet.len()));
    let (left, ready): (Vec<_>, Vec<_>) = quiet.iter().partition(|end| end.exits == 0);
    assert!(!left.is_empty() && !ready.is_empty());
    for end in left {
        assert_eq!(end.record.state(), State::Left, "{}", end.key());
        let nothing = Meta { shares: end.meta.shares, ..Meta::default() };
        assert_eq!(end.meta, nothing, "something was left at Meta: {}", end.key());
    }
    assert!(ready.iter().all(|end| end.record.state() == State::Ready));
}

#[test]
fn an_exit_at_any_moment_leaves_nothing_behind() {
    exit_leaves_nothing_behind(&[Runner::Steps, Runner::Credit]);
}

#[test]
fn an_exit_waits_for_a_share_that_another_worker_is_making() {
    exit_leaves_nothing_behind(&[Runner::Steps, Runner::Credit, Runner::Credit]);
}

#[test]
fn an_exit_waits_for_a_registration_that_another_worker_is_making() {
    exit_leaves_nothing_behind(&[Runner::Steps, Runner::Steps, Runner::Credit]);
}
