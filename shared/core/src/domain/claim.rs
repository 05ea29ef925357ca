//! What a browser reports about a finished popup: unverified claims, used only as hints.

use super::ids::{BusinessId, PhoneNumberId, WabaId};
use serde::{Deserialize, Serialize};

/// How the popup ended, as an event name of Meta's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FinishEvent {
    /// The complete Cloud API flow.
    Finish,
    /// Finished without a phone number.
    FinishOnlyWaba,
    /// The number stays in the WhatsApp Business app.
    FinishCoexistence,
    /// App-only install.
    FinishGrantOnlyApiAccess,
    /// An event that Meta added later: stored, but no number is registered because of it.
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

/// The ids and the event that came with a code; `None` where the browser named none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Claim {
    /// How the popup ended.
    pub event: Option<FinishEvent>,
    /// The account that was granted, according to the browser.
    pub waba: Option<WabaId>,
    /// The number that was set up, according to the browser.
    pub phone: Option<PhoneNumberId>,
    /// The customer's portfolio, according to the browser.
    pub business: Option<BusinessId>,
}

impl Claim {
    /// The claim without members that contradict its event: Meta's own sample of `FINISH_ONLY_WABA` contains a number
    /// id although no number was collected.
    #[must_use]
    pub fn consistent(mut self) -> Self {
        if self.event == Some(FinishEvent::FinishOnlyWaba) {
            self.phone = None;
        }
        self
    }
}
