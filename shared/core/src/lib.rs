//! The pure core: what the product knows and decides, as values. No clock, randomness, I/O or async: this crate's manifest
//! has nothing that could wait, draw or call. The crate `shared` carries out what is decided here.

pub mod domain;
pub mod secret;
pub mod webhook;
