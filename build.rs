//! Names the shared library, and writes both headers to `OUT_DIR`; the copies in
//! `include/` are compared with those by `tests/header.rs`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use cbindgen::{Builder, Config};

/// The files that say what C sees, in the order in which the header does.
const SOURCES: [&str; 4] = [
    "src/ffi/status.rs",
    "src/validity.rs",
    "src/ffi/handle.rs",
    "src/ffi.rs",
];

const CONFIG: &str = "cbindgen.toml";

fn main() -> Result<(), Box<dyn Error>> {
    for file in SOURCES.iter().chain(&["build.rs", CONFIG]) {
        println!("cargo::rerun-if-changed={file}");
    }

    let soname = format!("libcaptoken.so.{}", env::var("CARGO_PKG_VERSION_MAJOR")?);
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");

    let headers = PathBuf::from(env::var("OUT_DIR")?);
    let config = Config::from_file(CONFIG)?;
    write(config.clone(), &headers.join("captoken.h"))?;
    write(flat(config, &soname), &headers.join("captoken.ffi.h"))
}

/// The same declarations for PHP, whose parser skips directives without obeying
/// them and knows no C++. It reads the two definitions only at the very top.
fn flat(mut config: Config, soname: &str) -> Config {
    config.header = Some(format!(
        "#define FFI_SCOPE \"CAPTOKEN\"\n\
         #define FFI_LIB \"{soname}\"\n\
         \n\
         /* For PHP's FFI::load and ffi.preload; captoken.h documents the functions. */"
    ));
    config.after_includes = None;
    config.include_guard = None;
    config.sys_includes.clear();
    config.cpp_compat = false;
    config.documentation = false;
    config
}

fn write(config: Config, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut builder = Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(source);
    }
    let mut header = Vec::new();
    builder.generate()?.write(&mut header);
    fs::write(path, header)?;
    Ok(())
}
