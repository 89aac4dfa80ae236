#![no_main]
#![allow(missing_docs, reason = "src/calls.rs documents the target")]

libfuzzer_sys::fuzz_target!(|input: &[u8]| captoken_fuzz::calls::run(input));
