//! Calls for the credit line: made with the system token, by `credit-sharing` only.

use super::Acknowledged;
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::grant::VerifiedWaba;
use onboarding_core::domain::ids::{AllocationId, BusinessId, CreditLineId, SystemUserId};
use serde::Deserialize;

/// Gives our system user access to the account; without it, Meta refuses to share the credit line.
pub struct AssignSystemUser<'a> {
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// Our system user.
    pub user: &'a SystemUserId,
}

impl GraphCall for AssignSystemUser<'_> {
    const NAME: &'static str = "assign_system_user";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.waba.id().as_str(), "assigned_users"])
            .with("user", self.user.as_str())
            .with("tasks", "['MANAGE']")
    }
}

/// Finds the line's allocations to a customer.
pub struct FindAllocation<'a> {
    /// The line.
    pub line: &'a CreditLineId,
    /// The customer's portfolio.
    pub business: &'a BusinessId,
}

/// Meta's sample shows a single object where a list would be expected; both are accepted.
#[derive(Debug, Deserialize)]
pub struct Allocations {
    id: Option<AllocationId>,
    #[serde(default)]
    data: Vec<Allocation>,
}

/// An allocation.
#[derive(Debug, Deserialize)]
pub struct Allocation {
    /// Its id.
    pub id: AllocationId,
}

impl Allocations {
    /// All returned allocations.
    pub fn ids(self) -> impl Iterator<Item = AllocationId> {
        self.id.into_iter().chain(self.data.into_iter().map(|allocation| allocation.id))
    }
}

impl GraphCall for FindAllocation<'_> {
    const NAME: &'static str = "find_allocation";
    type Reply = Allocations;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.line.as_str(), "owning_credit_allocation_configs"])
            .with("receiving_business_id", self.business.as_str())
            .with("fields", "id,receiving_business")
    }
}

/// Reads an allocation's credential and status.
pub struct ReadAllocation<'a> {
    /// The allocation.
    pub allocation: &'a AllocationId,
}

/// An allocation's credential.
#[derive(Debug, Deserialize)]
pub struct AllocationRead {
    /// Equals the account's `primary_funding_id` when the share took effect.
    pub receiving_credential: Option<Credential>,
    /// `DELETED` once revoked.
    pub request_status: Option<String>,
}

/// A funding credential.
#[derive(Debug, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: String,
}

impl GraphCall for ReadAllocation<'_> {
    const NAME: &'static str = "read_allocation";
    type Reply = AllocationRead;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.allocation.as_str()]).with("fields", "receiving_credential,request_status")
    }
}

/// Shares the credit line with an account. Costs money and fixes the account's currency: called only for a
/// [`VerifiedWaba`], and only after checking for an existing share.
pub struct ShareCreditLine<'a> {
    /// The line.
    pub line: &'a CreditLineId,
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// One of AUD, EUR, GBP, IDR, INR, USD.
    pub currency: &'a str,
}

/// The new share.
#[derive(Debug, Deserialize)]
pub struct CreditShared {
    /// Its allocation.
    pub allocation_config_id: AllocationId,
}

impl GraphCall for ShareCreditLine<'_> {
    const NAME: &'static str = "share_credit_line";
    type Reply = CreditShared;
    fn request(&self) -> GraphRequest {
        GraphRequest::post(&[self.line.as_str(), "whatsapp_credit_sharing_and_attach"])
            .with("waba_currency", self.currency)
            .with("waba_id", self.waba.id().as_str())
    }
}

/// Revokes an allocation. Meta: for all accounts of that portfolio which are shared with us.
pub struct RevokeAllocation<'a> {
    /// The allocation.
    pub allocation: &'a AllocationId,
}

impl GraphCall for RevokeAllocation<'_> {
    const NAME: &'static str = "revoke_allocation";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        GraphRequest::delete(&[self.allocation.as_str()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocations_are_read_from_a_bare_object_a_list_or_nothing() {
        let ids =
            |json: &str| serde_json::from_str::<Allocations>(json).unwrap().ids().map(String::from).collect::<Vec<_>>();
        assert_eq!(ids(r#"{"id":"8","receiving_business":{"id":"77"}}"#), ["8"]);
        assert_eq!(ids(r#"{"data":[{"id":"8"},{"id":"9"}]}"#), ["8", "9"]);
        assert!(ids(r#"{"data":[]}"#).is_empty() && ids("{}").is_empty());
    }
}
