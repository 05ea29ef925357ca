//! A model of records, table, vault and Meta; the decisions are made by the real core.

#[path = "world/work.rs"]
mod work;

use crate::act::{ACCOUNTS, Act, CUSTOMERS, Click, End};
use onboarding_core::domain::assignment::{AccountClaims, Assignment, may_assign};
use onboarding_core::domain::claim::Claim;
use onboarding_core::domain::entitlement::{Entitlement, Granted};
use onboarding_core::domain::failure::{Actor, Class, Failure, Waiting};
use onboarding_core::domain::grant::{Grant, ListedPhone, choose_waba, verify_phone, verify_waba};
use onboarding_core::domain::ids::{
    AllocationId, AttemptId, BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId,
};
use onboarding_core::domain::joining::{bound_elsewhere, holder, may_go_on_in};
use onboarding_core::domain::onboarding::{Extent, Onboarding, Phase, State};
use onboarding_core::domain::progress::{
    EXCHANGE_LEASE, Fact, Finding, Next, ReceivedCode, RepeatSignup, advance, begin_announced, next, rescue,
};
use onboarding_core::domain::session::{Flow, Role};
use onboarding_core::domain::steps::{Runner, Step};
use onboarding_core::domain::time::{Jitter, Moment, Timestamp};
use onboarding_core::domain::wanted_token::Opens;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often each interesting case occurred.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    strangers_claims_with_an_invented_code: usize,
    crashes_after_acceptance: usize,
    proofs_recorded: usize,
    healed_without_a_click: usize,
    asked_for_another_click: usize,
    held: usize,
    joined: usize,
    assigned: usize,
    connected: usize,
}

impl Counts {
    fn all(&self) -> [usize; 9] {
        let Self { strangers_claims_with_an_invented_code: a, crashes_after_acceptance: b, proofs_recorded: c, .. } =
            *self;
        let Self { healed_without_a_click: d, asked_for_another_click: e, held: f, .. } = *self;
        [a, b, c, d, e, f, self.joined, self.assigned, self.connected]
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.strangers_claims_with_an_invented_code += other.strangers_claims_with_an_invented_code;
        self.crashes_after_acceptance += other.crashes_after_acceptance;
        self.proofs_recorded += other.proofs_recorded;
        self.healed_without_a_click += other.healed_without_a_click;
        self.asked_for_another_click += other.asked_for_another_click;
        self.held += other.held;
        self.joined += other.joined;
        self.assigned += other.assigned;
        self.connected += other.connected;
    }

    pub(crate) fn are_interesting(&self) {
        assert!(self.all().iter().all(|met| *met >= 100), "a case hardly ever occurs: {self:?}");
    }
}

/// The accounts a token gives access to, and whether its grant names them.
#[derive(Debug, Clone)]
struct Token {
    opens: BTreeSet<usize>,
    names: bool,
}

impl Token {
    fn grant(&self) -> Grant {
        let named = self.opens.iter().filter(|_| self.names);
        Grant {
            is_valid: true,
            is_ours: true,
            has_whatsapp_scope: true,
            wabas: named.clone().map(|account| waba(*account)).collect(),
            businesses: named.map(|account| business(*account)).collect(),
        }
    }
}

pub(crate) struct World {
    now: Timestamp,
    given: u128,
    records: Vec<Onboarding>,
    vault: BTreeMap<AttemptId, Token>,
    /// The owner of each account, and whether it was released.
    owners: BTreeMap<usize, (OnboardingId, bool)>,
    announced: BTreeSet<usize>,
    /// Accounts that no token can read.
    hidden: BTreeSet<usize>,
    /// Customers that brought a token for an account or were assigned it.
    entitled: BTreeSet<(CustomerRef, usize)>,
    pub(crate) counts: Counts,
}

fn waba(account: usize) -> WabaId {
    WabaId::parse(&format!("1{account}")).unwrap()
}

fn business(account: usize) -> BusinessId {
    BusinessId::parse(&format!("7{account}")).unwrap()
}

fn customer(place: usize) -> CustomerRef {
    CustomerRef::parse(CUSTOMERS[place]).unwrap()
}

