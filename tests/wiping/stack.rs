//! The stack contains no secret after a call.

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
use crate::secrets::{
    ACCOUNT_SID, AUTH_TOKEN, LONG_AUTH_TOKEN, contains, missing_signature, padded, padded_block,
    scheduled, secret, states, states_within,
};

/// Debug builds use more stack than the library wipes. `make test` also runs this in a release
/// build.
#[test]
#[cfg_attr(debug_assertions, ignore = "needs an optimised build")]
fn stack_holds_no_secret_after_calls() {
    let _lock = lock_defaults();
    let ([ipad, opad], [inner, outer]) = (padded(), states());
    let [inner_words, outer_words] = scheduled();
    let mut secrets = vec![
        secret(),
        ipad,
        opad,
        inner_words,
        outer_words,
        inner,
        outer,
        missing_signature(),
    ];
    for token in [new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr()), new_access()] {
        for jwt in two_tokens(token) {
            secrets.extend(states_within(&jwt));
        }
    }
    let jwt = mint_in_one_call();
    secrets.extend(states_within(&jwt));

    // The search finds the block that a careless function leaves.
    assert!(contains(&stack_after(careless), &[ipad]));

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
        for (which, secret) in secrets.iter().enumerate() {
            assert!(
                !contains(&stack, &[*secret]),
                "call {number}, secret {which}"
            );
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
    black_box(&mut [padded_block(0x36); 32]);
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
