//! Helpers that the tests of the library have, too.

#[path = "../../../tests/support/document.rs"]
pub(crate) mod document;
#[path = "../../../tests/support/elf.rs"]
pub(crate) mod elf;
#[path = "../../../tests/support/install.rs"]
pub(crate) mod install;
#[path = "../../../tests/support/scope.rs"]
pub(crate) mod scope;
#[path = "../../../tests/support/token.rs"]
pub(crate) mod token;
#[path = "../../../tests/support/vectors.rs"]
pub(crate) mod vectors;
