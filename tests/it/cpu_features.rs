//! Tokens are the same on CPUs with and without SHA instructions. QEMU emulates a CPU without
//! them, on which a missing instruction ends the program.

#![cfg(all(not(miri), target_arch = "x86_64"))]

use std::env;

use crate::support::cpu::{CPU, run_on_cpu};
use crate::support::safe_handle::{Handle, verify};
use crate::support::token;

#[test]
fn tokens_are_right_without_sha_instructions() {
    run_on_cpu("Nehalem", "cpu_features::tokens_are_right_on_this_cpu");
}

/// Secrets and payloads of every length up to several blocks of the hash.
#[test]
fn tokens_are_right_on_this_cpu() {
    if env::var_os(CPU).is_some() {
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
