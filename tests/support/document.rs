//! Reads code blocks, tables and links from the documents of the repository.

#![allow(dead_code, reason = "not every program uses all of it")]

use std::fs;
use std::path::{Path, PathBuf};

use super::install::root;

pub(crate) struct Document {
    path: PathBuf,
    text: String,
}

/// A block of code.
pub(crate) struct Block<'a> {
    pub(crate) language: &'a str,
    pub(crate) text: String,
}

/// A link in a document.
pub(crate) struct Link<'a> {
    /// The target as written.
    pub(crate) text: &'a str,
    /// The file or folder; None for an external link.
    pub(crate) path: Option<PathBuf>,
    /// The heading in that file.
    pub(crate) anchor: Option<&'a str>,
}

/// The cells of each row; the head is the first row.
pub(crate) type Table<'a> = Vec<Vec<&'a str>>;

impl Document {
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path);
        Self {
            path: path.to_owned(),
            text: text.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    }

    /// The only block in a language that starts with `start`.
    pub(crate) fn block(&self, language: &str, start: &str) -> String {
        let mut blocks = self.blocks();
        blocks.retain(|block| block.language == language && block.text.starts_with(start));
        let [block] = blocks.as_slice() else {
            let path = self.path.display();
            panic!(
                "{path}: {} blocks of {language} start with {start:?}",
                blocks.len()
            );
        };
        block.text.clone()
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
                // This parser does not know indented fences or tildes.
                let fence = ["```", "~~~"].iter().any(|fence| line.contains(fence));
                assert!(!fence, "unsupported fence: {line}");
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
        let start = format!("\n## {heading}\n");
        let (_, section) = self
            .text
            .split_once(&start)
            .unwrap_or_else(|| panic!("no heading {heading}"));
        tables(section.split("\n#").next().expect("a section"))
    }

    pub(crate) fn tables(&self) -> Vec<Table<'_>> {
        tables(&self.text)
    }

    /// The lines outside code blocks.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut inside = false;
        self.text.lines().filter(move |line| {
            let is_fence = line.starts_with("```");
            inside ^= is_fence;
            !inside && !is_fence
        })
    }

    pub(crate) fn links(&self) -> Vec<Link<'_>> {
        let folder = self.path.parent().expect("a folder");
        let starts = self.prose().flat_map(|line| line.split("](").skip(1));
        starts
            .map(|start| {
                let (text, _) = start.split_once(')').expect("the end of a link");
                let (path, anchor) = match text.split_once('#') {
                    Some((path, anchor)) => (path, Some(anchor)),
                    None => (text, None),
                };
                let path = if text.contains("://") {
                    None
                } else if path.is_empty() {
                    Some(self.path.clone())
                } else {
                    Some(folder.join(path))
                };
                Link { text, path, anchor }
            })
            .collect()
    }

    /// The anchors that GitHub gives the headings.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings
            .map(|heading| {
                let heading = heading.trim_start_matches('#').trim().to_lowercase();
                let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
                heading.chars().filter(kept).collect::<String>()
            })
            .map(|heading| heading.replace(' ', "-"))
            .collect()
    }
}

/// A document by its path in the repository, such as `docs/c.md`.
pub(crate) fn document(name: &str) -> Document {
    Document::read(&root().join(name))
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

/// The code spans of a cell.
pub(crate) fn spans(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// The code spans of a column, in the order of the rows.
pub(crate) fn column<'a>(table: &Table<'a>, number: usize) -> Vec<&'a str> {
    let cells = table.iter().skip(1).filter_map(|row| row.get(number));
    cells.flat_map(|cell| spans(cell)).collect()
}
