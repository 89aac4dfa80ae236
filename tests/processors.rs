//! Tokens are the same on CPUs with SHA instructions and without. A CPU without them is
//! emulated: there, an instruction that it lacks ends the program.

#![cfg(target_arch = "x86_64")]
#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;

#[path = "support/handle.rs"]
mod handle;
#[path = "support/native.rs"]
mod native;
#[path = "support/token.rs"]
mod token;

use handle::{Handle, verify};
use native::{PROCESSOR, emulated};

const TEST: &str = "tokens_are_right_on_this_cpu";

#[test]
fn tokens_are_right_without_sha_instructions() {
    emulated("Nehalem", TEST);
}

/// Of all lengths that a secret or a payload has, within some blocks of the hash.
#[test]
fn tokens_are_right_on_this_cpu() {
    if env::var_os(PROCESSOR).is_some() {
        assert!(!is_x86_feature_detected!("sha"));
    }
    for length in 1..80 {
        let name = "é".repeat(length);
        let secret = &"0123456789abcdef".repeat(10)[..2 * length];
        let mut token = Handle::new("AC123123", secret).expect("new");
        token.allow_incoming(&name).expect("allowed");
        for now in [1_400_000_000, 1_400_000_001] {
            let jwt = token.generate_at(now, 3600).expect("a token");
            let expected = format!(
                r#"{{"scope":"scope:client:incoming?clientName={}","iss":"AC123123","exp":{}}}"#,
                "%C3%A9".repeat(length),
                now + 3600
            );
            let header = token::HEADER.as_bytes();
            assert_eq!(jwt, token::sign(header, expected.as_bytes(), secret));
            assert_eq!(verify(&jwt, secret, now), Ok(expected));
        }
    }
}
