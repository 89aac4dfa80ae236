"""Which versions of crates are built."""

import build

PEERS = build.SOURCES / "rust"


def tree(folder, *options):
    """Crates with their versions, by name."""
    lines = build.run(
        build.CARGO, "tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", *options,
        folder=folder,
    ).splitlines()
    return dict(line.split()[:2] for line in lines if line)


def names(folder, *crates):
    found = tree(folder, "--depth", "1")
    return ", ".join(f"{crate} {found[crate].removeprefix('v')}" for crate in crates)


def compare():
    """Ours from Rust has a lock file of its own, and must be what ours from C is. (Peers may
    ask a crate for features that bring more crates.)"""
    differing = tree(build.ROOT, "--locked").items() - tree(PEERS, "--package", "captoken").items()
    if differing:
        raise SystemExit(
            f"{PEERS}/Cargo.lock lacks crates of {build.ROOT}/Cargo.lock: {sorted(differing)}. "
            "Run there: cargo update CRATE --precise VERSION"
        )
