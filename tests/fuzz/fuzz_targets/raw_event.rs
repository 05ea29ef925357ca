#![no_main]

#[path = "../targets.rs"]
#[expect(dead_code, reason = "one program per target")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::raw_event(data));
