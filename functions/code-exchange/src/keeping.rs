//! A token that Meta granted goes into the vault before anything else: the time for that is kept from the exchange.

use super::{App, SAVES};
use shared::aws::OPERATION;
use shared::deadline::Deadline;
use shared::domain::ids::{AttemptId, OnboardingId};
use shared::secret::Secret;
use std::time::Duration;

/// Kept for the record of what happened: one save, and one second for the answer. A job that is not enqueued is found by the
/// sweeper.
pub(crate) const RECORDING: Duration = OPERATION.saturating_add(Duration::from_secs(1));
/// Kept for a granted token: two saves to the vault, and its record. What Meta has not answered by then is not waited for.
pub(crate) const KEEPING: Duration = RECORDING.saturating_add(OPERATION).saturating_add(OPERATION);

impl App {
    /// Puts the token into the vault, again while that leaves time for the record.
    pub(crate) async fn keep(
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
                    tracing::error!(onboarding.id = %id, error = %error, "the token is not in the vault yet");
                }
            }
        }
        false
    }
}
