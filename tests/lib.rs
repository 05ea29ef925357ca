//! A laboratory for tests: the whole stack on free ports, and everything a customer, a platform, Meta or a bad day does to it.

#![expect(clippy::panic, clippy::expect_used, reason = "a laboratory that breaks ends the test that uses it")]

mod events;
mod lab;
mod meta;
mod proxy;
mod records;
mod secrecy;

pub use lab::{Lab, Popup, Session};
pub use proxy::{Effect, Proxy, Strike, Use};
