//! Flows over the running stack: real binaries, real doors, a simulated Meta.

mod bad_input;
mod healing;
mod platform;
mod signup;
mod spoofing;
mod template;
mod webhook;
