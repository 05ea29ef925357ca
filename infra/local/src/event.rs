//! Events as AWS documents them, and responses back.

mod http;
mod response;

pub(crate) use http::{Door, RequestContext, payload};
pub(crate) use response::translate;
