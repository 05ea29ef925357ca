//! The data of `whatsapp.operation.requested.v1`: who requested an operation of the API.

use crate::domain::operation::Operation;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct OperationData<'a> {
    operation: &'a str,
    actor: Actor<'a>,
    request_id: &'a str,
    target: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Actor<'a> {
    subject: Option<&'a str>,
    client: Option<&'a str>,
}

impl<'a> OperationData<'a> {
    /// `target` has the ids of the record that the operation changes.
    pub(super) fn of(operation: &'a Operation, target: &[(&'static str, &'a str)]) -> Self {
        let about = operation.about.iter().map(|(kind, id)| (kind.as_str(), id.as_str()));
        Self {
            operation: &operation.name,
            actor: Actor { subject: operation.principal.subject(), client: operation.principal.client() },
            request_id: &operation.request_id,
            target: target.iter().copied().chain(about).collect(),
        }
    }
}
