//! The pure core: the domain model and its decisions. No clock, randomness, I/O or async; the crate's manifest contains
//! no dependency that could provide them. The crate `shared` carries out what is decided here.

pub mod domain;
pub mod secret;
pub mod webhook;
