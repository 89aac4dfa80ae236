//! Memory that is given back holds no secret: on the heap, in the configured
//! defaults, and on the stack.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::ptr::{null, null_mut};
use std::slice;
use std::thread;

use captoken::ffi::*;
use sha2::block_api::compress256;

#[path = "support/native.rs"]
mod native;
#[path = "support/token.rs"]
mod token;
#[path = "support/turn.rs"]
mod turn;

use native::emulated;
use turn::turn;

/// Something that must not be left behind, kept inside out, so that a search does
/// not find what it searches for.
type Inverted = [u8; 32];

const ACCOUNT_SID: &CStr = c"AC0123456789abcdef0123456789abcdef";
const AUTH_TOKEN: &CStr = c"f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// The same three times: one that HMAC hashes before it makes its blocks of it.
const LONG_AUTH_TOKEN: &CStr = c"f0e1d2c3b4a5968778695a4b3c2d1e0f\
                                 f0e1d2c3b4a5968778695a4b3c2d1e0f\
                                 f0e1d2c3b4a5968778695a4b3c2d1e0f";

/// A token with a signature of zeros.
const FORGED: &CStr = c"eyJhbGciOiJIUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The signature that it should have: who knows it can sign this one token.
fn missing_signature() -> Inverted {
    let signing_input = FORGED.to_bytes().rsplitn(2, |&byte| byte == b'.').last();
    let signing_input = signing_input.expect("a token");
    inverted(&hmac_sha256::HMAC::mac(
        signing_input,
        AUTH_TOKEN.to_bytes(),
    ))
}

fn inverted(bytes: &[u8]) -> Inverted {
    let mut inverted = [0; 32];
    for (inverted, byte) in inverted.iter_mut().zip(bytes) {
        *inverted = !byte;
    }
    inverted
}

/// Whether a part of a secret is there: what is not wiped may be the end of one.
fn contains(memory: &[u8], secrets: &[Inverted]) -> bool {
    let is = |window: &[u8], part: &[u8]| {
        let mut pairs = window.iter().zip(part);
        pairs.all(|(byte, inverted)| *byte == !inverted)
    };
    memory.windows(PART).any(|window| {
        let mut parts = secrets
            .iter()
            .flat_map(|secret| secret.windows(PART).step_by(4));
        parts.any(|part| is(window, part))
    })
}

/// As many bytes as do not come about by chance.
const PART: usize = 8;

/// The auth token as it is given.
fn secret() -> Inverted {
    inverted(AUTH_TOKEN.to_bytes())
}

/// The first block that HMAC hashes: the auth token and zeros, xored with one of two
/// constants (RFC 2104).
fn padded_block(pad: u8) -> [u8; 64] {
    let mut block = [pad; 64];
    for (byte, secret) in block.iter_mut().zip(AUTH_TOKEN.to_bytes()) {
        *byte ^= secret;
    }
    block
}

/// The auth token in those blocks.
fn padded() -> [Inverted; 2] {
    [0x36, 0x5c].map(|pad| inverted(&padded_block(pad)))
}

/// The auth token as the rounds of the hash take it in, where they do so from memory:
/// words, to which constants are added.
fn scheduled() -> [Inverted; 2] {
    // Of the first eight rounds (FIPS 180-4, section 4.2.2).
    const CONSTANTS: [u32; 8] = [
        0x428a_2f98,
        0x7137_4491,
        0xb5c0_fbcf,
        0xe9b5_dba5,
        0x3956_c25b,
        0x59f1_11f1,
        0x923f_82a4,
        0xab1c_5ed5,
    ];
    [0x36, 0x5c].map(|pad| {
        let block = padded_block(pad);
        let words = block.chunks(4).zip(CONSTANTS).map(|(bytes, constant)| {
            let word = u32::from_be_bytes(bytes.try_into().expect("four bytes"));
            word.wrapping_add(constant)
        });
        let bytes: Vec<u8> = words.flat_map(u32::to_ne_bytes).collect();
        inverted(&bytes)
    })
}

/// The states of the inner and the outer hash that begin with those: who knows
/// them can sign.
fn states() -> [Inverted; 2] {
    [0x36, 0x5c].map(|pad| as_in_memory(&state(pad)))
}

fn state(pad: u8) -> [u32; 8] {
    // The initial value of FIPS 180-4, section 5.3.3.
    let mut state = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    compress256(&mut state, &[padded_block(pad)]);
    state
}

