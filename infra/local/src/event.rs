//! Events as AWS documents them, and responses back.

mod http;
mod response;

pub(crate) use http::{Endpoint, RequestContext, payload};
pub(crate) use response::translate;
