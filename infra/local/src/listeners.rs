//! The ports of a stack.

use std::io;
use tokio::net::TcpListener;

/// All listeners of a stack, bound before anything starts, because addresses appear in parameters and variables.
pub(crate) struct Listeners {
    pub(crate) api: TcpListener,
    pub(crate) webhook: TcpListener,
    pub(crate) graph: TcpListener,
    pub(crate) dynamodb: TcpListener,
    pub(crate) sqs: TcpListener,
    pub(crate) secretsmanager: TcpListener,
    pub(crate) control: TcpListener,
}

impl Listeners {
    /// Binds consecutive loopback ports, or any free ones.
    pub(crate) async fn bind(first: u16) -> io::Result<Self> {
        let mut port = first;
        let mut bind = async || {
            let bound = TcpListener::bind(("127.0.0.1", port)).await;
            let bound = bound.map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))?;
            port = if port == 0 { 0 } else { port.saturating_add(1) };
            io::Result::Ok(bound)
        };
        Ok(Self {
            api: bind().await?,
            webhook: bind().await?,
            graph: bind().await?,
            dynamodb: bind().await?,
            sqs: bind().await?,
            secretsmanager: bind().await?,
            control: bind().await?,
        })
    }
}

/// The address of a listener. Browsers treat `localhost` as a secure context, which the popup flow needs.
pub(crate) fn url(listener: &TcpListener) -> io::Result<String> {
    Ok(format!("http://localhost:{}", listener.local_addr()?.port()))
}
