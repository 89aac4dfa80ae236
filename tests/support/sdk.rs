//! Twilio's own libraries, where tests/setup.sh installs them, and programs that use
//! them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder below target/sdk, if all is there that a list in tests/interop has.
pub(crate) fn installed(folder: &str, list: &str) -> PathBuf {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sdk = own.parent().expect("a target folder").join("sdk");
    let folder = sdk.join(folder);
    let wanted = fs::read(tests().join("interop").join(list)).expect("a list");
    // Which setup.sh leaves there when it is done.
    let installed = fs::read(folder.join(list));
    assert!(
        installed.is_ok_and(|installed| installed == wanted),
        "Twilio's libraries, as tests/interop/{list} has them, are not in {}. \
         Run: sh tests/setup.sh sdk",
        folder.display()
    );
    folder
}

/// Runs a program of this folder, with a list in and a list out.
pub(crate) fn talk(program: &[&str], argument: Option<&Path>, input: &Value) -> Vec<Value> {
    let [name, options @ .., script] = program else {
        panic!("{program:?}");
    };
    let mut child = Command::new(name)
        .args(options)
        .arg(tests().join(script))
        .args(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}. Run: sh tests/setup.sh sdk"));
    // Neither waits for the other: it reads all before it writes anything.
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_string();
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{script}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("a list")
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
