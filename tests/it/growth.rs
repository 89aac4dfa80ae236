//! The time of every function grows hardly faster than its input. Otherwise a user who
//! chooses the input could keep a server busy. Counts instructions, as `instructions` does.

#![cfg(not(miri))]

use std::fs;
use std::path::Path;

use crate::support::c_compiler::{Language, Linkage, compile};
use crate::support::install::{root, run};

const SMALL: u64 = 1_000;

/// The allowed growth, relative to that of the input. If n grows 10 times, n log n grows 13.3
/// times, and n squared 100 times.
const GROWTH: f64 = 1.5;

#[test]
fn time_grows_hardly_faster_than_the_input() {
    let program = compile(
        &root().join("tests/c/growth.c"),
        Language::C99,
        Linkage::Shared,
        &["captoken"],
    );
    let (mut callgrind, folder) = program.callgrind("growth", &["measured"]);
    let out = run(callgrind.args([SMALL, 10 * SMALL].map(|size| size.to_string())));

    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 16, "{out}");
    for (index, workload) in lines.chunks(2).enumerate() {
        let [small, large] = [0, 1].map(|size| {
            let (_, length) = workload[size].rsplit_once(':').expect("a length");
            let length: f64 = length.parse().expect("a number");
            instructions(&folder, 2 * index + size + 1) / length
        });
        assert!(
            large <= small * GROWTH,
            "{workload:?}: {small} and {large} instructions per byte"
        );
    }
}

/// The instructions in one dump of callgrind.
fn instructions(folder: &Path, dump: usize) -> f64 {
    let dump = fs::read_to_string(folder.join(format!("count.{dump}"))).expect("a dump");
    let total = dump.lines().find_map(|line| line.strip_prefix("totals: "));
    total.expect("a total").parse().expect("a number")
}
