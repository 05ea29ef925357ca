//! Sharing the platform's credit line.

use super::{Allocation, Bearer, World};
use crate::options::Options;
use crate::refusal::Refusal;
use serde_json::{Value, json};

/// Currencies a shared account can be billed in (Meta: "Share and revoke credit lines").
const CURRENCIES: [&str; 6] = ["AUD", "EUR", "GBP", "IDR", "INR", "USD"];

impl World {
    /// Shares the line with an account and attaches it.
    pub(crate) fn share(
        &mut self,
        bearer: &Bearer,
        options: &Options,
        waba: &str,
        currency: &str,
    ) -> Result<Value, Refusal> {
        if !CURRENCIES.contains(&currency) {
            return Err(Refusal::parameter("(#100) Param waba_currency must be one of {AUD, EUR, GBP, IDR, INR, USD}"));
        }
        let found = self.waba(bearer, waba)?;
        if !found.assigned_users.contains(&options.system_user_id) {
            return Err(Refusal::permission("(#200) The system user needs access to the WhatsApp Business Account."));
        }
        if found.primary_funding_id.is_some() {
            return Err(Refusal::parameter("(#100) The account already has a credit line attached."));
        }
        let business = found.owner.clone();
        let (id, credential) = (self.id(), self.id());
        let allocation =
            Allocation { id: id.clone(), business, credential: credential.clone(), status: "APPROVED".to_owned() };
        self.allocations.insert(id.clone(), allocation);
        let found = self.waba_mut(bearer, waba)?;
        found.currency = Some(currency.to_owned());
        found.primary_funding_id = Some(credential);
        Ok(json!({ "allocation_config_id": id, "waba_id": waba }))
    }

    /// Revokes an allocation for every account of its portfolio. Returns whether it existed.
    pub(crate) fn revoke(&mut self, id: &str) -> bool {
        let Some(allocation) = self.allocations.get_mut(id) else { return false };
        "DELETED".clone_into(&mut allocation.status);
        let paid = self.wabas.values_mut().filter(|waba| waba.owner == allocation.business);
        for waba in paid.filter(|waba| waba.primary_funding_id.as_deref() == Some(allocation.credential.as_str())) {
            waba.primary_funding_id = None;
        }
        true
    }

    /// The line's allocations to a portfolio.
    pub(crate) fn allocations_of(&self, business: &str) -> Vec<Value> {
        self.allocations.values().filter(|allocation| allocation.business == business).map(Allocation::node).collect()
    }
}
