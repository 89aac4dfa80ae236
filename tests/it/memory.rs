//! Memory and registers of a C program contain no secret after a call.
//!
//! tests/c/secrets.c calls the installed library, and wipes its own copies of the secret. Each test
//! then searches
//!
//! - all writable memory of the process, through /proc/PID/mem;
//! - a core file, whose notes contain the registers of each thread. `gcore` must be allowed to
//!   trace the process.
//!
//! `tests/wiping` searches freed memory before it is used again.

#![cfg(all(not(miri), target_arch = "x86_64"))]

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::c_compiler::{Language, Linkage, Program, compile};
use crate::support::install::{outcome, root};
use crate::support::mappings::{mappings, read, written};
use crate::support::safe_handle::mint;
use crate::support::secrets::{
    ACCOUNT_SID, AUTH_TOKEN, FORGED, ITSELF, LONG_AUTH_TOKEN, STATES, Search, WITHIN,
};
use crate::support::token::{HEADER, sign};

/// The operations of tests/c/secrets.c after which nothing may be left.
const OPERATIONS: [&str; 20] = [
    // A control: everything except calls of the library.
    "none",
    "unminted_free",
    "token_free",
    "access_free",
    "changed_free",
    "change_fails",
    "configure_replaced",
    "configure_cleared",
    "configure_fails",
    "new_fails",
    "new_access_fails",
    "mint",
    "mint_fails",
    "verify",
    "other_functions",
    "ended_threads",
    "living_threads",
    "parent_frees",
    "child_frees",
    "child_of_configure",
];

/// Those with failing calls.
const FAILING: [&str; 6] = [
    "change_fails",
    "configure_fails",
    "new_fails",
    "new_access_fails",
    "mint_fails",
    "verify",
];

const NOW: i64 = 1_400_000_000;

