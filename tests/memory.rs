//! Memory that runs out, and memory that is given back: no abort, and no secret.

#![expect(unsafe_code, reason = "the functions are C's, and so is an allocator")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::ptr::{null, null_mut};
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

use captoken::ffi::*;
use sha2::block_api::compress256;

#[path = "support/token.rs"]
mod token;

/// What the allocator does for the thread that asks, without allocating itself.
#[derive(Clone, Copy)]
struct Watch {
    /// How many more allocations succeed before one fails; the rest succeed again.
    until_failure: Option<usize>,
    failures: usize,
    /// Secrets to look for in memory that is freed, written inside out.
    inverted: [[u8; 32]; 3],
    watched: bool,
    /// The largest block that was given out: its address and size.
    largest: (*const u8, usize),
    /// How many blocks were freed, and how many of them had a secret in them.
    freed: usize,
    leaked: usize,
}

thread_local! {
    static WATCH: Cell<Watch> = const {
        Cell::new(Watch {
            until_failure: None,
            failures: 0,
            inverted: [[0; 32]; 3],
            watched: false,
            largest: (null(), 0),
            freed: 0,
            leaked: 0,
        })
    };
}

fn set(change: impl FnOnce(&mut Watch)) {
    let mut watch = WATCH.get();
    change(&mut watch);
    WATCH.set(watch);
}

struct Watched;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

impl Watched {
    fn fails() -> bool {
        let fails = WATCH.get().until_failure == Some(0);
        set(|watch| {
            watch.failures += usize::from(fails);
            watch.until_failure = watch.until_failure.and_then(|left| left.checked_sub(1));
        });
        fails
    }

    /// # Safety
    ///
    /// `block` is readable for `size` bytes, all of which were written.
    unsafe fn look(block: *const u8, size: usize) {
        set(|watch| {
            if watch.watched {
                // SAFETY: the caller promises it.
                let block = unsafe { slice::from_raw_parts(block, size) };
                watch.freed += 1;
                watch.leaked += usize::from(contains(block, &watch.inverted));
            }
        });
    }
}

// SAFETY: hands everything to the system's allocator, or fails, which is allowed.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Self::fails() {
            return null_mut();
        }
        // SAFETY: the caller's promises are the system allocator's. What is not
        // zeroed would be no memory to look into.
        let block = unsafe { System.alloc_zeroed(layout) };
        set(|watch| {
            if watch.watched && layout.size() > watch.largest.1 {
                watch.largest = (block, layout.size());
            }
        });
        block
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if Self::fails() {
            return null_mut();
        }
        // SAFETY: the block has the layout's size, all of it written by `alloc`.
        unsafe { Self::look(block, layout.size()) };
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block has the layout's size, all of it written by `alloc`.
        unsafe { Self::look(block, layout.size()) };
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.dealloc(block, layout) };
    }
}

fn contains(memory: &[u8], inverted: &[[u8; 32]]) -> bool {
    memory.windows(32).any(|window| {
        inverted.iter().any(|secret| {
            window
                .iter()
                .zip(secret)
                .all(|(byte, inverted)| *byte == !inverted)
        })
    })
}

/// The configured defaults are the process's: tests that need them take turns.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

const NOW: i64 = 1_400_000_000;

/// A whole mint, call by call, with nothing of Rust's own allocated in between.
struct Mint {
    token: *mut Token,
    jwt: [u8; 4096],
}

impl Mint {
    const CALLS: usize = 9;

    fn new() -> Self {
        Self {
            token: null_mut(),
            jwt: [0; 4096],
        }
    }

    fn call(&mut self, number: usize) -> Status {
        let token = self.token;
        let long = c"a text of more than any buffer that is there from the start: \xc3\xa9 & = + %";
        // SAFETY: texts, a place for the handle, the handle once it is there, and a
        // buffer of the size that is said.
        unsafe {
            match number {
                0 => cap_configure(c"AC123123".as_ptr(), c"secret".as_ptr()),
                1 => cap_new(null(), null(), &mut self.token),
                2 => cap_allow_incoming(token, c"Alice".as_ptr()),
                3 => cap_allow_outgoing(token, c"AP123123".as_ptr()),
                4 => cap_add_outgoing_param(token, c"Foo".as_ptr(), c"Bar".as_ptr()),
                5 => cap_add_outgoing_param(token, long.as_ptr(), long.as_ptr()),
                6 => cap_allow_incoming(token, long.as_ptr()),
                7 => cap_generate_at(
                    token,
                    NOW,
                    3600,
                    self.jwt.as_mut_ptr().cast(),
                    self.jwt.len(),
                    null_mut(),
                ),
                _ => {
                    cap_token_free(token);
                    cap_configure(null(), null())
                }
            }
        }
    }
}

#[test]
fn every_allocation_that_fails_is_a_status_and_the_call_can_be_repeated() {
    let _turn = turn();
    let mut undisturbed = Mint::new();
    for call in 0..Mint::CALLS {
        assert_eq!(undisturbed.call(call), Status::Ok);
    }

    let mut failing_calls = Vec::with_capacity(100);
    for allocation in 0.. {
        let mut mint = Mint::new();
        set(|watch| {
            watch.until_failure = Some(allocation);
            watch.failures = 0;
        });
        for call in 0..Mint::CALLS {
            let status = mint.call(call);
            if status == Status::OutOfMemory {
                assert!(call != 1 || mint.token.is_null());
                failing_calls.push(call);
                assert_eq!(mint.call(call), Status::Ok);
            } else {
                assert_eq!(status, Status::Ok);
            }
        }
        set(|watch| watch.until_failure = None);

        assert!(mint.jwt == undisturbed.jwt);
        assert_eq!(
            WATCH.get().failures,
            usize::from(failing_calls.len() == allocation + 1)
        );
        if WATCH.get().failures == 0 {
            // The mint was over before the failure was due.
            assert_eq!(failing_calls.len(), allocation);
            break;
        }
    }
    // Each call that keeps something has been the one that failed; generating and
    // freeing take no memory.
    failing_calls.dedup();
    assert_eq!(failing_calls, [0, 1, 2, 3, 4, 5, 6]);
}