/// The states of the inner hash behind each whole block of a token, one of which a
/// handle keeps; their words in either order, as the stack is written downwards, too.
fn states_within(jwt: &[u8]) -> Vec<Inverted> {
    let signing_input = jwt.rsplitn(2, |&byte| byte == b'.').last();
    let blocks = signing_input.expect("a token").chunks_exact(64);
    let mut state = state(0x36);
    let behind = |block: &[u8]| {
        compress256(&mut state, &[block.try_into().expect("a block")]);
        let mut downwards = state;
        downwards.reverse();
        [state, downwards].map(|state| as_in_memory(&state))
    };
    blocks.flat_map(behind).collect()
}

fn as_in_memory(state: &[u32; 8]) -> Inverted {
    let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_ne_bytes()).collect();
    inverted(&bytes)
}

/// What the allocator has seen of this thread while it was to look.
#[derive(Clone, Copy)]
struct Seen {
    secrets: [Inverted; 4],
    /// The largest block that was given out: its address and size.
    largest: (*const u8, usize),
    /// How many blocks were freed, and how many of them had a secret in them.
    freed: usize,
    with_secret: usize,
    /// Whether the largest was freed, and had nothing but zeros in it.
    largest_wiped: bool,
}

thread_local! {
    static SEEN: Cell<Option<Seen>> = const { Cell::new(None) };
}

struct Looking;

#[global_allocator]
static ALLOCATOR: Looking = Looking;

/// # Safety
///
/// `block` is readable for `size` bytes, all of which were written.
unsafe fn look(block: *const u8, size: usize) {
    if let Some(mut seen) = SEEN.get() {
        // SAFETY: the caller promises it.
        let block = unsafe { slice::from_raw_parts(block, size) };
        seen.freed += 1;
        seen.with_secret += usize::from(contains(block, &seen.secrets));
        if (block.as_ptr(), block.len()) == seen.largest {
            seen.largest_wiped = block.iter().all(|byte| *byte == 0);
        }
        SEEN.set(Some(seen));
    }
}

// SAFETY: hands everything to the system's allocator.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are the system allocator's. What is not
        // zeroed would be no memory to look into.
        let block = unsafe { System.alloc_zeroed(layout) };
        if let Some(mut seen) = SEEN.get() {
            if layout.size() > seen.largest.1 {
                seen.largest = (block, layout.size());
                SEEN.set(Some(seen));
            }
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: a block of the layout's size, zeroed when it was given out.
        unsafe { look(block, layout.size()) };
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(block, layout) };
    }
}

fn start_looking_for(secrets: [Inverted; 4]) {
    SEEN.set(Some(Seen {
        secrets,
        largest: (null(), 0),
        freed: 0,
        with_secret: 0,
        largest_wiped: false,
    }));
}

fn stop_looking() -> Seen {
    SEEN.take().expect("looking")
}

fn new(account_sid: *const c_char, auth_token: *const c_char) -> *mut CapToken {
    let mut token = null_mut();
    // SAFETY: NULL or texts, and a place for the handle.
    let status = unsafe { cap_new(account_sid, auth_token, &mut token) };
    assert_eq!(status, Status::Ok);
    token
}

