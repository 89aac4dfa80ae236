//! Converts a `Token` on the heap to a `cap_token *` and back.
//!
//! Linux's libcap also exports a `cap_free`, and a program with both libraries has one for
//! all callers. So ours must distinguish our handles from libcap's objects, and libcap's
//! must not harm our handles. A handle is an odd address, which no allocator returns, so
//! libcap refuses it. Some versions first read up to eight bytes below the address to find
//! their magic number. Those bytes belong to our allocation and are zero.

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

/// Many threads may use a handle concurrently if none changes it.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Token>();
};

/// The variable that receives a handle.
pub(super) struct HandleSlot(NonNull<*mut CapToken>);

impl HandleSlot {
    /// Writes NULL to the variable, which stays there on failure.
    ///
    /// # Safety
    ///
    /// `out` is NULL, or writable as long as the result is used.
    pub(super) unsafe fn new(out: *mut *mut CapToken) -> Result<Self, Status> {
        let out = NonNull::new(out).ok_or(Status::NullArgument)?;
        // SAFETY: not NULL, so the caller promises that it is writable.
        unsafe { out.write(ptr::null_mut()) };
        Ok(Self(out))
    }

    /// Stores a new handle, whose token `make` fills. If `make` fails, stores none.
    pub(super) fn store(
        self,
        make: impl FnOnce(&mut Token) -> Result<(), Error>,
    ) -> Result<(), Status> {
        let token = new()?;
        // SAFETY: the handle is new.
        match make(unsafe { borrow_mut(token) }?) {
            Ok(()) => {
                // SAFETY: the caller of `new` promised that it is writable.
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

/// Whether an address that is not NULL can be a handle. A freed handle cannot be
/// recognised.
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

/// The token of a handle, for reading.
///
/// # Safety
///
/// `token` is NULL, an even address, or a handle of [`new`] that is not freed or written
/// while the reference is used.
pub(super) unsafe fn borrow<'a>(token: *const CapToken) -> Result<&'a Token, Status> {
    let allocation = allocation(token)?;
    // SAFETY: `new` made an Allocation at this address; the caller promises that it is not
    // freed and that no thread writes to it.
    Ok(unsafe { &(*allocation).token })
}

/// The token of a handle, for changing.
///
/// # Safety
///
/// `token` is NULL, an even address, or a handle of [`new`] that no other thread uses while the
/// reference is used.
pub(super) unsafe fn borrow_mut<'a>(token: *mut CapToken) -> Result<&'a mut Token, Status> {
    let allocation = allocation(token)?.cast_mut();
    // SAFETY: `new` made an Allocation at this address; the caller promises that it is not
    // freed and that no other thread uses it.
    Ok(unsafe { &mut (*allocation).token })
}

/// Frees a handle and wipes its memory.
///
/// # Safety
///
/// `token` is NULL, an even address, or a handle of [`new`] that is never used again.
pub(super) unsafe fn free(token: *mut CapToken) -> Result<(), Status> {
    let allocation = allocation(token)?.cast_mut();
    // SAFETY: `new` made an Allocation at this address, in memory of this layout from the
    // global allocator; the caller gives it up. After the drop, the memory is only bytes.
    unsafe {
        allocation.drop_in_place();
        // Dropping wipes the key. Unused fields contain bytes of the stack from when the
        // handle was made, which may be the caller's secret.
        allocation.cast::<u8>().write_bytes(0, LAYOUT.size());
        optimization_barrier(&*allocation.cast::<[u8; LAYOUT.size()]>());
        dealloc(allocation.cast(), LAYOUT);
    }
    Ok(())
}