const SECRET: &str = "an auth token of thirty-two byte";

#[test]
fn no_freed_memory_holds_the_secret_or_what_signs_in_its_place() {
    let _turn = turn();
    let inverted = secrets(SECRET).map(|secret| secret.map(|byte| !byte));
    let secret = c"an auth token of thirty-two byte".as_ptr();
    let account = c"AC123123".as_ptr();
    let mut token = null_mut();

    set(|watch| {
        watch.inverted = inverted;
        watch.watched = true;
    });
    let mut jwt = [0_u8; 1024];
    // SAFETY: texts, a place for the handle, the handle, and a buffer of the size
    // that is said.
    unsafe {
        assert_eq!(cap_new(account, secret, &mut token), Status::Ok);
        assert_eq!(cap_allow_incoming(token, c"Alice".as_ptr()), Status::Ok);
        let (buffer, size) = (jwt.as_mut_ptr().cast(), jwt.len());
        let status = cap_generate_at(token, NOW, 3600, buffer, size, null_mut());
        assert_eq!(status, Status::Ok);
    }
    // What is looked for is there while the handle lives: both hash states, and
    // never the secret itself.
    let (start, size) = WATCH.get().largest;
    assert!((start.addr()..start.addr() + size).contains(&token.addr()));
    // SAFETY: a live block of that size, zeroed when it was given out.
    let object = unsafe { slice::from_raw_parts(start, size) };
    assert!(!contains(object, &inverted[..1]));
    assert!(contains(object, &inverted[1..2]));
    assert!(contains(object, &inverted[2..]));

    // SAFETY: the handle is not used again.
    unsafe { cap_token_free(token) };
    set(|watch| watch.watched = false);
    assert!(WATCH.get().freed > 0);
    assert_eq!(WATCH.get().leaked, 0);

    let end = jwt.iter().position(|&byte| byte == 0).expect("a NUL");
    token::decode(std::str::from_utf8(&jwt[..end]).expect("ASCII"), SECRET);
}

#[test]
fn a_configuration_that_is_cleared_or_replaced_leaves_no_secret_behind() {
    let _turn = turn();
    let inverted = secrets(SECRET).map(|secret| secret.map(|byte| !byte));
    let configure = |account_sid, auth_token| {
        // SAFETY: NULL or texts.
        unsafe { cap_configure(account_sid, auth_token) }
    };
    let account = c"AC123123".as_ptr();
    let secret = c"an auth token of thirty-two byte".as_ptr();

    for replacement in [null(), c"another".as_ptr()] {
        assert_eq!(configure(account, secret), Status::Ok);
        assert!(!contains(&static_memory(), &inverted[..1]));
        assert!(contains(&static_memory(), &inverted[1..2]));
        assert!(contains(&static_memory(), &inverted[2..]));
        let account = if replacement.is_null() {
            null()
        } else {
            account
        };
        assert_eq!(configure(account, replacement), Status::Ok);
        assert!(!contains(&static_memory(), &inverted));
    }
    assert_eq!(configure(null(), null()), Status::Ok);
}

/// A secret of 32 bytes, and the states of the inner and the outer hash that HMAC
/// begins with (RFC 2104): who knows those can sign.
fn secrets(secret: &str) -> [[u8; 32]; 3] {
    let state = |pad: u8| {
        let mut block = [pad; 64];
        for (byte, key) in block.iter_mut().zip(secret.bytes()) {
            *byte ^= key;
        }
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
        compress256(&mut state, &[block]);
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    };
    let mut bytes = [0; 32];
    bytes.copy_from_slice(secret.as_bytes());
    [bytes, state(0x36), state(0x5c)]
}

/// The writable statics of this program: the writable mappings of its file, and
/// the one without a file right behind them.
fn static_memory() -> Vec<u8> {
    let program = fs::read_link("/proc/self/exe").expect("a link");
    let maps = fs::read_to_string("/proc/self/maps").expect("the mappings");
    let memory = File::open("/proc/self/mem").expect("the memory");
    let mut statics = Vec::new();
    let mut previous_end = 0;
    for line in maps.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (start, end) = fields[0].split_once('-').expect("a range");
        let address = |text| u64::from_str_radix(text, 16).expect("an address");
        let (start, end) = (address(start), address(end));
        let of_program = fields
            .get(5)
            .is_some_and(|path| program.as_os_str() == *path);
        let behind_it = fields.len() == 5 && start == previous_end;
        if of_program || behind_it {
            previous_end = end;
            if fields[1].starts_with("rw") {
                let size = usize::try_from(end - start).expect("a size");
                let mut part = vec![0; size];
                memory.read_exact_at(&mut part, start).expect("readable");
                statics.extend(part);
            }
        }
    }
    assert!(!statics.is_empty());
    statics
}
