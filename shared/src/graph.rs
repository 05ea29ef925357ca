//! Meta's Graph API for the functions: the client crate, with its configuration and app secret from the functions'
//! environment.

pub use graph_client::{call, calls, client, download, error};

use crate::config::{Lookup, Problems, parse_base};
use crate::domain::ids::AppId;
use crate::secret::Secret;
use crate::secrets::PlatformSecret;
use graph_client::client::{AppSecret, AppSecretUnavailable, GraphConfig};
use std::pin::Pin;

/// Reads `GRAPH_API_BASE`, `GRAPH_API_VERSION` and `META_APP_ID`.
pub fn from_lookup(lookup: &Lookup<'_>, problems: &mut Problems) -> Option<GraphConfig> {
    let base = problems.parsed(lookup, "GRAPH_API_BASE", parse_base);
    let version = problems.required(lookup, "GRAPH_API_VERSION");
    let app = problems.parsed(lookup, "META_APP_ID", |text| AppId::parse(text).ok());
    Some(GraphConfig::new(base?, version, app?))
}

impl AppSecret for PlatformSecret {
    fn value(&self) -> Pin<Box<dyn Future<Output = Result<Secret, AppSecretUnavailable>> + Send + '_>> {
        Box::pin(async { Self::value(self).await.map_err(|error| AppSecretUnavailable(error.into())) })
    }
}