/// A handle for access tokens; the secret of the API key is the same.
fn new_access() -> *mut CapToken {
    let mut token = null_mut();
    let (sid, secret) = (ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
    // SAFETY: three texts, and a place for the handle.
    let status = unsafe { cap_new_access(sid, sid, secret, &mut token) };
    assert_eq!(status, Status::Ok);
    token
}

fn generate(token: *const CapToken) -> [u8; 1024] {
    let mut jwt = [0; 1024];
    let buffer = jwt.as_mut_ptr().cast::<c_char>();
    // SAFETY: a handle, and a buffer of the size that is said.
    let status = unsafe { cap_generate_at(token, 1_400_000_000, 3600, buffer, 1024, null_mut()) };
    assert_eq!(status, Status::Ok);
    jwt
}

/// The second goes on from the hash that the first has kept.
fn two_tokens(token: *mut CapToken) -> [[u8; 1024]; 2] {
    // SAFETY: a handle and a text.
    let status = unsafe { cap_allow_incoming(token, c"Alice".as_ptr()) };
    assert_eq!(status, Status::Ok);
    let tokens = [generate(token), generate(token)];
    free(token);
    tokens
}

/// Checks a token that the auth token has signed.
fn verify_genuine() {
    let token = new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
    let jwt = generate(token);
    free(token);
    // SAFETY: two texts, and no places for a payload.
    let status = unsafe {
        let (jwt, secret) = (jwt.as_ptr().cast(), AUTH_TOKEN.as_ptr());
        cap_verify(jwt, secret, 1_400_000_000, null_mut(), 0, null_mut())
    };
    assert_eq!(status, Status::Ok);
}

/// A token without a handle.
fn mint_in_one_call() -> [u8; 1024] {
    let (status, jwt) = mint(
        c"{\"account_sid\":\"AC123123\",\"incoming\":\"Alice\",\"outgoing\":\
          {\"application_sid\":\"AP123123\",\"params\":[[\"Foo\",\"Bar\"]]}}",
    );
    assert_eq!(status, Status::Ok);
    jwt
}

/// A request that fails after the key was made.
fn mint_in_vain() {
    let (status, _) = mint(c"{\"account_sid\":\"AC123123\",\"region\":\"ie1\"}");
    assert_eq!(status, Status::Unsupported);
}

fn mint(request: &CStr) -> (Status, [u8; 1024]) {
    let mut jwt = [0; 1024];
    let buffer = jwt.as_mut_ptr().cast();
    // SAFETY: two strings, and a buffer of the size that is said.
    let status = unsafe {
        let (secret, request) = (AUTH_TOKEN.as_ptr(), request.as_ptr());
        cap_mint(
            secret,
            request,
            1_400_000_000,
            3600,
            buffer,
            1024,
            null_mut(),
        )
    };
    (status, jwt)
}

/// A handle that cannot be made, because its account SID is empty.
fn new_in_vain() {
    let mut token = null_mut();
    // SAFETY: two strings, and a place for the handle.
    let status = unsafe { cap_new(c"".as_ptr(), AUTH_TOKEN.as_ptr(), &mut token) };
    assert_eq!((status, token), (Status::EmptyArgument, null_mut()));
}

/// Checks a token that the auth token has not signed.
fn verify_forged() {
    // SAFETY: two texts, and no places for a payload.
    let status = unsafe {
        let (jwt, secret) = (FORGED.as_ptr(), AUTH_TOKEN.as_ptr());
        cap_verify(jwt, secret, 1_400_000_000, null_mut(), 0, null_mut())
    };
    assert_eq!(status, Status::TokenSignature);
}

fn free(token: *mut CapToken) {
    // SAFETY: NULL or a handle that is not used again.
    unsafe { cap_token_free(token) };
}

fn configure(account_sid: *const c_char, auth_token: *const c_char) {
    // SAFETY: NULL or texts.
    let status = unsafe { cap_configure(account_sid, auth_token) };
    assert_eq!(status, Status::Ok);
}

#[test]
fn no_freed_memory_holds_the_auth_token_or_what_signs_in_its_place() {
    no_freed_memory_holds_the_secret_of(|| new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr()));
}

#[test]
fn no_freed_memory_holds_the_api_key_secret_or_what_signs_in_its_place() {
    no_freed_memory_holds_the_secret_of(new_access);
}

fn no_freed_memory_holds_the_secret_of(new: fn() -> *mut CapToken) {
    let ([ipad, _], [inner, outer]) = (padded(), states());
    start_looking_for([secret(), ipad, inner, outer]);
    let token = new();
    let jwt = generate(token);

    // What is looked for is there while the handle lives: both hash states, but
    // not the auth token.
    let (start, size) = SEEN.get().expect("looking").largest;
    assert!((start.addr()..start.addr() + size).contains(&token.addr()));
    // SAFETY: a live block of that size, zeroed when it was given out.
    let object = unsafe { slice::from_raw_parts(start, size) };
    assert!(!contains(object, &[secret()]));
    assert!(contains(object, &[inner]));
    assert!(contains(object, &[outer]));
    // The state that the first token has cached goes with the next change.
    let text = CStr::from_bytes_until_nul(&jwt).expect("a string");
    let cached = states_within(text.to_bytes());
    assert!(contains(object, &cached));
    // Computing the states has left some on the stack, from where unused fields take bytes.
    zero_stack();
    // SAFETY: a handle and a string.
    let status = unsafe { cap_allow_incoming(token, c"Alice".as_ptr()) };
    assert_eq!(status, Status::Ok);
    // SAFETY: as above; the call has changed the block, so it is read anew.
    let object = unsafe { slice::from_raw_parts(black_box(start), size) };
    assert!(!contains(object, &cached));

    free(token);
    // All of it: also what the stack held where the handle had nothing to say yet.
    assert!(SEEN.get().expect("looking").largest_wiped);
    mint_in_one_call();
    mint_in_vain();
    new_in_vain();
    verify_forged();
    let seen = stop_looking();
    assert!(seen.freed > 0);
    assert_eq!(seen.with_secret, 0);

    // And it was the right secret that was looked for.
    let jwt = CStr::from_bytes_until_nul(&jwt).expect("a text");
    token::signed_parts(
        jwt.to_str().expect("ASCII"),
        AUTH_TOKEN.to_str().expect("ASCII"),
    );
}

