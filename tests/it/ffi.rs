//! The functions of captoken.h, called as C calls them: each returns each status, in the
//! documented order, and a failed call changes nothing.
//!
//! `fixtures` has two complete handles, one of each token kind, and a guarded buffer.
//! `functions` lists the functions that take strings.

mod arguments;
mod buffers;
mod defaults;
mod fixtures;
mod functions;
mod handles;
mod permissions;
mod statuses;
mod times;
