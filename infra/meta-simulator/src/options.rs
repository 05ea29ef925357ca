//! The simulated platform's identity at Meta.

/// One platform: its app, portfolio and credit line.
#[derive(Debug, Clone)]
pub struct Options {
    /// The platform's app.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
    /// Verify token of the webhook handshake.
    pub verify_token: String,
    /// Facebook Login for Business configuration.
    pub config_id: String,
    /// Token of the platform's system user.
    pub system_token: String,
    /// The platform's system user.
    pub system_user_id: String,
    /// The platform's portfolio.
    pub business_id: String,
    /// The platform's credit line.
    pub credit_line_id: String,
    /// The webhook endpoint; no webhooks if absent.
    pub webhook_url: Option<String>,
    /// The result of [`crate::Simulator::snapshot`] in an earlier run.
    pub snapshot: Option<serde_json::Value>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            app_id: "900000000000001".to_owned(),
            app_secret: "0123456789abcdef0123456789abcdef".to_owned(),
            verify_token: "simulated-verify-token".to_owned(),
            config_id: "900000000000002".to_owned(),
            system_token: "EAASimulatedSystemToken".to_owned(),
            system_user_id: "900000000000003".to_owned(),
            business_id: "900000000000004".to_owned(),
            credit_line_id: "900000000000005".to_owned(),
            webhook_url: None,
            snapshot: None,
        }
    }
}
