//! `cap_verify` takes the same time for every wrong signature. A timing difference would let
//! an attacker guess a signature byte by byte.
//!
//! valgrind counts instructions, which are exact. A separate program, because it defines
//! `memcmp` and `bcmp` for everything that is linked with it.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::ffi::{CString, c_int, c_void};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::ptr::null_mut;

use captoken::ffi::*;
use data_encoding::BASE64URL_NOPAD;

#[path = "support/install.rs"]
mod install;
#[path = "support/token.rs"]
mod token;

use install::run;

/// Stops at the first difference. `==` calls it in a debug build, so that the test would
/// notice a `==` of signatures. The C library's function may take constant time for 32
/// bytes, depending on the CPU.
///
/// # Safety
///
/// Both blocks must be readable for `size` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const c_void, right: *const c_void, size: usize) -> c_int {
    let (left, right): (*const u8, *const u8) = (left.cast(), right.cast());
    let mut index = 0;
    while index < size {
        // SAFETY: `index` is less than `size`.
        let (left, right) = unsafe { (*left.add(index), *right.add(index)) };
        if left != right {
            return c_int::from(left) - c_int::from(right);
        }
        index += 1;
    }
    0
}

/// # Safety
///
/// As for [`memcmp`].
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const c_void, right: *const c_void, size: usize) -> c_int {
    // SAFETY: the contract is the same.
    unsafe { memcmp(left, right, size) }
}

/// One token for each byte of the signature; only this byte is wrong.
fn wrong_tokens() -> Vec<CString> {
    let token = token::sign(token::HEADER.as_bytes(), br#"{"exp":1}"#, "secret");
    let (signing_input, signature) = token.rsplit_once('.').expect("a token");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes());
    let signature = signature.expect("base64url");
    let wrong = |index: usize| {
        let mut signature = signature.clone();
        signature[index] ^= 0x10;
        let signature = BASE64URL_NOPAD.encode(&signature);
        CString::new(format!("{signing_input}.{signature}")).expect("a string")
    };
    (0..signature.len()).map(wrong).collect()
}

/// The program that valgrind measures. The first rounds include one-time work.
#[test]
#[ignore = "wrong_signatures_take_the_same_time runs it under valgrind"]
fn verify_wrong_tokens() {
    let tokens = wrong_tokens();
    // One address for all, because reading a string may depend on its alignment.
    let mut place = tokens[0].clone().into_bytes_with_nul();
    for _ in 0..ROUNDS {
        for token in &tokens {
            place.copy_from_slice(token.as_bytes_with_nul());
            // SAFETY: two strings, and NULL for the buffer and the length.
            let status = unsafe {
                let (jwt, secret) = (place.as_ptr().cast(), c"secret".as_ptr());
                cap_verify(jwt, secret, 0, null_mut(), 0, null_mut())
            };
            assert_eq!(status, Status::TokenSignature);
        }
    }
}

const ROUNDS: usize = 3;

#[test]
fn wrong_signatures_take_the_same_time() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("constant-time");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).expect("a folder");
    let program = env::current_exe().expect("this program");
    let out = run(Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no"])
        .args(["--toggle-collect=cap_verify", "--dump-after=cap_verify"])
        .args(["--zero-before=cap_verify", "--callgrind-out-file=count"])
        .arg(program)
        .args([
            "--exact",
            "verify_wrong_tokens",
            "--ignored",
            "--test-threads=1",
        ])
        .current_dir(&folder));
    // If the name matched no test, the program would succeed without running any.
    assert!(out.contains("test result: ok. 1 passed"), "{out}");

    let per_round = wrong_tokens().len();
    assert_eq!(per_round, 32);
    let last_round = (ROUNDS - 1) * per_round;
    let counts: Vec<u64> = (last_round..last_round + per_round)
        .map(|number| instructions(&folder.join(format!("count.{}", number + 1))))
        .collect();
    // If valgrind counted nothing, all counts would be equal.
    assert!(counts[0] > 1000, "{counts:?}");
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
}

fn instructions(dump: &Path) -> u64 {
    let dump = fs::read_to_string(dump).expect("a dump of callgrind");
    let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    total
        .and_then(|total| total.trim().parse().ok())
        .expect("a total")
}
