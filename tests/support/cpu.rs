//! Runs a test on a CPU that QEMU emulates.

use std::env;
use std::process::Command;

use super::install::run;

/// The environment variable that names the emulated CPU to the test.
pub(crate) const CPU: &str = "CAPTOKEN_TEST_CPU";

/// Runs one test of this program, given with its module path, on another CPU.
pub(crate) fn run_on_cpu(cpu: &str, test: &str) {
    let program = env::current_exe().expect("this program");
    let out = run(Command::new("qemu-x86_64")
        .args(["-cpu", cpu])
        .arg(program)
        .args(["--exact", test, "--test-threads=1"])
        .env(CPU, cpu));
    // A name that matches no test passes, too.
    assert!(out.contains("test result: ok. 1 passed"), "{out}");
}
