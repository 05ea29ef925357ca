//! Which accounts a token that was obtained without a code may be bound to, and what proves it. A browser's claim is no
//! proof: it selects among proven accounts and never adds one.

use super::ids::{BusinessId, WabaId};
use serde::{Deserialize, Serialize};

/// The accounts and portfolios that Meta granted to a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The accounts; at least one.
    pub wabas: Vec<WabaId>,
    /// The portfolios, where Meta names them.
    #[serde(default)]
    pub businesses: Vec<BusinessId>,
}

impl Granted {
    /// The portfolio whose token may be requested from Meta: the one Meta announced for a granted account, unless the
    /// grant names other portfolios; without an announcement, the only one of the grant.
    #[must_use]
    pub fn portfolio(&self, announced: &[(WabaId, BusinessId)]) -> Option<BusinessId> {
        let fits = |business: &&BusinessId| self.businesses.is_empty() || self.businesses.contains(business);
        let of_granted = announced.iter().filter(|(waba, _)| self.wabas.contains(waba)).map(|(_, business)| business);
        let only = match self.businesses.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        of_granted.clone().find(fits).or(only).cloned()
    }
}

/// Why a record may obtain a token from Meta without a code of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entitlement {
    /// Meta announced the account, and the record is unclaimed.
    Announced {
        /// The account.
        waba: WabaId,
    },
    /// Meta accepted a code of this session, but the token could not be stored.
    CodeAccepted(Granted),
    /// An operator assigned the account to this record's customer.
    Assigned {
        /// The account.
        waba: WabaId,
    },
}

impl Entitlement {
    /// The accounts it covers.
    #[must_use]
    pub fn accounts(&self) -> &[WabaId] {
        match self {
            Self::Announced { waba } | Self::Assigned { waba } => std::slice::from_ref(waba),
            Self::CodeAccepted(granted) => &granted.wabas,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waba(text: &str) -> WabaId {
        WabaId::parse(text).unwrap()
    }

    fn business(text: &str) -> BusinessId {
        BusinessId::parse(text).unwrap()
    }

    #[test]
    fn the_portfolio_is_the_one_meta_announced_for_a_granted_account() {
        let granted = |businesses: &[&str]| Granted {
            wabas: vec![waba("11")],
            businesses: businesses.iter().map(|id| business(id)).collect(),
        };
        let own = [(waba("11"), business("77"))];
        let foreign = [(waba("22"), business("88"))];
        assert_eq!(granted(&[]).portfolio(&own), Some(business("77")));
        assert_eq!(granted(&[]).portfolio(&foreign), None, "an announcement of another account proves nothing");
        assert_eq!(granted(&["77"]).portfolio(&[]), Some(business("77")));
        assert_eq!(granted(&["77", "78"]).portfolio(&[]), None, "no guess among several");
        assert_eq!(granted(&["77", "78"]).portfolio(&own), Some(business("77")));
        assert_eq!(
            granted(&["78"]).portfolio(&own),
            Some(business("78")),
            "the grant takes precedence over the announcement"
        );
    }
}
