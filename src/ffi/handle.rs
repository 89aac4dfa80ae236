//! A box to a `cap_token *` and back.
//!
//! Linux's libcap exports a `cap_free` of its own. A program that loads both
//! libraries has one `cap_free` for all, so ours must tell our handles from
//! libcap's objects, and theirs must do no harm to our handles. A handle is an odd
//! address, which no allocator returns: libcap refuses it. Versions of libcap
//! that look before they refuse read up to eight bytes below the address, in
//! search of their magic number; those lie in our allocation too, and are zero.

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::c_void;
use std::mem::offset_of;
use std::ptr::{self, NonNull};

use zeroize::optimization_barrier;

use super::status::Status;
use crate::error::Error;
use crate::token::Token;

/// A handle: the account, the secret and the permissions of a token.
pub struct CapToken {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Allocation {
    padding: [u8; 9],
    /// The byte whose address is the handle.
    tag: u8,
    token: Token,
}

const LAYOUT: Layout = Layout::new::<Allocation>();

const OFFSET: usize = offset_of!(Allocation, tag);

const _: () = assert!(OFFSET % 2 == 1 && OFFSET >= 8 && align_of::<Allocation>() % 2 == 0);

/// A handle is used by many threads at once as long as none changes it.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Token>();
};

/// Where a program wants a handle.
pub(super) struct HandleSlot(NonNull<*mut CapToken>);

impl HandleSlot {
    /// Writes NULL there, for the case that no handle can be made.
    ///
    /// # Safety
    ///
    /// `place` is NULL, or writable as long as the result is used.
    pub(super) unsafe fn new(place: *mut *mut CapToken) -> Result<Self, Status> {
        let place = NonNull::new(place).ok_or(Status::NullArgument)?;
        // SAFETY: not NULL, so the caller promises that it can be written.
        unsafe { place.write(ptr::null_mut()) };
        Ok(Self(place))
    }

    /// Makes a handle there, whose token `make` fills. If that fails, there is none.
    pub(super) fn store(
        self,
        make: impl FnOnce(&mut Token) -> Result<(), Error>,
    ) -> Result<(), Status> {
        let token = new()?;
        // SAFETY: the handle is new.
        match make(unsafe { borrow_mut(token) }?) {
            Ok(()) => {
                // SAFETY: `new` was promised that it can be written.
                unsafe { self.0.write(token) };
                Ok(())
            }
            Err(error) => {
                // SAFETY: the program has not seen the handle.
                unsafe { free(token) }?;
                Err(error.into())
            }
        }
    }
}

fn new() -> Result<*mut CapToken, Status> {
    // SAFETY: an Allocation is not of size zero.
    let allocation: *mut Allocation = unsafe { alloc(LAYOUT) }.cast();
    if allocation.is_null() {
        return Err(Status::OutOfMemory);
    }
    // SAFETY: the allocation is new, not NULL, and of an Allocation's size and
    // alignment.
    unsafe {
        allocation.write(Allocation {
            padding: [0; 9],
            tag: 0,
            token: Token::default(),
        });
    }
    Ok(allocation.wrapping_byte_add(OFFSET).cast())
}

/// Whether an address that is not NULL can be a handle. One that is freed, or odd
/// for another reason, cannot be told.
pub(super) fn is_ours(address: *const c_void) -> bool {
    address.addr() % 2 == 1
}

fn allocation(token: *const CapToken) -> Result<*const Allocation, Status> {
    if token.is_null() {
        Err(Status::NullArgument)
    } else if is_ours(token.cast()) {
        Ok(token.wrapping_byte_sub(OFFSET).cast())
    } else {
        Err(Status::InvalidHandle)
    }
}

/// The token behind a handle, to be read.
///
/// # Safety
///
/// `token` is NULL, even, or a handle of [`new`] that is not freed or written
/// while the reference is used.
pub(super) unsafe fn borrow<'a>(token: *const CapToken) -> Result<&'a Token, Status> {
    let allocation = allocation(token)?;
    // SAFETY: `new` made an Allocation at this address; the caller promises that it
    // is still there and that nobody writes to it.
    Ok(unsafe { &(*allocation).token })
}

/// The token behind a handle, to be changed.
///
/// # Safety
///
/// `token` is NULL, even, or a handle of [`new`] that nobody else uses while the
/// reference is used.
pub(super) unsafe fn borrow_mut<'a>(token: *mut CapToken) -> Result<&'a mut Token, Status> {
    let allocation = allocation(token)?.cast_mut();
    // SAFETY: `new` made an Allocation at this address; the caller promises that it
    // is still there and that nobody else uses it.
    Ok(unsafe { &mut (*allocation).token })
}

/// Frees what a handle stands for, and wipes it.
///
/// # Safety
///
/// `token` is NULL, even, or a handle of [`new`] that is never used again.
pub(super) unsafe fn free(token: *mut CapToken) -> Result<(), Status> {
    let allocation = allocation(token)?.cast_mut();
    // SAFETY: `new` made an Allocation at this address, in memory of this layout from
    // the global allocator; the caller hands it over. Once it is dropped, its memory
    // is bytes, initialised or not.
    unsafe {
        allocation.drop_in_place();
        // Dropping wipes the key. Unused fields hold what was on the stack when the allocation
        // was made, which may be a secret of the caller.
        allocation.cast::<u8>().write_bytes(0, LAYOUT.size());
        optimization_barrier(&*allocation.cast::<[u8; LAYOUT.size()]>());
        dealloc(allocation.cast(), LAYOUT);
    }
    Ok(())
}
