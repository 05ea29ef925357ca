//! Where a stack listens.

use crate::listeners::{Listeners, url};

/// Addresses of all listeners.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    pub(crate) api: String,
    pub(crate) webhook: String,
    pub(crate) graph: String,
    pub(crate) dynamodb: String,
    pub(crate) sqs: String,
    pub(crate) secretsmanager: String,
    pub(crate) control: String,
}

impl Addresses {
    /// The listeners' addresses; `graph` if another Graph API is used.
    pub(crate) fn of(listeners: &Listeners, graph: Option<&str>) -> std::io::Result<Self> {
        Ok(Self {
            api: url(&listeners.api)?,
            webhook: url(&listeners.webhook)?,
            graph: graph.map_or_else(|| url(&listeners.graph), |graph| Ok(graph.to_owned()))?,
            dynamodb: url(&listeners.dynamodb)?,
            sqs: url(&listeners.sqs)?,
            secretsmanager: url(&listeners.secretsmanager)?,
            control: url(&listeners.control)?,
        })
    }
}
