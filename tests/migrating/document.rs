//! docs/migrating.md: its blocks of code, its tables and its links.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Document {
    folder: PathBuf,
    text: String,
}

/// A block of code.
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) text: String,
}

/// The rows of a table, its head first, and the cells of each.
pub(crate) type Table<'a> = Vec<Vec<&'a str>>;

impl Document {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path);
        Self {
            folder: path.parent().expect("a folder").to_owned(),
            text: text.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    pub(crate) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block<'_>> = Vec::new();
        let mut inside = false;
        for line in self.text.lines() {
            if let Some(language) = line.strip_prefix("```") {
                inside = !inside;
                if inside {
                    let text = String::new();
                    blocks.push(Block { language, text });
                }
            } else {
                // An indented fence, or another kind of one, would be overlooked.
                let fence = ["```", "~~~"].iter().any(|fence| line.contains(fence));
                assert!(!fence, "a fence that this does not read: {line}");
                if inside {
                    let block = blocks.last_mut().expect("a block");
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
        }
        assert!(!inside, "the last block has no end");
        blocks
    }

    /// The tables below a heading, up to the next one.
    pub(crate) fn tables_below(&self, heading: &str) -> Vec<Table<'_>> {
        let start = format!("\n### {heading}\n");
        let (_, section) = self
            .text
            .split_once(&start)
            .unwrap_or_else(|| panic!("no heading {heading}"));
        tables(section.split("\n#").next().expect("a section"))
    }

    pub(crate) fn tables(&self) -> Vec<Table<'_>> {
        tables(&self.text)
    }

    /// The links, each with the text of the file it leads to, and with the place there.
    pub(crate) fn links(&self) -> Vec<(&str, Option<String>, Option<&str>)> {
        let starts = self.text.split("](").skip(1);
        starts
            .map(|start| {
                let (link, _) = start.split_once(')').expect("the end of a link");
                let (path, place) = match link.split_once('#') {
                    Some((path, place)) => (path, Some(place)),
                    None => (link, None),
                };
                let target = if path.is_empty() {
                    Some(self.text.clone())
                } else {
                    fs::read_to_string(self.folder.join(path)).ok()
                };
                (link, target, place)
            })
            .collect()
    }
}

fn tables(text: &str) -> Vec<Table<'_>> {
    let mut tables: Vec<Table<'_>> = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if let Some(row) = line.strip_prefix("| ") {
            let row = row.strip_suffix(" |").expect("the end of a row");
            if !before.starts_with('|') {
                tables.push(Vec::new());
            }
            let table = tables.last_mut().expect("a table");
            if !row.starts_with("---") {
                table.push(row.split(" | ").collect());
            }
        }
        before = line;
    }
    for table in &tables {
        let [head, rows @ ..] = table.as_slice() else {
            panic!("a table without a head");
        };
        assert!(!rows.is_empty(), "{head:?}");
        for row in rows {
            assert_eq!(row.len(), head.len(), "{row:?}");
        }
    }
    tables
}

/// What is code in a cell.
pub(crate) fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The code in a column, in the order of the rows.
pub(crate) fn column<'a>(table: &Table<'a>, number: usize) -> Vec<&'a str> {
    let cells = table.iter().skip(1).map(|row| row[number]);
    cells.flat_map(spans).collect()
}

/// The name by which GitHub's links call a heading.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            heading.chars().filter(kept).collect::<String>()
        })
        .map(|heading| heading.replace(' ', "-"))
        .collect()
}
