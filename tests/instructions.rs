//! How many instructions a token takes: unlike time, the same at each run, so that it
//! shows when the library slowly becomes slower.
//!
//! The counts of an optimised build, on the CPU that valgrind shows (it has AVX2 and no
//! SHA instructions), are kept in tests/data/instructions.json;
//! `BLESS=1` writes it anew.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[path = "support/native.rs"]
mod native;
#[path = "support/program.rs"]
mod program;

use native::{root, run, stage};
use program::{Language, Linkage, compile};

/// By how much a count may grow, in percent.
const TOLERANCE: u64 = 5;

type Counts = BTreeMap<String, u64>;

#[test]
fn a_token_takes_no_more_instructions_than_it_did() {
    let found = counts();
    let file = root().join("tests/data/instructions.json");
    if env::var_os("BLESS").is_some() {
        let json = serde_json::to_string_pretty(&found).expect("JSON");
        return fs::write(file, json + "\n").expect("written");
    }
    let kept = fs::read_to_string(file).expect("the counts");
    let kept: Counts = serde_json::from_str(&kept).expect("the counts");
    assert!(found.keys().eq(kept.keys()), "{found:?}");
    for (what, count) in &found {
        assert!(
            count * 100 <= kept[what] * (100 + TOLERANCE),
            "{what}: {count} instructions, {} before; if that is as it should be: \
             BLESS=1 cargo test --test instructions",
            kept[what]
        );
    }
}

/// A count of each, with what the hash takes and without: most of it is the hash, in
/// which growth elsewhere would be lost.
fn counts() -> Counts {
    let source = root().join("tests/c/instructions.c");
    let program = compile(&source, Language::C99, Linkage::Shared, &["captoken"]);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("instructions");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).expect("a folder");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--collect-atstart=no"]);
    valgrind.arg("--callgrind-out-file=count");
    for function in ["full_cycle", "again"] {
        for option in ["toggle-collect", "zero-before", "dump-after"] {
            valgrind.arg(format!("--{option}={function}"));
        }
    }
    // Found now, and not at the first call of each function.
    let valgrind = valgrind
        .env("LD_BIND_NOW", "1")
        .env("LD_LIBRARY_PATH", stage().join("lib"))
        .arg(&program.path)
        .current_dir(&folder);
    run(valgrind);

    // The last of three calls of each.
    let dumps = [("S1", "count.3"), ("S3", "count.6")];
    let counts = dumps.map(|(what, dump)| {
        let table = run(Command::new("callgrind_annotate")
            .args(["--threshold=100", "--auto=no"])
            .arg(folder.join(dump)));
        let all = instructions(&table, &["PROGRAM TOTALS"]);
        let hash = instructions(&table, &["sha2::sha256::compress256"]);
        // Else it is not the hash that was found.
        assert!(hash > all / 2, "{table}");
        [
            (what.to_owned(), all),
            (format!("{what} without the hash"), all - hash),
        ]
    });
    counts.into_iter().flatten().collect()
}

/// Those of the functions whose names contain one of these.
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
