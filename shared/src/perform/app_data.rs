//! Coexistence: requests contacts and history of the WhatsApp Business app, once each.

use super::{Customer, bug};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedPhone;
use crate::domain::onboarding::{Onboarding, Phase, SYNC_WINDOW};
use crate::domain::progress::Finding;
use crate::graph::calls::phone::SyncAppData;

/// Meta: this kind of data was requested before.
const ASKED_ALREADY: &str = "graph.2593107";

/// Requests contacts (`smb_app_state_sync`) or messages (`history`). If it is repeated because an answer was lost, Meta
/// replies that the data was requested before. Nothing is requested after the 24 hours.
pub(super) async fn sync(
    customer: &Customer<'_>,
    onboarding: &Onboarding,
    phone: &VerifiedPhone,
    kind: &'static str,
) -> Result<Finding, Failure> {
    let Phase::Connected { since, .. } = onboarding.phase else { return Err(bug()) };
    let too_late = || Failure::new(Class::Skip, "sync.too_late");
    if clock::now().since(since) >= SYNC_WINDOW {
        return Err(too_late());
    }
    match customer.call(&SyncAppData { phone, kind }).await {
        Ok(_) => Ok(Finding::Nothing),
        Err(failure) if failure.code == ASKED_ALREADY => Ok(Finding::Nothing),
        Err(Failure { class: Class::Skip, .. }) => Err(too_late()),
        Err(failure) => Err(failure),
    }
}
