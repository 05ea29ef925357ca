//! The platform's own side at Meta: its app, system user and credit lines. Tests break parts of it.

use crate::options::Options;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The platform's setup.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Platform {
    /// Whether the app secret is the one that the platform has; a reset in the dashboard changes it.
    pub(crate) app_secret: bool,
    /// Permissions with advanced access.
    pub(crate) permissions: Vec<String>,
    /// Webhook fields the app is subscribed to; without any, the app has no subscription.
    pub(crate) webhook_fields: Vec<String>,
    /// Whether the app's callback is this platform's, until one is set by API.
    pub(crate) callback: bool,
    /// The callback that was set by API.
    pub(crate) callback_url: Option<String>,
    /// Whether the subscription is active.
    pub(crate) active: bool,
    /// Whether the system token is valid.
    pub(crate) system_token: bool,
    /// Whether the system token belongs to the platform's app.
    pub(crate) own_system_token: bool,
    /// `ADMIN` or `EMPLOYEE`: only base roles, so a finance editor is an `EMPLOYEE`.
    pub(crate) system_user_role: String,
    /// `Editor`, `Analyst`, ….
    pub(crate) finance_permission: Option<String>,
    /// Whether the system user belongs to the platform's portfolio.
    pub(crate) own_system_user: bool,
    /// Scopes of the system token.
    pub(crate) system_scopes: Vec<String>,
    /// Whether the portfolio has the credit line.
    pub(crate) credit_line: bool,
    /// Ids of its other credit lines.
    pub(crate) more_credit_lines: Vec<String>,
}

const PERMISSIONS: [&str; 3] = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"];

/// The fields that an app can subscribe to: the list of Meta's app dashboard. `user_id_update` and `consumer_profile`,
/// which Meta's pages name too, are not in it.
const SUBSCRIBABLE: [&str; 33] = [
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "business_username_updates",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "tracking_events",
    "user_preferences",
];

impl Default for Platform {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            app_secret: true,
            permissions: texts(&PERMISSIONS),
            webhook_fields: texts(&SUBSCRIBABLE),
            callback: true,
            callback_url: None,
            active: true,
            system_token: true,
            own_system_token: true,
            system_user_role: "ADMIN".to_owned(),
            finance_permission: None,
            own_system_user: true,
            system_scopes: texts(&PERMISSIONS),
            credit_line: true,
            more_credit_lines: Vec::new(),
        }
    }
}

impl Platform {
    /// What `debug_token` returns for the system token.
    pub(crate) fn token(&self, options: &Options) -> Value {
        let app = if self.own_system_token { &options.app_id } else { "900000000000099" };
        json!({
            "app_id": app,
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
        if self.webhook_fields.is_empty() {
            return json!({ "data": [] });
        }
        let fields = self.webhook_fields.iter().map(|field| json!({ "name": field, "version": "v25.0" }));
        let own = options.webhook_url.clone().unwrap_or_default();
        let somewhere = || "https://somewhere.example.com/hook?token=of-somebody".to_owned();
        let callback_url = self.callback_url.clone().unwrap_or_else(|| if self.callback { own } else { somewhere() });
        json!({ "data": [{
            "object": "whatsapp_business_account",
            "callback_url": callback_url,
            "active": self.active,
            "fields": fields.collect::<Vec<_>>(),
        }] })
    }

    /// Replaces the app's subscription to WhatsApp. The callback has answered its handshake before.
    pub(crate) fn subscribe(&mut self, callback: &str, fields: &str) -> Result<Value, Refusal> {
        let fields: Vec<String> = fields.split(',').map(|field| field.trim().to_owned()).collect();
        if let Some(unknown) = fields.iter().find(|field| !SUBSCRIBABLE.contains(&field.as_str())) {
            let known = SUBSCRIBABLE.join(", ");
            return Err(Refusal::parameter(format!("(#100) Param fields[{unknown}] must be one of {{{known}}}")));
        }
        self.webhook_fields = fields;
        self.callback_url = Some(callback.to_owned());
        self.active = true;
        Ok(json!({ "success": true }))
    }

    /// The system user, as its portfolio lists it.
    pub(crate) fn system_user(&self, options: &Options) -> Value {
        let mut user = json!({ "id": options.system_user_id, "name": "Onboarding", "role": self.system_user_role });
        if let (Some(permission), Some(user)) = (&self.finance_permission, user.as_object_mut()) {
            user.insert("finance_permission".to_owned(), json!(permission));
        }
        user
    }

    /// Whether the system user may add users to accounts (Meta: "Manage system users": an admin).
    pub(crate) fn is_admin(&self) -> bool {
        self.system_user_role == "ADMIN"
    }

    /// Refuses the credit endpoints to a system user that is neither admin nor finance editor, and to a token without
    /// `business_management` (Meta: "Share and revoke credit lines").
    pub(crate) fn may_use_credit(&self) -> Result<(), Refusal> {
        let edits = self.finance_permission.as_ref().is_some_and(|held| held.to_lowercase().starts_with("edit"));
        let permitted = self.system_scopes.iter().any(|scope| scope == "business_management");
        if permitted && (self.is_admin() || edits) {
            return Ok(());
        }
        Err(Refusal::permission("(#200) You do not have the necessary permissions to access this credit line."))
    }

    /// The credit lines of the platform's portfolio.
    pub(crate) fn credit_lines(&self, options: &Options) -> Vec<String> {
        let first = self.credit_line.then(|| options.credit_line_id.clone());
        first.into_iter().chain(self.more_credit_lines.iter().cloned()).collect()
    }
}
