//! Minting takes no more instructions than before. Unlike times, the counts are the same in
//! each run, so that they show small regressions.
//!
//! tests/data/instructions.json has the counts of a release build under valgrind, whose CPU
//! has AVX2 but no SHA instructions, and the compiler that built it. `BLESS=1` rewrites it.

#![cfg(not(miri))]

use std::collections::BTreeMap;
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};

use crate::support::c_compiler::{Language, Linkage, compile};
use crate::support::install::{root, run};

/// The allowed growth of a count, in percent, with the same compiler and with another one.
/// Rust 1.85 needs 10 % more instructions than 1.95.
const TOLERANCE: [u64; 2] = [5, 20];

type Counts = BTreeMap<String, u64>;

#[test]
fn instruction_counts_do_not_grow() {
    let found = counts();
    let rustc = run(Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("--version"));
    let file = root().join("tests/data/instructions.json");
    if env::var_os("BLESS").is_some() {
        let json = json!({"rustc": rustc.trim_end(), "counts": found});
        let json = serde_json::to_string_pretty(&json).expect("JSON");
        return fs::write(file, json + "\n").expect("written");
    }
    let kept = fs::read_to_string(file).expect("the counts");
    let kept: Value = serde_json::from_str(&kept).expect("the counts");
    let [same, other] = TOLERANCE;
    let tolerance = if kept["rustc"] == rustc.trim_end() {
        same
    } else {
        other
    };
    let kept: Counts = serde_json::from_value(kept["counts"].clone()).expect("the counts");
    assert!(found.keys().eq(kept.keys()), "{found:?}");
    for (what, count) in &found {
        assert!(
            count * 100 <= kept[what] * (100 + tolerance),
            "{what}: {count} instructions, {} before; to accept this, run \
             BLESS=1 cargo test --test it instructions::",
            kept[what]
        );
    }
}

/// Two counts for each workload, with and without the hash. The hash takes most of the
/// instructions and would hide growth elsewhere.
fn counts() -> Counts {
    let source = root().join("tests/c/instructions.c");
    let program = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    let (mut callgrind, folder) = program.callgrind("instructions", &["full_cycle", "again"]);
    run(&mut callgrind);

    // The last of three calls of each.
    let dumps = [("full cycle", "count.3"), ("again", "count.6")];
    let counts = dumps.map(|(what, dump)| {
        let table = run(Command::new("callgrind_annotate")
            .args(["--threshold=100", "--auto=no"])
            .arg(folder.join(dump)));
        let all = instructions(&table, &["PROGRAM TOTALS"]);
        let hash = instructions(&table, &["sha2::sha256::compress256"]);
        // Otherwise the hash function has another name.
        assert!(hash > all / 2, "{table}");
        [
            (what.to_owned(), all),
            (format!("{what} without the hash"), all - hash),
        ]
    });
    counts.into_iter().flatten().collect()
}

/// The instructions of all functions whose names contain one of these strings.
fn instructions(table: &str, functions: &[&str]) -> u64 {
    let counts = table.lines().filter_map(|line| {
        // 1,234 (56.7%)  file:function [object]
        let (count, function) = line.split_once('(')?;
        let is_counted = functions.iter().any(|name| function.contains(name));
        let count = count.trim().replace(',', "");
        is_counted.then(|| count.parse::<u64>().expect("a count"))
    });
    counts.sum()
}
