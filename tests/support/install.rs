//! The installed library, `make` and other commands.

#![allow(dead_code, reason = "not every program uses all of it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The root folder of the repository. The tests of the command line are in a package below.
pub(crate) fn root() -> &'static Path {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let root = folders.find(|folder| folder.join("Cargo.lock").exists());
    root.expect("the folder of Cargo.lock")
}

/// Variables that lead compilers, programs, pkg-config or Go to another installation. cargo
/// sets the one of the dynamic linker for these tests.
const PATHS: [&str; 12] = [
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
    "CGO_LDFLAGS",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "LD_LIBRARY_PATH",
    "LD_RUN_PATH",
    "LIBRARY_PATH",
    "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH",
    "PKG_CONFIG_SYSROOT_DIR",
];

/// A command without the variables that lead to another installation.
pub(crate) fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in PATHS {
        command.env_remove(variable);
    }
    command
}

/// A command of Go in a folder, without network.
pub(crate) fn go(folder: &Path, arguments: &[&str]) -> Command {
    let mut go = isolated("go");
    go.args(arguments)
        .current_dir(folder)
        .env("CGO_ENABLED", "1")
        .env("GOFLAGS", "")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off");
    go
}

/// `make TARGET`, without the variables of a `make` that runs these tests.
pub(crate) fn make(target: &str) -> Command {
    let mut command = isolated("make");
    command
        .args(["--no-print-directory", "--silent", target])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder())
        .env_remove("MAKEFLAGS")
        .env_remove("MFLAGS")
        .env_remove("MAKELEVEL");
    command
}

pub(crate) fn target_folder() -> &'static Path {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().expect("a folder in the target folder")
}

/// The folder `usr` of an installation in the target folder.
pub(crate) fn stage() -> &'static Path {
    static STAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        run(&mut make("stage"));
        target_folder().join("stage/usr")
    });
    &STAGE
}

/// Runs a command that must succeed, and returns its standard output.
pub(crate) fn run(command: &mut Command) -> String {
    let (code, out, err) = outcome(command);
    assert!(code == Some(0), "{command:?}: {code:?}\n{out}{err}");
    out
}

/// Runs a command, and returns its exit code, standard output and standard error.
pub(crate) fn outcome(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}
