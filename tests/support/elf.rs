//! readelf, and the protections in ELF files that it shows.

use std::path::Path;
use std::process::Command;

use super::install::run;

/// The output of readelf, in English.
pub(crate) fn readelf(option: &str, file: &Path) -> String {
    run(Command::new("readelf")
        .args(["--wide", option])
        .arg(file)
        .env("LC_ALL", "C"))
}

/// The protections that a program or shared library lacks.
pub(crate) fn weaknesses(file: &Path) -> Vec<&'static str> {
    let segments = readelf("--program-headers", file);
    // Type, four numbers and an address, flags such as `R E`, alignment.
    let segments: Vec<(&str, String)> = segments
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 7 && fields[1].starts_with("0x"))
        .map(|fields| (fields[0], fields[6..fields.len() - 1].concat()))
        .collect();
    let flags = |kind: &'static str| {
        let segments = segments.iter().filter(move |(name, _)| *name == kind);
        segments.map(|(_, flags)| flags.as_str())
    };
    assert!(flags("LOAD").any(|flags| flags == "RE"), "{segments:?}");

    let dynamic = readelf("--dynamic", file);
    let tags: Vec<&str> = dynamic
        .lines()
        .filter_map(|line| line.split_once('(')?.1.split_once(')'))
        .map(|(tag, _)| tag)
        .collect();
    assert!(tags.contains(&"NEEDED"), "{dynamic}");

    let mut weaknesses = Vec::new();
    let mut require = |is_met: bool, weakness| {
        if !is_met {
            weaknesses.push(weakness);
        }
    };
    require(flags("GNU_RELRO").count() == 1, "no RELRO");
    require(
        dynamic.contains(" NOW"),
        "lazy binding, so the table of addresses stays writable",
    );
    // Without this segment, the kernel makes the stack executable.
    require(flags("GNU_STACK").eq(["RW"]), "executable stack");
    require(!dynamic.contains("TEXTREL"), "text relocations");
    require(
        !segments.iter().any(|(_, flags)| flags.contains("WE")),
        "a segment is writable and executable",
    );
    require(
        !tags.contains(&"RPATH") && !tags.contains(&"RUNPATH"),
        "a search path for libraries",
    );
    weaknesses
}

/// The shared libraries that a file needs.
pub(crate) fn needed(file: &Path) -> Vec<String> {
    let dynamic = readelf("--dynamic", file);
    dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split_once('[')?.1.strip_suffix(']'))
        .map(str::to_owned)
        .collect()
}

/// The shared libraries that a file needs, except those of the C library and of gcc.
pub(crate) fn needed_beyond_libc(file: &Path) -> Vec<String> {
    let mut needed = needed(file);
    assert!(needed.iter().any(|name| name == "libc.so.6"), "{needed:?}");
    let libc = ["libc.so.6", "libm.so.6", "libgcc_s.so.1"];
    needed.retain(|name| !name.starts_with("ld-linux-") && !libc.contains(&name.as_str()));
    needed
}
