//! Events of a phone number migration.

use super::Announcer;
use crate::clock;
use crate::domain::failure::MetaCode;
use crate::domain::grant::VerifiedPhone;
use crate::domain::migration::{Migration, MigrationFact, advance, compare, sentence};
use crate::domain::outbox::PendingEvent;
use crate::domain::time::Timestamp;
use serde::Serialize;

impl Announcer for Migration {
    fn outbox(&self) -> &[PendingEvent] {
        &self.outbox
    }

    fn after_sending(&self, sent: &[PendingEvent]) -> (Self, Timestamp) {
        let now = clock::now();
        (advance(self, &MigrationFact::EventsSent(sent.to_vec()), now), now)
    }

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn ids(&self) -> Vec<(&'static str, &str)> {
        vec![("onboarding_id", self.onboarding.as_str()), ("move_id", self.id.as_str())]
    }

    fn waba(&self) -> Option<&str> {
        Some(self.waba.as_str())
    }

    fn data(&self, event: &PendingEvent) -> impl Serialize {
        let code = event.discriminator.split_once(':').map(|(_, code)| code).filter(|code| !code.is_empty());
        serde_json::json!({
            "move_id": self.id,
            "onboarding_id": self.onboarding,
            "customer_ref": self.customer_ref,
            "state": self.state(),
            "phone_number_id": self.phone.as_ref().map(VerifiedPhone::id),
            "who_acts": self.actor(),
            "code": code,
            "meta": self.meta().filter(|_| code == self.code()).or_else(|| MetaCode::parse(code?)),
            "message": code.map(sentence),
            "comparison": compare(self.before.as_ref(), self.after.as_ref()),
        })
    }
}
