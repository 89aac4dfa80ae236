#![no_main]
#![allow(missing_docs, reason = "src/verify.rs documents the target")]

libfuzzer_sys::fuzz_target!(|input: &[u8]| captoken_fuzz::verify::run(input));