/// Tokens for cap_verify(), and their statuses.
fn verified(secret: &str) -> Vec<(String, i32)> {
    let signed = |payload: &str| sign(HEADER.as_bytes(), payload.as_bytes(), secret);
    vec![
        (signed(r#"{"exp":9999999999}"#), 0),
        (
            signed(r#"{"exp":1,"more":"than one block, of course, to hash"}"#),
            19,
        ),
        (signed(r#"{"exp":9999999999,"nbf":9999999999}"#), 20),
        (signed("{}"), 16),
        (signed("no JSON"), 16),
        (sign(br#"{"alg":"none"}"#, b"{}", secret), 17),
        (format!("{HEADER}.e30"), 16),
        (FORGED.to_str().expect("ASCII").to_owned(), 18),
    ]
}

/// Searches for everything that may be left of a secret after an operation.
fn search(secret: &CStr) -> Search {
    let text = secret.to_str().expect("ASCII");
    let sid = ACCOUNT_SID.to_str().expect("ASCII");
    let access = format!(r#"{{"account_sid":"{sid}","api_key_sid":"{sid}""#);
    let requests = [
        format!(r#"{{"account_sid":"{sid}","incoming":"Alice"}}"#),
        format!(r#"{access},"incoming":"Alice"}}"#),
        format!(
            r#"{access},"incoming":"Alice","client_name":"Bob","outgoing":{{
            "application_sid":"AP123123","params":[["Foo","Bar"]]}},"claims":{{"user":
            {{"id":[42]}}}},"not_before":1400000000,"region":"ie1","push_credential_sid":
            "CR123123","grants":{{"video":{{"room":"standup"}}}}}}"#
        ),
    ];
    let minted = requests.map(|request| mint(text, &request, NOW, 3600).expect("a token"));
    let verified = verified(text);
    let tokens = minted.iter().chain(verified.iter().map(|(token, _)| token));
    let tokens: Vec<&str> = tokens.map(String::as_str).collect();
    Search::new(secret, &tokens).with_forged(secret)
}

fn compiled(linkage: Linkage) -> Program {
    let source = root().join("tests/c/secrets.c");
    compile(&source, Language::C99, linkage, &["captoken"])
}

/// A program that waits after an operation.
struct Waiting {
    program: Child,
    /// The process to search.
    process: String,
}

impl Waiting {
    fn after(command: Command, operation: &str, secret: &CStr) -> Self {
        let waiting = Self::after_failure(command, operation, 0, secret);
        waiting.expect("a process to search")
    }

    /// Stops the operation after its first failing call, its second one ... `None` if it has
    /// fewer. 0 does not stop it.
    fn after_failure(
        mut command: Command,
        operation: &str,
        number: u32,
        secret: &CStr,
    ) -> Option<Self> {
        command.args([operation, &number.to_string()]);
        if operation == "verify" {
            for (token, status) in verified(secret.to_str().expect("ASCII")) {
                command.args([token, status.to_string()]);
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().expect("a program");
        let stdin = program.stdin.as_mut().expect("a pipe");
        let secret = [secret.to_bytes(), b"\n"].concat();
        stdin.write_all(&secret).expect("written");
        let mut process = String::new();
        let out = BufReader::new(program.stdout.as_mut().expect("a pipe")).read_line(&mut process);
        out.expect("a line");
        let process = process.trim_end().to_owned();
        assert!(!process.is_empty(), "{operation} has failed");
        let waiting = Self { program, process };
        if waiting.process == "0" {
            waiting.end();
            return None;
        }
        Some(waiting)
    }

    /// Ends the program.
    fn end(mut self) {
        drop(self.program.stdin.take());
        let status = self.program.wait().expect("an end");
        assert!(status.success(), "{status}");
    }

    /// The forms in writable memory, with the names of their mappings.
    fn find_in_memory(&self, search: &Search) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for mapping in mappings(&self.process) {
            if !mapping.is_writable {
                continue;
            }
            for part in written(&self.process, &mapping.addresses) {
                let names = search.names(&read(&self.process, &part));
                found.extend(
                    names
                        .into_iter()
                        .map(|name| format!("{name} in {}", mapping.name)),
                );
            }
        }
        found
    }

    /// The forms in a core file, and whether they are in registers.
    fn find_in_core(&self, search: &Search) -> BTreeSet<String> {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("core");
        let mut gcore = Command::new("gcore");
        gcore.arg("-o").arg(&prefix).arg(&self.process);
        let (code, out, err) = outcome(&mut gcore);
        assert_eq!(code, Some(0), "gcore must be allowed to trace: {out}{err}");
        let core = prefix.with_extension(&self.process);
        let bytes = fs::read(&core).expect("a core file");
        fs::remove_file(core).expect("removed");
        let notes = notes(&bytes);
        let place = |place| {
            if notes.contains(&place) {
                "registers"
            } else {
                "memory"
            }
        };
        let found = search.find(&bytes);
        found
            .map(|(at, name)| format!("{name} in {} of the core", place(at)))
            .collect()
    }
}

/// The bytes of a core file with the registers: its segment PT_NOTE (elf(5)).
fn notes(core: &[u8]) -> std::ops::Range<usize> {
    let number = |at: usize, size: usize| {
        let bytes = core[at..at + size].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let mut headers = (0..count).map(|i| table + i * size);
    let note = headers
        .find(|header| number(*header, 4) == 4)
        .expect("notes");
    let start = number(note + 8, 8);
    start..start + number(note + 32, 8)
}

/// Fails if an operation leaves a part of a secret.
fn assert_clean(
    operations: &[&str],
    secret: &CStr,
    command: impl Fn() -> Command,
    find: fn(&Waiting, &Search) -> BTreeSet<String>,
) {
    let search = search(secret);
    let mut left = Vec::new();
    for operation in operations {
        let waiting = Waiting::after(command(), operation, secret);
        let found = find(&waiting, &search);
        waiting.end();
        left.extend(named(operation, found));
    }
    assert!(left.is_empty(), "{left:#?}");
}

fn named(operation: &str, found: BTreeSet<String>) -> impl Iterator<Item = String> {
    let found = found.into_iter();
    found.map(move |found| format!("{operation}: {found}"))
}

fn find_everywhere(waiting: &Waiting, search: &Search) -> BTreeSet<String> {
    let mut found = waiting.find_in_memory(search);
    found.extend(waiting.find_in_core(search));
    found
}

#[test]
fn no_operation_leaves_a_secret() {
    for linkage in [Linkage::Shared, Linkage::Static] {
        let program = compiled(linkage);
        assert_clean(
            &OPERATIONS,
            AUTH_TOKEN,
            || program.command(),
            find_everywhere,
        );
    }
}

/// An operation ends with calls that overwrite what a failed one has left. This test stops the
/// program before them, so that the stack stays as it is.
#[test]
fn no_failing_call_leaves_a_secret() {
    let program = compiled(Linkage::Shared);
    let search = search(AUTH_TOKEN);
    let mut left = Vec::new();
    for operation in FAILING {
        let start =
            |number| Waiting::after_failure(program.command(), operation, number, AUTH_TOKEN);
        let stops = (1..).map_while(|number| Some((number, start(number)?)));
        let mut count = 0;
        for (number, waiting) in stops {
            let found = find_everywhere(&waiting, &search);
            waiting.end();
            left.extend(named(
                &format!("failing call {number} of {operation}"),
                found,
            ));
            count = number;
        }
        assert!(count > 0, "{operation}: no call fails");
    }
    assert!(left.is_empty(), "{left:#?}");
}

/// The library hashes it before it uses it as a key.
#[test]
fn no_operation_leaves_a_long_secret() {
    let program = compiled(Linkage::Shared);
    assert_clean(
        &OPERATIONS,
        LONG_AUTH_TOKEN,
        || program.command(),
        find_everywhere,
    );
}

/// Without SHA instructions, hashing uses memory differently. The memory of the emulator contains
/// that of the program, and its registers.
#[test]
fn no_operation_leaves_a_secret_without_sha() {
    let program = compiled(Linkage::Static);
    let command = || {
        let mut qemu = Command::new("qemu-x86_64");
        qemu.args(["-cpu", "Nehalem"]).arg(&program.path);
        qemu
    };
    assert_clean(&OPERATIONS, AUTH_TOKEN, command, Waiting::find_in_memory);
}

/// The other tests rely on this.
#[test]
fn search_finds_secrets_that_are_there() {
    let search = search(AUTH_TOKEN);
    let program = compiled(Linkage::Shared);
    let live = [STATES[0], STATES[1], WITHIN];
    let controls: [(&str, &[&str], &str); 5] = [
        ("live_handle", &live, "[heap]"),
        ("live_defaults", &STATES, "libcaptoken.so"),
        ("plant_static", &[ITSELF], "program-"),
        ("plant_heap", &[ITSELF], "[heap]"),
        ("plant_stack", &[ITSELF], "[stack]"),
    ];
    for (operation, forms, mapping) in controls {
        let waiting = Waiting::after(program.command(), operation, AUTH_TOKEN);
        let in_memory = waiting.find_in_memory(&search);
        let in_core = waiting.find_in_core(&search);
        waiting.end();
        for form in forms {
            let here = |found: &&String| found.starts_with(form) && found.contains(mapping);
            assert!(
                in_memory.iter().any(|found| here(&found)),
                "{form}: {in_memory:?}"
            );
            let expected = format!("{form} in memory of the core");
            assert!(in_core.contains(&expected), "{expected}: {in_core:?}");
        }
    }
}

/// The program plants the secret in a register that no function uses before the search.
#[test]
fn search_finds_a_secret_in_a_register() {
    let program = compiled(Linkage::Shared);
    let mut command = program.command();
    // Otherwise the dynamic linker copies registers to the stack.
    command.env("LD_BIND_NOW", "1");
    let waiting = Waiting::after(command, "plant_register", AUTH_TOKEN);
    let found = waiting.find_in_core(&search(AUTH_TOKEN));
    waiting.end();
    assert_eq!(
        found,
        BTreeSet::from([format!("{ITSELF} in registers of the core")])
    );
}