#[test]
fn a_configuration_that_is_cleared_or_replaced_is_wiped() {
    let _turn = turn();
    let (account, [inner, outer]) = (inverted(ACCOUNT_SID.to_bytes()), states());
    let others = (c"ACother".as_ptr(), c"other".as_ptr());
    for (account_sid, auth_token) in [(null(), null()), others] {
        start_looking_for([account, secret(), inner, outer]);
        configure(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr());
        assert_eq!(SEEN.get().expect("looking").freed, 0);
        assert!(contains(&static_memory(), &[inner]));
        assert!(contains(&static_memory(), &[outer]));

        start_looking_for([account, secret(), inner, outer]);
        configure(account_sid, auth_token);
        let seen = stop_looking();
        // The account SID, which is on the heap, was freed after it was wiped.
        assert_eq!((seen.freed, seen.with_secret), (1, 0));
        // The key is in a static, which a build without optimisation overwrites in
        // any case: only with optimisation does this show that it was wiped.
        assert!(!contains(&static_memory(), &[secret(), inner, outer]));
    }
    configure(null(), null());
}

/// Only with optimisation is the stack in use small enough to be overwritten: the
/// library is built so, and `make test` runs this file so.
#[test]
#[cfg_attr(debug_assertions, ignore = "needs an optimised build")]
fn no_call_leaves_the_auth_token_or_what_signs_in_its_place_on_the_stack() {
    let _turn = turn();
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

    // The search finds what a function leaves behind that does not care.
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
        mint_in_vain,
        new_in_vain,
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

/// Without SHA instructions, hashing uses the stack in another way.
#[cfg(target_arch = "x86_64")]
#[test]
#[cfg_attr(debug_assertions, ignore = "needs an optimised build")]
fn no_call_leaves_secrets_on_the_stack_without_sha() {
    emulated(
        "Nehalem",
        "no_call_leaves_the_auth_token_or_what_signs_in_its_place_on_the_stack",
    );
}

/// Leaves many copies, as reading the stack overwrites the nearest.
#[inline(never)]
fn careless() {
    black_box(&mut [padded_block(0x36); 32]);
}

/// How much of the stack is looked at: more than any call uses.
const DEPTH: usize = 128 * 1024;

/// What a call leaves on the stack below its caller, in a thread of its own.
fn stack_after(call: impl FnOnce() + Send) -> Vec<u8> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let memory = File::open("/proc/self/mem").expect("the memory");
            let mut stack = vec![0; DEPTH];
            let start = (&raw const memory).addr() - DEPTH;
            // The stack may have been another thread's before.
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
fn zero_stack() {
    black_box(&mut [0_u8; DEPTH]);
}

/// The writable statics of this program: the writable mappings of its file, and
/// the one without a file right behind them (/proc/self/maps, proc(5)).
fn static_memory() -> Vec<u8> {
    let program = fs::read_link("/proc/self/exe").expect("a link");
    let maps = fs::read_to_string("/proc/self/maps").expect("the mappings");
    let memory = File::open("/proc/self/mem").expect("the memory");
    let address = |text| u64::from_str_radix(text, 16).expect("an address");
    let mut statics = Vec::new();
    let mut end_of_program = 0;
    for line in maps.lines() {
        // The name, of which there may be none, is padded and may have spaces.
        let fields: Vec<&str> = line.splitn(6, ' ').collect();
        let (start, end) = fields[0].split_once('-').expect("a range");
        let (start, end) = (address(start), address(end));
        let name = fields.get(5).unwrap_or(&"").trim_start();
        let of_program = program.as_os_str() == name;
        let behind_it = name.is_empty() && start == end_of_program;
        if fields[1].starts_with("rw") && (of_program || behind_it) {
            end_of_program = end;
            let mut part = vec![0; usize::try_from(end - start).expect("a size")];
            memory.read_exact_at(&mut part, start).expect("readable");
            statics.extend(part);
        }
    }
    assert!(!statics.is_empty());
    statics
}
