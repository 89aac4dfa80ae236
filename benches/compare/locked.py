"""The versions of the crates that are built."""

import build

PEERS = build.SOURCES / "rust"


def tree(folder, *options):
    """The versions of crates, by name."""
    lines = build.run(
        build.CARGO, "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", *options,
        folder=folder,
    ).splitlines()
    return dict(line.split()[:2] for line in lines if line)


def names(folder, *crates):
    found = tree(folder, "--depth", "1")
    return ", ".join(f"{crate} {found[crate].removeprefix('v')}" for crate in crates)


def compare():
    """Fails if captoken is built with other crates from Rust than from C. The two lock files
    differ. Crates that only the peers need are allowed."""
    differing = tree(build.ROOT, "--locked").items() - tree(PEERS, "--package", "captoken").items()
    if differing:
        raise SystemExit(
            f"{PEERS}/Cargo.lock lacks crates of {build.ROOT}/Cargo.lock: {sorted(differing)}. "
            "Run there: cargo update CRATE --precise VERSION"
        )
