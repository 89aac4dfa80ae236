//! Sets the SONAME and writes both headers to `OUT_DIR`. A test compares the copies in
//! `include/` with them.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use cbindgen::{Builder, Config};

/// The files that the header is made of, in its order.
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
    let mut config = Config::from_file(CONFIG)?;
    write(
        flat(config.clone(), &soname),
        &headers.join("captoken.ffi.h"),
    )?;
    config.after_includes = Some(macros()?);
    write(config, &headers.join("captoken.h"))
}

/// The version, and the attribute of functions whose result must be used.
fn macros() -> Result<String, env::VarError> {
    let version = |part: &str| env::var(format!("CARGO_PKG_VERSION{part}"));
    Ok(format!(
        "\n\
         /** The version of this header; cap_version() returns the library's. */\n\
         #define CAPTOKEN_VERSION \"{}\"\n\
         #define CAPTOKEN_VERSION_MAJOR {}\n\
         #define CAPTOKEN_VERSION_MINOR {}\n\
         #define CAPTOKEN_VERSION_PATCH {}\n\
         \n\
         #if defined(__GNUC__)\n\
         #define CAPTOKEN_MUST_USE __attribute__((warn_unused_result))\n\
         #else\n\
         #define CAPTOKEN_MUST_USE\n\
         #endif",
        version("")?,
        version("_MAJOR")?,
        version("_MINOR")?,
        version("_PATCH")?
    ))
}

/// The same declarations for PHP. Its parser ignores directives, except the two
/// definitions at the top of the file, and knows neither C++ nor macros.
fn flat(mut config: Config, soname: &str) -> Config {
    config.header = Some(format!(
        "#define FFI_SCOPE \"CAPTOKEN\"\n\
         #define FFI_LIB \"{soname}\"\n\
         \n\
         /* For PHP's FFI::load and ffi.preload; captoken.h documents the functions. */"
    ));
    config.include_guard = None;
    config.sys_includes.clear();
    config.cpp_compat = false;
    config.documentation = false;
    config.function.must_use = None;
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
