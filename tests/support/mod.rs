//! Helpers of the test programs. `it` includes all of them; the other programs, and the
//! tests of the command line, include single files.

pub(crate) mod c_compiler;
pub(crate) mod configure_lock;
pub(crate) mod cpu;
pub(crate) mod document;
pub(crate) mod elf;
pub(crate) mod examples;
pub(crate) mod header;
pub(crate) mod install;
pub(crate) mod mappings;
pub(crate) mod requests;
pub(crate) mod safe_handle;
pub(crate) mod scope;
pub(crate) mod sdk;
pub(crate) mod secrets;
pub(crate) mod token;
pub(crate) mod vectors;
