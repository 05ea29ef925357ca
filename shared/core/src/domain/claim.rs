//! What a browser says about a finished popup. Hints, never facts.

use super::ids::{BusinessId, PhoneNumberId, WabaId};
use serde::{Deserialize, Serialize};

/// How the popup ended, in Meta's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FinishEvent {
    /// The whole Cloud API flow.
    Finish,
    /// Done without a phone number.
    FinishOnlyWaba,
    /// The number stays in the WhatsApp Business app.
    FinishCoexistence,
    /// App-only install.
    FinishGrantOnlyApiAccess,
    /// Something Meta added later: kept, and nothing is registered on its word.
    Other(String),
}

const COEXISTENCE: &str = "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING";

impl From<String> for FinishEvent {
    fn from(text: String) -> Self {
        match text.as_str() {
            "FINISH" => Self::Finish,
            "FINISH_ONLY_WABA" => Self::FinishOnlyWaba,
            COEXISTENCE => Self::FinishCoexistence,
            "FINISH_GRANT_ONLY_API_ACCESS" => Self::FinishGrantOnlyApiAccess,
            _ => Self::Other(text),
        }
    }
}

impl From<FinishEvent> for String {
    fn from(event: FinishEvent) -> Self {
        match event {
            FinishEvent::Finish => "FINISH".to_owned(),
            FinishEvent::FinishOnlyWaba => "FINISH_ONLY_WABA".to_owned(),
            FinishEvent::FinishCoexistence => COEXISTENCE.to_owned(),
            FinishEvent::FinishGrantOnlyApiAccess => "FINISH_GRANT_ONLY_API_ACCESS".to_owned(),
            FinishEvent::Other(text) => text,
        }
    }
}

/// The ids and the event that came with a code, or `None` where the browser named nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claim {
    /// How the popup ended.
    pub event: Option<FinishEvent>,
    /// The account it says was granted.
    pub waba: Option<WabaId>,
    /// The number it says was set up.
    pub phone: Option<PhoneNumberId>,
    /// The customer's portfolio it names.
    pub business: Option<BusinessId>,
}

impl Claim {
    /// The claim with what its event contradicts left out: Meta's own sample of `FINISH_ONLY_WABA` carries a number id
    /// although no number was collected.
    #[must_use]
    pub fn consistent(mut self) -> Self {
        if self.event == Some(FinishEvent::FinishOnlyWaba) {
            self.phone = None;
        }
        self
    }
}
