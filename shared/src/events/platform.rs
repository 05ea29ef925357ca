//! Events about the platform as a whole.

use super::Publisher;
use crate::domain::ids::BusinessId;
use crate::domain::limit::Budget;
use crate::domain::time::Timestamp;
use crate::queue::QueueError;
use crate::store::CreditPause;

impl Publisher {
    /// Sends `whatsapp.onboarding_limit.approached.v1`: at least 80 % of Meta's limit for new customers is used.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn limit(&self, budget: &Budget, newest: &BusinessId, now: Timestamp) -> Result<(), QueueError> {
        let data = serde_json::json!({
            "used": budget.used,
            "limit": budget.limit,
            "full_until": budget.full_until.map(Timestamp::to_rfc3339),
        });
        let identity = [newest.as_str(), &budget.used.to_string(), &budget.limit.to_string()];
        self.send("whatsapp.onboarding_limit.approached.v1", None, now, &data, &identity).await
    }

    /// Sends `whatsapp.credit.paused.v1`: our own access to the credit line is broken.
    ///
    /// # Errors
    /// [`QueueError`] when the queue did not accept it.
    pub async fn credit_paused(&self, pause: &CreditPause, now: Timestamp) -> Result<(), QueueError> {
        let data = serde_json::json!({ "code": pause.code, "until": pause.until.to_rfc3339() });
        self.send("whatsapp.credit.paused.v1", None, now, &data, &[&pause.code, &pause.until.to_rfc3339()]).await
    }
}
