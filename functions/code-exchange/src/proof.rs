//! A token that the vault rejects is lost with this process. The accounts it was granted are the proof with which a new
//! token may be requested.

use shared::domain::entitlement::Granted;
use shared::graph::call::Auth;
use shared::graph::calls::oauth::DebugToken;
use shared::graph::client::GraphClient;
use shared::secret::Secret;
use std::time::Duration;

/// How long the customer waits for the proof; without one, the customer has to click once more.
const GRACE: Duration = Duration::from_secs(3);

/// The accounts that Meta granted to a token, if Meta answers in time.
pub(crate) async fn granted(graph: &GraphClient, token: &Secret) -> Option<Granted> {
    let inspect = DebugToken { token };
    let inspected = tokio::time::timeout(GRACE, graph.call(&inspect, Auth::App)).await.ok()?.ok()?;
    Granted::of(&inspected.data.grant(graph.app()))
}
