//! The library as it is installed, commands that use it, and other processors.

#![allow(dead_code, reason = "no test uses everything")]

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The package's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command of `make`, as a user would type it: not as a part of a larger build.
pub(crate) fn make(target: &str) -> Command {
    let mut command = Command::new("make");
    command
        .args(["--no-print-directory", "--silent", target])
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target_folder())
        .env_remove("MAKEFLAGS")
        .env_remove("MFLAGS")
        .env_remove("MAKELEVEL");
    command
}

fn target_folder() -> &'static Path {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    own.parent().expect("a folder in the target folder")
}

/// The library installed as a package would have it: what is in `usr`.
pub(crate) fn stage() -> &'static Path {
    static STAGE: LazyLock<PathBuf> = LazyLock::new(|| {
        run(&mut make("stage"));
        target_folder().join("stage/usr")
    });
    &STAGE
}

/// Names the processor to a test that [`emulated`] runs.
pub(crate) const PROCESSOR: &str = "CAPTOKEN_TEST_PROCESSOR";

/// Runs one test of this program on another processor, which QEMU emulates.
pub(crate) fn emulated(processor: &str, test: &str) {
    let program = env::current_exe().expect("this program");
    let out = run(Command::new("qemu-x86_64")
        .args(["-cpu", processor])
        .arg(program)
        .args(["--exact", test, "--test-threads=1"])
        .env(PROCESSOR, processor));
    assert!(out.contains("1 passed"), "{out}");
}

/// Runs a command that must succeed, and returns what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let (code, out, err) = outcome(command);
    assert!(code == Some(0), "{command:?}: {code:?}\n{out}{err}");
    out
}

/// Runs a command: its exit status, and what it printed on either stream.
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
