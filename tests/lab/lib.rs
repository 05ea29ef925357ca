//! Test library: the whole stack on free ports, and the actions of a customer, a platform, Meta and injected faults.

#![expect(clippy::panic, clippy::expect_used, reason = "a broken test stack ends the test that uses it")]

mod counts;
mod draw;
mod events;
mod meta;
mod pages;
mod proxy;
mod queues;
mod records;
mod secrecy;
mod stack;

pub use counts::say;
pub use draw::Draw;
pub use meta::soon;
pub use pages::Browser;
pub use proxy::{Effect, Injection, Proxy, Use};
pub use stack::{Lab, Popup, Session};
