//! What README tells its readers to type.

use std::fs;
use std::path::Path;

/// The block of README in this language that starts so.
pub(crate) fn block(language: &str, start: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).expect("README");
    readme
        .split("```")
        .filter_map(|block| block.strip_prefix(language))
        .find(|block| block.starts_with(start))
        .unwrap_or_else(|| panic!("no block of {language} starts with {start}"))
        .to_owned()
}
