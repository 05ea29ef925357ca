//! A token without a code, server to server: for signups whose code was lost or that had none, and before a token ends.

use super::credit::CreditSharing;
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::{AttemptId, BusinessId, WabaId};
use crate::domain::onboarding::{Onboarding, Phase};
use crate::domain::progress::{Event, Next, Renewed};
use crate::domain::time::Timestamp;
use crate::graph::call::Auth;
use crate::graph::calls::oauth::{DebugToken, FetchToken};
use crate::secret::Secret;

/// Whose token is asked for, and under which name it is kept.
struct Wanted<'a> {
    attempt: &'a AttemptId,
    business: &'a BusinessId,
    /// The account it has to open; `None` when none is known yet.
    waba: Option<&'a WabaId>,
}

impl<'a> Wanted<'a> {
    fn of(onboarding: &'a Onboarding) -> Option<Self> {
        let claimed = onboarding.claim.waba.as_ref();
        match (&onboarding.phase, &onboarding.renewal, &onboarding.waba) {
            (Phase::Fetching { attempt, business, .. }, _, _) => Some(Self { attempt, business, waba: claimed }),
            (Phase::Connected { .. }, Some(renewal), Some(waba)) => {
                Some(Self { attempt: &renewal.attempt, business: waba.owner(), waba: Some(waba.id()) })
            }
            _ => None,
        }
    }
}

impl CreditSharing {
    /// Asks for the token that is due, proves it, and keeps it in the vault before anybody is told.
    pub(super) async fn fetch(&self, onboarding: &Onboarding, due: Next) -> Option<Event> {
        let wanted = Wanted::of(onboarding).filter(|_| due == Next::Fetch)?;
        let attempt = wanted.attempt.clone();
        let renews = matches!(onboarding.phase, Phase::Connected { .. });
        match self.fetched(&wanted, onboarding.token_expires_at.filter(|_| renews)).await {
            Ok(expires_at) if renews => Some(Event::TokenRenewed(Renewed { attempt, expires_at })),
            Ok(_) => Some(Event::TokenStored(attempt)),
            Err(failure) => {
                tracing::warn!(onboarding.id = %onboarding.id, error.code = failure.code, "Meta gave no token without a code");
                match failure.class {
                    Class::Later | Class::LaterAfter(_) => Some(Event::FetchPostponed(attempt)),
                    _ if renews => Some(Event::FetchPostponed(attempt)),
                    _ => Some(Event::ExchangeFailed(attempt, "exchange.lost")),
                }
            }
        }
    }

    /// When the token ends that is in the vault now. `ending` is the end of the token it replaces.
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

    /// A token that is not ours, opens another account or ends no later than the one it replaces is not kept.
    async fn proven(
        &self,
        token: &Secret,
        wanted: &Wanted<'_>,
        ending: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Failure> {
        let inspected = self.graph.call(&DebugToken { token }, Auth::App).await.map_err(|error| error.failure())?;
        let grant = inspected.data.grant(self.graph.app());
        let opens = wanted.waba.is_none_or(|waba| grant.wabas.is_empty() || grant.wabas.contains(waba));
        let end = inspected.data.ends_at();
        let later = ending.is_none_or(|ending| end.is_none_or(|end| end > ending));
        if grant.is_valid && grant.is_ours && grant.has_whatsapp_scope && opens && later {
            Ok(end)
        } else {
            Err(Failure::new(Class::Hold, "token.not_the_one"))
        }
    }
}
