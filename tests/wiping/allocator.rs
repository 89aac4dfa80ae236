//! An allocator that searches each freed block for secrets.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null;
use std::slice;

use crate::secrets::Search;

/// The observations of the allocator in this thread.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) search: &'static Search,
    /// The largest allocated block: its address and size.
    pub(crate) largest: (*const u8, usize),
    /// The number of freed blocks.
    pub(crate) freed: usize,
    /// The number of freed blocks that contained a secret.
    pub(crate) with_secret: usize,
    /// Whether the largest block was freed and contained only zeros.
    pub(crate) largest_wiped: bool,
}

thread_local! {
    pub(crate) static SEEN: Cell<Option<Seen>> = const { Cell::new(None) };
}

/// Searches each freed block while a test observes.
pub(crate) struct Looking;

#[global_allocator]
static ALLOCATOR: Looking = Looking;

/// # Safety
///
/// `block` must be readable for `size` initialised bytes.
unsafe fn look(block: *const u8, size: usize) {
    if let Some(mut seen) = SEEN.get() {
        // SAFETY: see above.
        let block = unsafe { slice::from_raw_parts(block, size) };
        seen.freed += 1;
        seen.with_secret += usize::from(seen.search.find(block).next().is_some());
        if (block.as_ptr(), block.len()) == seen.largest {
            seen.largest_wiped = block.iter().all(|byte| *byte == 0);
        }
        SEEN.set(Some(seen));
    }
}

// SAFETY: every call goes to the system's allocator.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc`. Zeroed, because `look` reads
        // the whole block.
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
        // SAFETY: the block has the layout's size and was zeroed by `alloc`.
        unsafe { look(block, layout.size()) };
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) };
    }
}

pub(crate) fn start_looking_for(search: &'static Search) {
    SEEN.set(Some(Seen {
        search,
        largest: (null(), 0),
        freed: 0,
        with_secret: 0,
        largest_wiped: false,
    }));
}

pub(crate) fn stop_looking() -> Seen {
    SEEN.take().expect("looking")
}
