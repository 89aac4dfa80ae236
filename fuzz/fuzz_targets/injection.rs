#![no_main]
#![allow(missing_docs, reason = "src/injection.rs documents the target")]

libfuzzer_sys::fuzz_target!(|input: &[u8]| captoken_fuzz::injection::run(input));
