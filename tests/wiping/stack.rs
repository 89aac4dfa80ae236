//! The stack contains no secret after a call.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::ptr::null;
use std::thread;

use crate::calls::{
    configure, fail_to_make_a_handle, fail_to_mint, free, generate, mint_in_one_call, new,
    new_access, two_tokens, verify_forged, verify_genuine,
};
use crate::configure_lock::lock_defaults;
use crate::cpu::run_on_cpu;
use crate::secrets::{ACCOUNT_SID, AUTH_TOKEN, LONG_AUTH_TOKEN, Search};

/// Debug builds use more stack than the library wipes. `make test` also runs this in a release
/// build.
#[test]
#[cfg_attr(debug_assertions, ignore = "needs an optimised build")]
fn stack_holds_no_secret_after_calls() {
    let _lock = lock_defaults();
    let mut tokens = Vec::new();
    for token in [new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr()), new_access()] {
        tokens.extend(two_tokens(token));
    }
    tokens.push(mint_in_one_call());
    let tokens = tokens.iter().map(|jwt| {
        let jwt = CStr::from_bytes_until_nul(jwt).expect("a string");
        jwt.to_str().expect("ASCII")
    });
    let tokens: Vec<&str> = tokens.collect();
    let searches = [
        Search::new(AUTH_TOKEN, &tokens).with_forged(AUTH_TOKEN),
        Search::new(LONG_AUTH_TOKEN, &[]),
    ];

    // The search finds the secret that a careless function leaves.
    assert!(!searches[0].names(&stack_after(careless)).is_empty());

    let calls: [fn(); 12] = [
        || free(new(ACCOUNT_SID.as_ptr(), LONG_AUTH_TOKEN.as_ptr())),
        || free(new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr())),
        || free(new_access()),
        || {
            two_tokens(new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr()));
        },
        || {
            two_tokens(new_access());
        },
        || {
            configure(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
            free(new(null(), null()));
        },
        || {
            let token = new(null(), null());
            generate(token);
            free(token);
            configure(null(), null());
        },
        || {
            mint_in_one_call();
        },
        fail_to_mint,
        fail_to_make_a_handle,
        verify_forged,
        verify_genuine,
    ];
    for (number, call) in calls.into_iter().enumerate() {
        let stack = stack_after(call);
        for search in &searches {
            assert_eq!(search.names(&stack), BTreeSet::new(), "call {number}");
        }
    }
}

/// Without SHA instructions, hashing uses the stack differently.
#[cfg(target_arch = "x86_64")]
#[test]
#[cfg_attr(debug_assertions, ignore = "needs an optimised build")]
fn stack_holds_no_secret_without_sha() {
    run_on_cpu("Nehalem", "stack::stack_holds_no_secret_after_calls");
}

/// Leaves many copies, because reading the stack overwrites the nearest ones.
#[inline(never)]
fn careless() {
    let secret = AUTH_TOKEN.to_bytes().first_chunk::<32>();
    black_box(&mut [*secret.expect("32 bytes"); 64]);
}

/// The searched size of the stack, larger than any call uses.
const DEPTH: usize = 128 * 1024;

/// The stack below the caller after a call, in a separate thread.
fn stack_after(call: impl FnOnce() + Send) -> Vec<u8> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let memory = File::open("/proc/self/mem").expect("the memory");
            let mut stack = vec![0; DEPTH];
            let start = (&raw const memory).addr() - DEPTH;
            // Another thread may have used this memory as its stack.
            zero_stack();
            call();
            memory
                .read_exact_at(&mut stack, start as u64)
                .expect("readable");
            stack
        });
        thread.join().expect("no panic")
    })
}

#[inline(never)]
pub(crate) fn zero_stack() {
    black_box(&mut [0_u8; DEPTH]);
}
