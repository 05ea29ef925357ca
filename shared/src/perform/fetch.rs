//! Obtains a token without a code, server to server: for signups whose code was lost or that had none, and before a
//! token expires.

use super::credit::CreditSharing;
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::OnboardingId;
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Fact, Next, Renewed};
use crate::domain::time::Timestamp;
use crate::domain::wanted_token::{Opens, Wanted};
use crate::graph::call::Auth;
use crate::graph::calls::oauth::{DebugToken, FetchToken};
use crate::graph::calls::waba::ReadWaba;
use crate::secret::Secret;

impl CreditSharing {
    /// Requests the token that is due, verifies it, and stores it in the vault before the fact is returned.
    pub(super) async fn fetch(&self, onboarding: &Onboarding, due: Next) -> Option<Fact> {
        if due != Next::Fetch {
            return None;
        }
        let Some(wanted) = onboarding.wanted_token() else { return unproven(onboarding) };
        let attempt = wanted.attempt.clone();
        let renews = matches!(onboarding.phase, Phase::Connected { .. });
        let ending = onboarding.token_expires_at.filter(|_| renews);
        let fetched = match self.may_have(&wanted, renews.then_some(&onboarding.id)).await {
            Ok(()) => self.fetched(&wanted, ending).await,
            Err(failure) => Err(failure),
        };
        match fetched {
            Ok(expires_at) if renews => Some(Fact::TokenRenewed(Renewed { attempt, expires_at })),
            Ok(_) => Some(Fact::TokenStored(attempt)),
            Err(failure) => {
                tracing::warn!(onboarding.id = %onboarding.id, error.code = failure.code, "token not obtained without a code");
                match failure.class {
                    Class::Later | Class::LaterAfter(_) => Some(Fact::FetchPostponed(attempt)),
                    _ if renews => Some(Fact::FetchPostponed(attempt)),
                    _ => Some(Fact::ExchangeFailed(attempt, "exchange.lost")),
                }
            }
        }
    }

    /// A renewed token is only for the record that owns the account in the table.
    async fn may_have(&self, wanted: &Wanted<'_>, renewing: Option<&OnboardingId>) -> Result<(), Failure> {
        let Some(id) = renewing else { return Ok(()) };
        for account in wanted.accounts {
            let owner = self.store.owner(account).await?.filter(|owner| !owner.released);
            if owner.is_none_or(|owner| owner.onboarding != *id) {
                return Err(Failure::new(Class::Hold, "token.not_owner"));
            }
        }
        Ok(())
    }

    /// The expiry of the token that is now in the vault. `ending` is the expiry of the token it replaces.
    async fn fetched(&self, wanted: &Wanted<'_>, ending: Option<Timestamp>) -> Result<Option<Timestamp>, Failure> {
        if let Some(token) = self.vault.business_token(wanted.attempt).await? {
            return self.proven(&token, wanted, ending).await;
        }
        let system_token = self.system_token().await?;
        let call = FetchToken { business: wanted.business };
        let granted = self.graph.call(&call, Auth::Bearer(&system_token)).await.map_err(|error| error.failure())?;
        let end = self.proven(&granted.access_token, wanted, ending).await?;
        self.vault.store_business_token(wanted.attempt, &granted.access_token).await?;
        Ok(end)
    }

    /// A token that is not ours, opens another account or expires no later than the one it replaces is discarded.
    async fn proven(
        &self,
        token: &Secret,
        wanted: &Wanted<'_>,
        ending: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Failure> {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await.map_err(|error| error.failure())?;
        let end = inspected.data.ends_at();
        let opens = match wanted.judge(&inspected.data.grant(self.graph.app())) {
            Opens::Yes => true,
            Opens::IfReadable => self.reads(token, wanted).await?,
            Opens::No => false,
        };
        let later = ending.is_none_or(|ending| end.is_none_or(|end| end > ending));
        if opens && later { Ok(end) } else { Err(Failure::new(Class::Hold, "token.not_the_one")) }
    }

    /// Whether the token can read a wanted account, and Meta names the portfolio it came from as the owner: the proof
    /// if the grant lists no accounts.
    async fn reads(&self, token: &Secret, wanted: &Wanted<'_>) -> Result<bool, Failure> {
        for account in wanted.accounts {
            let read = self.graph.call(&ReadWaba { waba: account }, Auth::Bearer(token)).await;
            match read.map_err(|error| error.failure()) {
                Ok(read) if read.id == *account => {
                    return Ok(read.owner_business_info.is_some_and(|owner| owner.id == *wanted.business));
                }
                Ok(_) => {}
                Err(failure) if matches!(failure.class, Class::Later | Class::LaterAfter(_)) => return Err(failure),
                Err(_) => {}
            }
        }
        Ok(false)
    }
}

/// A record without a proof asks the customer to click again; one without a renewal has nothing to do.
fn unproven(onboarding: &Onboarding) -> Option<Fact> {
    match &onboarding.phase {
        Phase::Fetching { attempt, .. } => Some(Fact::ExchangeFailed(attempt.clone(), "exchange.lost")),
        _ => None,
    }
}
