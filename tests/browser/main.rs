//! The user interface in a real browser: the signup page in every language, the embedded button, the operators'
//! console.
//!
//! Requires Chromium and Node.js. If one is missing, the test says so and is skipped, unless `BROWSER_TESTS=required`.

#![expect(clippy::expect_used, reason = "unexpected results fail the test")]

mod lane;