fn account_of(waba: &WabaId) -> usize {
    waba.as_str()[1..].parse().unwrap()
}

fn lost() -> Failure {
    Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "graph.100.33")
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Timestamp::from_seconds(1_000_000),
            given: 0,
            records: Vec::new(),
            vault: BTreeMap::new(),
            owners: BTreeMap::new(),
            announced: BTreeSet::new(),
            hidden: BTreeSet::new(),
            entitled: BTreeSet::new(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn check(&self) {
        for record in self.records.iter().filter(|record| !record.customer_ref.is_unclaimed()) {
            let Some(proven) = &record.waba else { continue };
            let has = (record.customer_ref.clone(), account_of(proven.id()));
            assert!(self.entitled.contains(&has), "{has:?} without a token of its own: {record:?}");
        }
    }

    pub(crate) fn take(&mut self, act: &Act) {
        let place = |record: usize| record % self.records.len().max(1);
        match act {
            Act::TimePasses(seconds) => self.now = self.now.after(Duration::from_secs(*seconds)),
            Act::Announced(account) => drop(self.announced.insert(*account)),
            Act::SignsUp(who, click) => self.signs_up(*who, click),
            Act::BegunWithoutABrowser(account) => self.begun(*account),
            _ if self.records.is_empty() => {}
            Act::ClicksAgain(record, click) => self.clicks_again(place(*record), click),
            Act::Works { record, dies_at, wide, names } => self.works(place(*record), *dies_at, *wide, *names),
            Act::Assigned { record, customer, account } => self.assigns(place(*record), *customer, *account),
            Act::Chooses(record, account) => {
                self.apply(place(*record), &Fact::Chosen { waba: Some(waba(*account)), phone: None });
            }
            Act::Resumed(record) => drop(self.apply(place(*record), &Fact::Resumed)),
            Act::Exits(record) => drop(self.apply(place(*record), &Fact::ExitRequested { deregister: true })),
            Act::Removed(record, shown) => {
                let record = place(*record);
                let account = self.records[record].waba.as_ref().map(|waba| account_of(waba.id()));
                self.hidden.extend(account.filter(|_| !shown));
                self.apply(record, &Fact::Departed("partner_removed", self.now));
            }
        }
    }

    fn attempt(&mut self) -> AttemptId {
        self.given += 1;
        AttemptId::new(self.now, self.given)
    }

    /// Saves a fact like the table: an account owned by another record is never taken over.
    fn apply(&mut self, place: usize, fact: &Fact) -> bool {
        let before = &self.records[place];
        let (after, _) = advance(before, fact, Moment { now: self.now, jitter: Jitter::none() });
        let (after, _) =
            advance(&after, &Fact::EventsSent(after.outbox.clone()), Moment { now: self.now, jitter: Jitter::none() });
        if let (Some(proven), None) = (&after.waba, &after.joins) {
            let account = account_of(proven.id());
            let foreign = self.owners.get(&account).is_some_and(|(owner, released)| *owner != after.id && !released);
            if foreign && before.waba.is_none() {
                return false;
            }
            if !foreign {
                let released = matches!(after.phase, Phase::Left { .. });
                self.owners.insert(account, (after.id.clone(), released));
            }
        }
        self.counts.asked_for_another_click += usize::from(became(before, &after, State::Relaunch));
        self.counts.held += usize::from(became(before, &after, State::Held));
        self.records[place] = after;
        true
    }

    fn claim(click: &Click) -> Claim {
        Claim { waba: click.waba.map(waba), business: click.business.map(business), ..Claim::default() }
    }

    fn signs_up(&mut self, who: usize, click: &Click) {
        let attempt = self.attempt();
        let id = OnboardingId::new(self.now, self.given);
        let phase = Phase::Exchanging { attempt, lease_until: self.now.after(EXCHANGE_LEASE) };
        let (role, claim) = (Role::SolutionPartner, Self::claim(click));
        self.records.push(Onboarding::begin(id, customer(who), role, Flow::Default, phase, claim, self.now));
        self.exchange(self.records.len() - 1, click);
    }

    /// Submits another code, as the code exchange does.
    fn clicks_again(&mut self, place: usize, click: &Click) {
        if self.records[place].state() != State::Relaunch || self.records[place].customer_ref.is_unclaimed() {
            return;
        }
        let code = ReceivedCode { attempt: self.attempt(), claim: Self::claim(click), confirmed_at: None };
        self.apply(place, &Fact::CodeReceived(Box::new(code)));
        self.exchange(place, click);
    }

    fn exchange(&mut self, place: usize, click: &Click) {
        let Phase::Exchanging { attempt, .. } = self.records[place].phase.clone() else { return };
        let who = self.records[place].customer_ref.clone();
        let own = CUSTOMERS.iter().position(|name| *name == who.as_str()).unwrap();
        if !click.genuine {
            self.counts.strangers_claims_with_an_invented_code +=
                usize::from(click.waba.is_some_and(|waba| waba != own));
            if click.end == End::Kept {
                self.apply(place, &Fact::ExchangeFailed(attempt, "exchange.code_used"));
            }
            return;
        }
        if click.end == End::KilledBefore {
            return;
        }
        // Meta accepts the code and announces the account: the customer brought its token.
        self.announced.insert(own);
        let token = Token { opens: BTreeSet::from([own]), names: click.names };
        self.entitled.insert((who, own));
        let granted = Granted::of(&token.grant()).filter(|_| click.end == End::NotStored);
        match click.end {
            End::Kept | End::KilledKept => drop(self.vault.insert(attempt.clone(), token)),
            _ => self.counts.crashes_after_acceptance += 1,
        }
        self.counts.proofs_recorded += usize::from(granted.is_some());
        match click.end {
            End::Kept => drop(self.apply(place, &Fact::TokenStored(attempt))),
            End::NotStored | End::NotStoredUnproven => drop(self.apply(place, &Fact::TokenNotStored(attempt, granted))),
            End::AnswerLost => drop(self.apply(place, &Fact::ExchangeFailed(attempt, "exchange.lost"))),
            End::KilledBefore | End::KilledAfter | End::KilledKept => {}
        }
    }

    fn begun(&mut self, account: usize) {
        let free = self.owners.get(&account).is_none_or(|(_, released)| *released);
        if !self.announced.contains(&account) || !free {
            return;
        }
        let attempt = self.attempt();
        let id = OnboardingId::new(self.now, self.given);
        let begun = begin_announced((id, attempt), Role::SolutionPartner, &waba(account), &business(account), self.now);
        self.records.push(begun.0);
    }

    fn assigns(&mut self, place: usize, who: usize, account: usize) {
        let owner = self.owners.get(&account).filter(|(_, released)| !released).map(|(owner, _)| owner);
        let portfolio = Some(business(account)).filter(|_| self.announced.contains(&account));
        let around = AccountClaims { owner, announced: portfolio.as_ref() };
        let (customer_ref, waba) = (customer(who), waba(account));
        let Ok(business) = may_assign(&self.records[place], &customer_ref, &waba, around) else { return };
        self.entitled.insert((customer_ref.clone(), account));
        let attempt = self.attempt();
        self.apply(place, &Fact::Assigned(Box::new(Assignment { customer_ref, waba, business, attempt })));
        self.counts.assigned += 1;
    }
}

fn became(before: &Onboarding, after: &Onboarding, state: State) -> bool {
    before.state() != state && after.state() == state
}

/// The fact that is recorded before an action; `None` when nothing is due.
fn begins(record: &Onboarding, due: Next) -> Option<Fact> {
    match (due, &record.phase) {
        (Next::Rescue, Phase::Exchanging { attempt, .. }) => Some(Fact::RescueStarted(attempt.clone())),
        (Next::Fetch, Phase::Fetching { attempt, .. }) => Some(Fact::FetchAsked(attempt.clone())),
        (Next::Confirm, _) => Some(Fact::DepartureCheckStarted),
        (Next::Run(step), _) => Some(Fact::StepStarted(step)),
        _ => None,
    }
}
