//! The committed headers equal the generated ones. `BLESS=1` rewrites them.
//!
//! `include/captoken.ffi.h` is a link to the copy in the PHP package.

#![cfg(not(miri))]

use std::error::Error;
use std::{env, fs};

fn compare(folder: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let generated = fs::read_to_string(format!("{}/{name}", env!("OUT_DIR")))?;
    let committed = format!("{}/{folder}/{name}", env!("CARGO_MANIFEST_DIR"));
    if env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&committed, &generated)?;
    }
    assert_eq!(
        fs::read_to_string(committed)?,
        generated,
        "{folder}/{name} is out of date: run `BLESS=1 cargo test --test it header::`"
    );
    Ok(())
}

#[test]
fn captoken_h_is_up_to_date() -> Result<(), Box<dyn Error>> {
    compare("include", "captoken.h")
}

#[test]
fn captoken_ffi_h_is_up_to_date() -> Result<(), Box<dyn Error>> {
    compare("include", "captoken.ffi.h")
}
