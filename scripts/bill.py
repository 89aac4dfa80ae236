"""bill.py [--licences] TARGET FOLDER: writes what the files of an archive of `make dist` contain.

captoken.cdx.json            the crates and libraries in them, as CycloneDX
THIRD-PARTY-LICENSES.txt     the licence texts of these, except for Rust's library
RUST-LIBRARY-LICENSES.html   those of Rust's library, as Rust ships them

TARGET is Rust's name of the target. With --licences, writes only the texts. Otherwise,
SOURCE_DATE_EPOCH is the time of the source. scripts/setup.sh has installed cyclonedx-python-lib and
zig into the target folder.
"""

import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import uuid

TOOLS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", "target"))
sys.path.insert(0, str(TOOLS / "cyclonedx"))

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

LICENCE_FILE = re.compile(r"(?i)(licen[cs]e|copying|copyright|notice|unlicense)([-._].*)?")


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def linked_crates(target):
    """Returns cargo's descriptions of the crates in the library and the program, by identity."""
    # cargo metadata would also enable features that only the tests need.
    tree = run(
        "cargo", "tree", "--locked", "--workspace", "--target", target, "--edges", "normal",
        "--prefix", "none", "--format", "{p}",
    )
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    metadata = json.loads(
        run("cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", target)
    )
    crates = {
        package["id"]: package
        for package in metadata["packages"]
        if (package["name"], "v" + package["version"]) in linked
    }
    if len(crates) != len(linked):
        sys.exit(f"cargo metadata knows {len(crates)} of {len(linked)} crates")
    needs = {
        node["id"]: [
            dependency["pkg"]
            for dependency in node["deps"]
            if dependency["pkg"] in crates and any(k["kind"] is None for k in dependency["dep_kinds"])
        ]
        for node in metadata["resolve"]["nodes"]
        if node["id"] in crates
    }
    return crates, needs


def other_libraries(target):
    """Returns what else is linked: name, version, licence and file of the licence."""
    sysroot = pathlib.Path(run("rustc", "--print", "sysroot").strip())
    zig = TOOLS / "zig/ziglang/zig"
    found = [
        ("rust-std", run("rustc", "--version").split()[1], "MIT OR Apache-2.0",
         sysroot / "share/doc/rust/COPYRIGHT-library.html"),
        ("llvm-libunwind", f"zig-{run(zig, 'version').strip()}",
         "Apache-2.0 WITH LLVM-exception", zig.parent / "lib/libunwind/LICENSE.TXT"),
    ]
    if target.endswith("-musl"):
        found.append(("musl", found[1][1], "MIT", zig.parent / "lib/libc/musl/COPYRIGHT"))
    return found


def licence_texts(crate):
    """Returns the texts in the crate's package, or the text of the licence that it names."""
    folder = pathlib.Path(crate["manifest_path"]).parent
    texts = [
        path.read_text(encoding="utf-8").strip()
        for path in sorted(folder.iterdir())
        if LICENCE_FILE.fullmatch(path.name)
    ]
    if texts:
        return texts
    if crate["license"] != "MIT":
        sys.exit(f"{crate['name']} has no licence file. Add its licence to bill.py.")
    mit = pathlib.Path("LICENSE-MIT").read_text(encoding="utf-8")
    permission = mit[mit.index("Permission is hereby granted"):].strip()
    authors = ", ".join(crate["authors"]) or f"the authors of {crate['repository']}"
    return [f"Copyright (c) {authors}\n\n{permission}"]


def write_licences(crates, others, folder):
    """Writes each text once, below the names of those that it is for."""
    users = collections.defaultdict(list)
    for crate in crates:
        for text in licence_texts(crate):
            users[text].append(f"{crate['name']} {crate['version']} ({crate['license']})")
    for name, version, licence, file in others:
        if file.suffix == ".html":
            shutil.copyfile(file, folder / "RUST-LIBRARY-LICENSES.html")
            continue
        users[file.read_text(encoding="utf-8").strip()].append(f"{name} {version} ({licence})")
    with open(folder / "THIRD-PARTY-LICENSES.txt", "w", encoding="utf-8") as out:
        out.write("The library and the program contain code under these licences.\n")
        for text, names in sorted(users.items(), key=lambda item: sorted(item[1])):
            out.write(f"\n{'=' * 80}\n")
            out.write("".join(f"{name}\n" for name in sorted(names)))
            out.write(f"{'-' * 80}\n\n{text}\n")


def component(name, version, licence, purl, digest=None, url=None, kind=ComponentType.LIBRARY):
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=str(purl),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)] if digest else [],
        external_references=[
            ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(url))
        ] if url else [],
    )


def write_bill(crates, needs, others, target, folder):
    lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text(encoding="utf-8"))
    digests = {(p["name"], p["version"]): p.get("checksum") for p in lock["package"]}
    components = {
        identity: component(
            crate["name"], crate["version"], crate["license"],
            PackageURL("cargo", None, crate["name"], crate["version"]),
            digests[crate["name"], crate["version"]], crate["repository"],
        )
        for identity, crate in crates.items()
    }
    native = [
        component(name, version, licence, PackageURL("generic", None, name, version))
        for name, version, licence, _ in others
    ]
    ours = [components[identity] for identity in crates if crates[identity]["source"] is None]
    version = ours[0].version
    archive = component(
        "captoken", version, "MIT OR Apache-2.0",
        PackageURL("generic", None, "captoken", version, {"target": target}),
        kind=ComponentType.LIBRARY,
    )
    bom = Bom(components=[*components.values(), *native])
    bom.metadata.component = archive
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(
        int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc
    )
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, f"{archive.purl}#{bom.metadata.timestamp}")
    bom.register_dependency(archive, ours)
    for identity, targets in needs.items():
        bom.register_dependency(components[identity], [components[target] for target in targets])
    for each in ours:
        bom.register_dependency(each, native)
    JsonV1Dot6(bom).output_to_file(
        str(folder / "captoken.cdx.json"), allow_overwrite=True, indent=2
    )


def main(*arguments):
    target, folder = arguments[-2], pathlib.Path(arguments[-1])
    crates, needs = linked_crates(target)
    others = other_libraries(target)
    theirs = [crate for crate in crates.values() if crate["source"] is not None]
    write_licences(theirs, others, folder)
    if arguments[0] != "--licences":
        write_bill(crates, needs, others, target, folder)


main(*sys.argv[1:])
