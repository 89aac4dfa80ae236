//! Forks, signals, loading, unloading and small stacks; and the state of the process after calls.

#![cfg(not(miri))]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::Command;

use crate::support::c_compiler::{Language, Linkage, Program, compile};
use crate::support::document::document;
use crate::support::header::declared;
use crate::support::install::{outcome, root, run, stage};
use crate::support::token::{HEADER, sign};

fn compiled(source: &str, linkage: Linkage, arguments: &[&str]) -> Program {
    let folder = root().join("tests/c");
    compile(&folder.join(source), Language::C99, linkage, arguments)
}

/// The other source of programs that call every function.
fn functions() -> String {
    let source = root().join("tests/c/functions.c");
    source.to_str().expect("UTF-8").to_owned()
}

/// Tokens for these programs that make cap_verify() do most.
fn tokens() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let signed =
        |header: &str, payload: &str| sign(header.as_bytes(), payload.as_bytes(), "secret");
    let digits = "9".repeat(900);
    vec![
        signed(HEADER, r#"{"exp":9999999999}"#),
        signed(HEADER, r#"{"exp":1}"#),
        signed(HEADER, &format!(r#"{{"a":{deep},"exp":9999999999}}"#)),
        signed(HEADER, &format!(r#"{{"exp":9999999999.{digits}}}"#)),
        signed(HEADER, &format!(r#"{{"exp":0.{digits}e300,"nbf":"1"}}"#)),
        signed(
            &format!(r#"{{"a":{deep},"alg":"HS256"}}"#),
            r#"{"exp":9999999999}"#,
        ),
        signed(r#"{"alg":"none"}"#, "{}"),
        sign(HEADER.as_bytes(), b"{}", "another secret"),
        "a.b".to_owned(),
    ]
}

/// A lock that another thread holds at the fork would stay locked in the child.
#[test]
fn forked_children_configure_and_mint() {
    fork(500);
}

#[test]
#[ignore = "takes a minute"]
fn thousands_of_forked_children_configure_and_mint() {
    fork(3000);
}

fn fork(children: u32) {
    for linkage in [Linkage::Shared, Linkage::Static] {
        let fork = compiled("fork.c", linkage, &["captoken"]);
        run(fork.command().arg(children.to_string()));
    }
}

#[test]
fn signals_inside_calls_change_no_result() {
    for linkage in [Linkage::Shared, Linkage::Static] {
        let signals = compiled("signals.c", linkage, &["captoken"]);
        run(signals.command().arg("10000"));
    }
}

#[test]
fn loading_ten_thousand_times_keeps_no_memory() {
    let dlopen = compiled("dlopen.c", Linkage::Shared, &[]);
    run(dlopen.command().args(["absent", "10000"]));
}

#[test]
fn copies_in_other_files_and_namespaces_have_own_defaults() {
    let library = stage().join("lib/libcaptoken.so.0");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libcaptoken-copy.so");
    fs::copy(&library, &copy).expect("copied");
    let twice = compiled("twice.c", Linkage::Shared, &[]);
    run(twice.command().args([&library, &copy, &library]));
}

/// A plug-in that uses the library, after it has made a change.
fn plugin(change: Option<&str>) -> Program {
    let (functions, change) = (
        functions(),
        change.map(|change| format!("-DCHANGE={change}")),
    );
    let mut arguments = vec!["-DPLUGIN", "-shared", "-fPIC", &functions, "captoken"];
    arguments.extend(change.as_deref());
    compiled("process.c", Linkage::Shared, &arguments)
}

/// A command without the environment of the tests: the program keeps all variables, in a buffer.
fn alone(process: &Program) -> Command {
    let mut command = process.command();
    command.env_clear();
    command.env("LD_LIBRARY_PATH", stage().join("lib"));
    command
}

#[test]
fn process_stays_as_it_was() {
    let process = compiled("process.c", Linkage::Shared, &[]);
    let plugin = plugin(None);
    run(alone(&process).arg(&plugin.path).args(tokens()));
    for file in ["limits", "timers", "coredump_filter"] {
        let file = Path::new("/proc/self").join(file);
        if !file.exists() {
            say(&format!(
                "{} is not checked: this kernel lacks it",
                file.display()
            ));
        }
    }
}

/// Says what a test cannot check here. The test program hides what print macros write.
fn say(message: &str) {
    writeln!(stderr(), "{message}").expect("written");
}

/// The test above relies on this.
#[test]
fn program_notices_changes_of_its_process() {
    let process = compiled("process.c", Linkage::Shared, &[]);
    for (change, noticed) in [
        ("signal(SIGUSR1, SIG_IGN)", "used: signal 10"),
        ("signal(SIGPIPE, SIG_IGN)", "used: signal 13"),
        (
            "pthread_sigmask(SIG_SETMASK, &(sigset_t){0}, 0)",
            "used: blocked:",
        ),
        (
            "sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, 0)",
            "used: alternate stack",
        ),
        ("alarm(1000)", "used: timer 0"),
        ("fesetround(FE_TONEAREST)", "used: rounding"),
        ("feraiseexcept(FE_DIVBYZERO)", "used: rounding"),
        ("umask(0)", "used: umask"),
        ("chdir(\"/\")", "used: folder"),
        ("uselocale(duplocale(LC_GLOBAL_LOCALE))", "used: locale"),
        ("dup(0)", "used: /proc/self/"),
        (
            "pthread_create(&(pthread_t){0}, 0, (void *(*)(void *))(void (*)(void))sleep, (void *)9)",
            "used: /proc/self/task",
        ),
    ] {
        let plugin = plugin(Some(change));
        let (code, _, err) = outcome(alone(&process).arg(&plugin.path));
        assert_eq!(code, Some(1), "{change}: {err}");
        assert!(err.contains(noticed), "{change}: {err}");
    }
    // Reads the environment.
    let plugin = plugin(Some("getenv(\"HOME\")"));
    let (code, _, err) = outcome(alone(&process).arg(&plugin.path));
    assert_eq!(code, None, "{err}");
}

/// The stack that each function needs in a thread with a stack of this size.
fn stacks(mut command: Command, size: u64) -> BTreeMap<String, u64> {
    let out = run(command.arg(size.to_string()).args(tokens()));
    let lines = out.lines().map(|line| {
        let (function, bytes) = line.split_once(' ').expect("a function and a number");
        (function.to_owned(), bytes.parse().expect("a number"))
    });
    let mut stacks: BTreeMap<String, u64> = lines.collect();
    let used = stacks.remove("size").expect("the size");
    if used != size {
        say(&format!(
            "no stack of {size} bytes is checked: this system needs {used}"
        ));
    }
    assert!(stacks.keys().eq(&declared("captoken.h")), "{stacks:?}");
    stacks
}

/// A command that resolves all functions first.
fn bound_at_start(program: &Program) -> Command {
    let mut command = program.command();
    command.env("LD_BIND_NOW", "1");
    command
}

#[test]
fn every_function_runs_however_it_is_linked() {
    let functions = functions();
    for (linkage, arguments) in [
        (Linkage::Shared, &["captoken"][..]),
        (Linkage::Shared, &["-no-pie", "captoken"]),
        (Linkage::Static, &["-pie", "captoken"]),
        (Linkage::Static, &["-no-pie", "captoken"]),
        (Linkage::Static, &["-static", "captoken"]),
        (Linkage::Static, &["-static-pie", "captoken"]),
    ] {
        let arguments = [&[functions.as_str()], arguments].concat();
        let program = compiled("stack.c", linkage, &arguments);
        // docs/c.md promises that this is enough.
        stacks(program.command(), 16384);
        stacks(bound_at_start(&program), 16384);
    }
}

/// Other compilers and CPUs may need less than docs/c.md promises.
#[test]
fn documented_stacks_are_measured_ones() {
    // cap_free() has the most to spare, because the dynamic linker decides what it needs.
    const MARGIN: u64 = 1536;
    let guide = document("docs/c.md");
    let tables = guide.tables_below("Stack");
    let mut documented = BTreeMap::new();
    for row in &tables[0][1..] {
        let bytes: u64 = row[1].replace(',', "").parse().expect("a number");
        for function in row[0].split(", ") {
            let function = function.trim_matches('`').to_owned();
            assert_eq!(documented.insert(function, bytes), None, "{row:?}");
        }
    }
    let functions = functions();
    for linkage in [Linkage::Shared, Linkage::Static] {
        let program = compiled("stack.c", linkage, &[&functions, "captoken"]);
        let measured = stacks(bound_at_start(&program), 65536);
        assert!(measured.keys().eq(documented.keys()), "{documented:?}");
        for (function, bytes) in &measured {
            let promised = documented[function];
            let is_close = promised <= bytes + MARGIN || cfg!(not(target_arch = "x86_64"));
            assert!(
                *bytes <= promised && is_close,
                "{function}: {bytes} bytes of stack, {promised} in docs/c.md"
            );
        }
        // The dynamic linker resolves each function in its first call.
        for (function, bytes) in stacks(program.command(), 65536) {
            let promised = documented[&function] + RESOLVING;
            assert!(
                bytes <= promised,
                "{function}: {bytes} bytes with lazy binding"
            );
        }
    }
}

/// docs/c.md promises this for the first call of each function.
const RESOLVING: u64 = 4096;
