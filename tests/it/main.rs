//! Most tests, one module for each subject. tests/README.md lists the other programs.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![cfg_attr(miri, allow(dead_code, reason = "Miri runs only access, ffi and mint"))]

#[path = "../support/mod.rs"]
mod support;

// These start no process and read no file, so that Miri runs them.
mod access; // access tokens, byte by byte
mod ffi; // each function of captoken.h, with each status
mod mint; // cap_mint against the calls that a request stands for

// Each of these is `#![cfg(not(miri))]`.
mod abi; // compatibility with the last release
mod builds; // pkg-config, CMake and meson with other compilers
mod c; // examples, `make install` and commands of the documents
mod cargo_settings; // the user's settings of cargo
mod copies; // several copies of captoken in one process
mod cpu_features; // CPUs without SHA instructions
mod cross_language; // the same tokens from C, PHP and Go
mod dist; // the archives of make dist
mod growth; // the time of large inputs
mod hardening; // protections in the ELF files
mod header; // the committed headers
mod instructions; // instruction counts
mod libcap; // cap_free next to Linux's libcap
mod links; // links between the documents
mod load; // the token servers under load
mod make; // which cargo builds, and what an installation leaves
mod memory; // secrets in the memory of C programs
mod migrating; // programs and tables of the migration guides
mod other_systems; // macOS and Windows
mod packages;
mod process; // forks, signals, loading, stacks, and the state of the process
mod property; // any string arrives unchanged
mod sdk_bugs; // bugs of Twilio's libraries
mod sdk_live; // Twilio's installed libraries
mod sdk_vectors; // recorded tokens of Twilio's libraries
mod setup; // messages of setup.sh
mod symbols; // exported functions
mod token_server; // examples-c/token_server.c
mod token_servers; // the token servers in C, PHP and Go answer alike
mod verify; // cap_verify on genuine and forged tokens
