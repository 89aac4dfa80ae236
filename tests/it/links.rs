//! Every link between the documents leads to an existing file and heading.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::document::Document;

/// The allowed prefixes of external links. No test opens them.
const EXTERNAL: [&str; 9] = [
    "https://console.twilio.com",
    "https://github.com/danielberkompas/ex_twilio/pull/67",
    "https://github.com/php/php-src/",
    "https://github.com/rustsec/advisory-db",
    "https://keepachangelog.com/",
    "https://rustup.rs",
    "https://semver.org/",
    "https://www.twilio.com/docs/",
    "https://www.twilio.com/en-us/voice/pricing/us",
];

/// The Markdown files below a folder, except for those of tools and dependencies.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_symlink() || name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if !["target", "node_modules", "vendor"].contains(&&*name) {
                found.extend(documents(&path));
            }
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn links_lead_to_files_and_headings() {
    let documents = documents(root());
    assert!(documents.len() >= 15, "{documents:?}");
    let mut followed = 0;
    for path in &documents {
        let document = Document::read(path);
        for link in document.links() {
            let place = format!("{}: {}", path.display(), link.text);
            let Some(target) = link.path else {
                let known = EXTERNAL.iter().any(|start| link.text.starts_with(start));
                assert!(known, "{place} is not in EXTERNAL");
                continue;
            };
            assert!(target.exists(), "{place} leads nowhere");
            if let Some(anchor) = link.anchor {
                let anchors = Document::read(&target).anchors();
                let same = anchors.iter().filter(|other| *other == anchor);
                assert_eq!(same.count(), 1, "{place} leads to no heading");
            }
            followed += 1;
        }
    }
    assert!(followed > 80, "{followed}");
}

#[test]
fn readme_links_to_every_document() {
    let readme = Document::read(&root().join("README.md"));
    let links: BTreeSet<&str> = readme.links().iter().map(|link| link.text).collect();
    for entry in fs::read_dir(root().join("docs")).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let link = format!("docs/{}", name.to_string_lossy());
        assert!(
            links.contains(link.as_str()),
            "README does not link to {link}"
        );
    }
    for name in [
        "BENCHMARKS.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        assert!(links.contains(name), "README does not link to {name}");
    }
}

/// README covers what every reader needs; each guide covers one subject.
#[test]
fn documents_stay_short() {
    let lines = |path: &Path| fs::read_to_string(path).expect("text").lines().count();
    assert!(lines(&root().join("README.md")) <= 200);
    for path in documents(&root().join("docs")) {
        assert!(lines(&path) <= 250, "{}", path.display());
    }
}
