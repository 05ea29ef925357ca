//! A token that the vault does not take is lost with this process: what it was granted is the proof on which it may be asked
//! for again.

use shared::domain::entitlement::Granted;
use shared::graph::call::Auth;
use shared::graph::calls::oauth::DebugToken;
use shared::graph::client::GraphClient;
use shared::secret::Secret;
use std::time::Duration;

/// How long the customer waits for it: without a proof one more click is asked for.
const PATIENCE: Duration = Duration::from_secs(3);

/// The accounts Meta granted to a token, where it says so in time.
pub(crate) async fn granted(graph: &GraphClient, token: &Secret) -> Option<Granted> {
    let inspect = DebugToken { token };
    let inspected = tokio::time::timeout(PATIENCE, graph.call(&inspect, Auth::App)).await.ok()?.ok()?;
    Granted::of(&inspected.data.grant(graph.app()))
}
