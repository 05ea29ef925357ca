//! Options of a stack.

use crate::binaries::{Binaries, Profile};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The identity at Meta; the defaults match the simulator.
#[derive(Debug, Clone, Serialize)]
pub struct Meta {
    /// The platform's app.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
    /// Token of the webhook handshake.
    pub verify_token: String,
    /// Facebook Login for Business configuration.
    pub config_id: String,
    /// System user token.
    pub system_token: String,
    /// The platform's portfolio.
    pub business_id: String,
    /// The platform's credit line.
    pub credit_line_id: String,
    /// `solution-partner`, `tech-provider` or `tech-partner`.
    pub role: String,
}

impl Default for Meta {
    fn default() -> Self {
        let simulated = meta_simulator::Options::default();
        Self {
            app_id: simulated.app_id,
            app_secret: simulated.app_secret,
            verify_token: simulated.verify_token,
            config_id: simulated.config_id,
            system_token: simulated.system_token,
            business_id: simulated.business_id,
            credit_line_id: simulated.credit_line_id,
            role: "solution-partner".to_owned(),
        }
    }
}

impl Meta {
    /// Sets one key of `--meta KEY=VALUE`.
    ///
    /// # Errors
    /// The key, if it is unknown.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let place = match key {
            "app_id" => &mut self.app_id,
            "app_secret" => &mut self.app_secret,
            "verify_token" => &mut self.verify_token,
            "config_id" => &mut self.config_id,
            "system_token" => &mut self.system_token,
            "business_id" => &mut self.business_id,
            "credit_line_id" => &mut self.credit_line_id,
            "role" => &mut self.role,
            _ => return Err(key.to_owned()),
        };
        value.clone_into(place);
        Ok(())
    }
}

/// Everything that may differ from the deployed stack: parameters, the identity at Meta, and locations.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// Path of the template.
    pub template: PathBuf,
    /// Overridden template parameters.
    pub parameters: BTreeMap<String, String>,
    /// The identity at Meta.
    pub meta: Meta,
    /// A Graph API to use instead of the simulator.
    pub graph_url: Option<String>,
    /// First port; 0 for any free ones.
    pub port: u16,
    /// Which binaries are built and run.
    pub profile: Profile,
    /// Binaries that are already built.
    pub binaries: Option<Binaries>,
    /// Where state is saved between runs; `None` for memory only.
    pub data: Option<PathBuf>,
    /// Capture the functions' logs for [`crate::Stack::logs`] instead of printing them.
    pub capture_logs: bool,
    /// Whether schedules fire on their own.
    pub schedules: bool,
    /// Additional variables of every function, for tests.
    pub function_environment: BTreeMap<String, String>,
}

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            template: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml")),
            parameters: BTreeMap::new(),
            meta: Meta::default(),
            graph_url: None,
            port: 0,
            profile: Profile::Debug,
            binaries: None,
            data: None,
            capture_logs: false,
            schedules: true,
            function_environment: BTreeMap::new(),
        }
    }
}
