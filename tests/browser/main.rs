//! What people see, in a real browser: the signup page in every language, the button in other pages, the operators' console.
//!
//! Takes Chromium and Node.js. Where one of them is missing the test says so and does nothing, unless `BROWSER_TESTS=required`.

#![expect(clippy::expect_used, reason = "a test that meets the unexpected ends there")]

mod lane;
