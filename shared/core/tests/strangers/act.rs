//! What can happen, drawn by proptest so that a failure is reduced to the acts that matter.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Accounts, each of a portfolio of its own; the first ones are those of the customers of the same place.
pub(crate) const ACCOUNTS: usize = 4;
pub(crate) const CUSTOMERS: [&str; 3] = ["acme", "mallory", "zoe"];

/// How a code exchange ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The token is kept, and that is recorded.
    Kept,
    /// The vault takes nothing; what Meta granted is recorded.
    NotKept,
    /// The vault takes nothing, and Meta does not say in time what it granted.
    NotKeptUnproven,
    /// The process dies before Meta is asked.
    KilledBefore,
    /// The process dies after Meta accepted the code.
    KilledAfter,
    /// The process dies after the vault took the token.
    KilledKept,
    /// Meta's answer is lost.
    AnswerLost,
}

/// A code and what the browser says with it.
#[derive(Debug, Clone)]
pub(crate) struct Click {
    /// A code of Meta's for the customer's own account; otherwise an invented one.
    pub(crate) genuine: bool,
    pub(crate) waba: Option<usize>,
    pub(crate) business: Option<usize>,
    pub(crate) end: End,
    /// Whether the grant names its accounts.
    pub(crate) names: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A new session of a customer takes a code.
    SignsUp(usize, Click),
    /// The session of a record takes another one.
    ClicksAgain(usize, Click),
    /// Meta announces an account.
    Announced(usize),
    /// Nobody brought a code for it.
    BegunWithoutABrowser(usize),
    /// Workers do what is due; they die before the outcome of the nth thing is recorded.
    Works {
        record: usize,
        dies_at: Option<usize>,
        wide: Option<usize>,
        names: bool,
    },
    /// An operator gives an account to a customer.
    Assigned {
        record: usize,
        customer: usize,
        account: usize,
    },
    /// Somebody chooses among what was granted.
    Chooses(usize, usize),
    Resumed(usize),
    Exits(usize),
    /// Meta says that the customer has gone, and shows the account or does not.
    Removed(usize, bool),
    TimePasses(u64),
}

fn click() -> impl Strategy<Value = Click> {
    let end = prop_oneof![
        3 => Just(End::Kept),
        2 => Just(End::NotKept),
        1 => Just(End::NotKeptUnproven),
        1 => Just(End::KilledBefore),
        2 => Just(End::KilledAfter),
        1 => Just(End::KilledKept),
        1 => Just(End::AnswerLost),
    ];
    let claimed = || option::weighted(0.5, 0..ACCOUNTS);
    let parts = (any::<bool>(), claimed(), option::weighted(0.2, 0..ACCOUNTS), end, any::<bool>());
    parts.prop_map(|(genuine, waba, business, end, names)| Click { genuine, waba, business, end, names })
}

/// Up to sixty acts.
pub(crate) fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (record, account, customer) = (0..5_usize, 0..ACCOUNTS, 0..CUSTOMERS.len());
    let work = (record.clone(), option::weighted(0.2, 0..6_usize), option::weighted(0.3, 0..ACCOUNTS), any::<bool>());
    let act = prop_oneof![
        4 => (customer.clone(), click()).prop_map(|(customer, click)| Act::SignsUp(customer, click)),
        3 => (record.clone(), click()).prop_map(|(record, click)| Act::ClicksAgain(record, click)),
        3 => account.clone().prop_map(Act::Announced),
        2 => account.clone().prop_map(Act::BegunWithoutABrowser),
        9 => work.prop_map(|(record, dies_at, wide, names)| Act::Works { record, dies_at, wide, names }),
        2 => (record.clone(), customer, account.clone())
            .prop_map(|(record, customer, account)| Act::Assigned { record, customer, account }),
        1 => (record.clone(), account).prop_map(|(record, account)| Act::Chooses(record, account)),
        1 => record.clone().prop_map(Act::Resumed),
        1 => record.clone().prop_map(Act::Exits),
        1 => (record, any::<bool>()).prop_map(|(record, shown)| Act::Removed(record, shown)),
        4 => (1..2_000_u64).prop_map(Act::TimePasses),
    ];
    vec(act, 1..60)
}
