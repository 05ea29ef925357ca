//! Stores a token in the vault as soon as Meta has granted it; the time for that is reserved from the exchange.

use super::{App, SAVES};
use shared::aws::OPERATION;
use shared::deadline::Deadline;
use shared::domain::ids::{AttemptId, OnboardingId};
use shared::secret::Secret;
use std::time::Duration;

/// Reserved for recording the result: one save, and one second for the response. The sweeper replaces a job that was
/// not enqueued.
pub(crate) const RECORDING: Duration = OPERATION.saturating_add(Duration::from_secs(1));
/// Reserved for a granted token: two attempts to save it to the vault, and recording the result. The exchange ends
/// before that.
pub(crate) const STORING: Duration = RECORDING.saturating_add(OPERATION).saturating_add(OPERATION);

impl App {
    /// Stores the token in the vault, with retries as long as time is left for the record.
    pub(crate) async fn store_token(
        &self,
        id: &OnboardingId,
        (attempt, token): (&AttemptId, &Secret),
        deadline: Deadline,
    ) -> bool {
        for tried in 0..SAVES {
            if tried > 0 && !deadline.leaves(RECORDING.saturating_add(OPERATION)) {
                break;
            }
            match self.vault.store_business_token(attempt, token).await {
                Ok(()) => return true,
                Err(error) => {
                    tracing::error!(onboarding.id = %id, error = %error, "failed to store the token in the vault");
                }
            }
        }
        false
    }
}
