//! The platform's own side at Meta: its app, system user and credit line. Tests break parts of it.

use crate::options::Options;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The platform's setup.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Platform {
    /// Permissions with advanced access.
    pub(crate) permissions: Vec<String>,
    /// Webhook fields the app is subscribed to.
    pub(crate) webhook_fields: Vec<String>,
    /// Whether the app's callback is this platform's.
    pub(crate) callback: bool,
    /// Whether the system token is valid.
    pub(crate) system_token: bool,
    /// `ADMIN` or `EMPLOYEE`.
    pub(crate) system_user_role: String,
    /// Scopes of the system token.
    pub(crate) system_scopes: Vec<String>,
    /// Whether the portfolio has the credit line.
    pub(crate) credit_line: bool,
}

const PERMISSIONS: [&str; 3] = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"];
const FIELDS: [&str; 22] = [
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "business_capability_update",
    "business_status_update",
    "business_username_updates",
    "history",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "partner_solutions",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "template_category_update",
    "template_correct_category_detection",
    "user_id_update",
    "user_preferences",
];

impl Default for Platform {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            permissions: texts(&PERMISSIONS),
            webhook_fields: texts(&FIELDS),
            callback: true,
            system_token: true,
            system_user_role: "ADMIN".to_owned(),
            system_scopes: texts(&PERMISSIONS),
            credit_line: true,
        }
    }
}

impl Platform {
    /// What `debug_token` returns for the system token.
    pub(crate) fn token(&self, options: &Options) -> Value {
        json!({
            "app_id": options.app_id,
            "type": "SYSTEM_USER",
            "expires_at": 0,
            "is_valid": self.system_token,
            "scopes": self.system_scopes,
            "user_id": options.system_user_id,
        })
    }

    pub(crate) fn permissions(&self) -> Value {
        let all = PERMISSIONS.iter().map(|&permission| {
            let status = if self.permissions.iter().any(|held| held == permission) { "live" } else { "standard" };
            json!({ "permission": permission, "status": status })
        });
        json!({ "data": all.collect::<Vec<_>>() })
    }

    pub(crate) fn subscriptions(&self, options: &Options) -> Value {
        let fields = self.webhook_fields.iter().map(|field| json!({ "name": field, "version": "v25.0" }));
        let own = options.webhook_url.clone().unwrap_or_default();
        let callback_url = if self.callback { own } else { "https://somewhere.example.com/hook".to_owned() };
        json!({ "data": [{
            "object": "whatsapp_business_account",
            "callback_url": callback_url,
            "active": true,
            "fields": fields.collect::<Vec<_>>(),
        }] })
    }
}
