//! An allocator that fails when a test wants it to, in the thread of that test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// Which allocations fail. The first one has the number 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Failing {
    None,
    /// The one with this number.
    One(usize),
    /// The one with this number, and all later ones.
    AllFrom(usize),
}

thread_local! {
    static FAILING: Cell<Failing> = const { Cell::new(Failing::None) };

    /// The number of allocations since `FAILING` was set.
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };

    /// The number of blocks that this thread has allocated minus those it has freed.
    static BLOCKS: Cell<isize> = const { Cell::new(0) };
}

/// Calls `body` while allocations fail. Returns its result, and whether an allocation failed.
pub(crate) fn with<T>(failing: Failing, body: impl FnOnce() -> T) -> (T, bool) {
    ALLOCATIONS.set(0);
    FAILING.set(failing);
    let result = body();
    FAILING.set(Failing::None);
    let failed = match failing {
        Failing::None => false,
        Failing::One(number) | Failing::AllFrom(number) => number < ALLOCATIONS.get(),
    };
    (result, failed)
}

/// The number of blocks that this thread has not freed.
pub(crate) fn blocks() -> isize {
    BLOCKS.get()
}

struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn fails() -> bool {
    let number = ALLOCATIONS.get();
    ALLOCATIONS.set(number + 1);
    match FAILING.get() {
        Failing::None => false,
        Failing::One(failing) => number == failing,
        Failing::AllFrom(first) => number >= first,
    }
}

// SAFETY: every call goes to the system's allocator or fails, which is allowed.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails() {
            return null_mut();
        }
        BLOCKS.set(BLOCKS.get() + 1);
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        BLOCKS.set(BLOCKS.get() - 1);
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) };
    }
}
