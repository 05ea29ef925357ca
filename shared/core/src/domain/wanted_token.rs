//! Tokens that are requested from Meta without a code, and whether one that was received is the right one.

use super::entitlement::Granted;
use super::grant::Grant;
use super::ids::{AttemptId, BusinessId, WabaId};
use super::onboarding::{Onboarding, Phase};

impl Granted {
    /// What `debug_token` proves about a token, or `None` when it names no account: a scope without target ids proves
    /// nothing here.
    #[must_use]
    pub fn of(grant: &Grant) -> Option<Self> {
        let usable = grant.is_valid && grant.is_ours && grant.has_whatsapp_scope && !grant.wabas.is_empty();
        usable.then(|| Self { wabas: grant.wabas.clone(), businesses: grant.businesses.clone() })
    }
}

/// A token to request from Meta without a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The attempt from which the secret's name is derived.
    pub attempt: &'a AttemptId,
    /// The portfolio whose token is requested.
    pub business: &'a BusinessId,
    /// The accounts it may be bound to.
    pub accounts: &'a [WabaId],
}

/// Whether a token gives access to one of the wanted accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    /// Its grant names the account.
    Yes,
    /// Its grant names no account: only reading one of the wanted accounts with it proves access.
    IfReadable,
    /// It belongs to another app, is invalid, or was granted other accounts.
    No,
}

impl Wanted<'_> {
    /// Judges a token by its grant.
    #[must_use]
    pub fn judge(&self, grant: &Grant) -> Opens {
        if !(grant.is_valid && grant.is_ours && grant.has_whatsapp_scope) {
            Opens::No
        } else if grant.wabas.is_empty() {
            Opens::IfReadable
        } else if self.accounts.iter().any(|account| grant.wabas.contains(account)) {
            Opens::Yes
        } else {
            Opens::No
        }
    }
}

impl Onboarding {
    /// The token to request without a code; `None` also when nothing proves that the record may have it.
    #[must_use]
    pub fn wanted_token(&self) -> Option<Wanted<'_>> {
        match (&self.phase, &self.renewal, &self.waba) {
            (Phase::Fetching { attempt, business, .. }, _, _) => {
                let accounts = self.entitled_accounts()?;
                Some(Wanted { attempt, business, accounts })
            }
            (Phase::Connected { .. }, Some(renewal), Some(waba)) => {
                let accounts = std::slice::from_ref(waba.id());
                Some(Wanted { attempt: &renewal.attempt, business: waba.owner(), accounts })
            }
            _ => None,
        }
    }

    /// Unclaimed records from before entitlements existed carry the account Meta announced as their claim.
    fn entitled_accounts(&self) -> Option<&[WabaId]> {
        match (&self.entitlement, &self.claim.waba) {
            (Some(entitlement), _) => Some(entitlement.accounts()),
            (None, Some(announced)) if self.customer_ref.is_unclaimed() => Some(std::slice::from_ref(announced)),
            (None, _) => None,
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

    fn grant(wabas: &[&str]) -> Grant {
        Grant {
            is_valid: true,
            is_ours: true,
            has_whatsapp_scope: true,
            wabas: wabas.iter().map(|id| waba(id)).collect(),
            businesses: vec![business("77")],
        }
    }

    #[test]
    fn only_a_working_grant_that_names_accounts_proves_anything() {
        assert_eq!(Granted::of(&grant(&["11"])).unwrap().wabas, [waba("11")]);
        for nothing in [
            grant(&[]),
            Grant { is_valid: false, ..grant(&["11"]) },
            Grant { is_ours: false, ..grant(&["11"]) },
            Grant { has_whatsapp_scope: false, ..grant(&["11"]) },
        ] {
            assert_eq!(Granted::of(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_token_has_to_give_access_to_a_wanted_account() {
        let attempt = AttemptId::new(crate::domain::time::Timestamp::from_seconds(1), 1);
        let (owner, accounts) = (business("77"), [waba("11")]);
        let wanted = Wanted { attempt: &attempt, business: &owner, accounts: &accounts };
        assert_eq!(wanted.judge(&grant(&["22", "11"])), Opens::Yes);
        assert_eq!(wanted.judge(&grant(&["22"])), Opens::No);
        assert_eq!(wanted.judge(&grant(&[])), Opens::IfReadable, "an unnamed account has to be read first");
        assert_eq!(wanted.judge(&Grant { is_ours: false, ..grant(&["11"]) }), Opens::No);
    }
}
