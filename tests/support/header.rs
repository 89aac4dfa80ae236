//! The functions that a header declares.

use std::collections::BTreeSet;
use std::fs;

use super::install::root;

pub(crate) fn text(header: &str) -> String {
    fs::read_to_string(root().join("include").join(header)).expect("a header")
}

/// The functions of a header. A declaration starts at the beginning of a line, and its name
/// ends at the first parenthesis.
pub(crate) fn declared(header: &str) -> BTreeSet<String> {
    in_order(header).into_iter().collect()
}

/// The same, in the order of the header.
pub(crate) fn in_order(header: &str) -> Vec<String> {
    text(header)
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once('('))
        .filter_map(|(before, _)| before.rsplit([' ', '*']).next())
        .map(str::to_owned)
        .collect()
}
