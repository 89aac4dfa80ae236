#!/bin/sh
# deny.sh [ADVISORIES]
#
# Checks the crates with cargo-deny, as deny.toml says: licences, sources, and two versions of
# one crate. ADVISORIES is a clone of https://github.com/rustsec/advisory-db: with it, also
# known vulnerabilities, in the crates of the benchmarks and fuzz targets too.
#
# Run `sh scripts/setup.sh deny` first.
set -eu
unset CDPATH
advisories=
[ -z "${1:-}" ] || advisories=$(cd "$1" && pwd)
cd "${0%/*}/.."

folder=${CARGO_TARGET_DIR:-target}/deny
PATH=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)/cargo-deny/bin:$PATH

# check MANIFEST --locked | --frozen CHECK...: --frozen does not fetch another database.
check() {
    manifest=$1
    network=$2
    shift 2
    cargo-deny --manifest-path "$manifest" --workspace "$network" --log-level error \
        --config "$folder/deny.toml" check --hide-inclusion-graph "$@"
}

rm -rf "$folder"
mkdir -p "$folder/databases"
folder=$(cd "$folder" && pwd)
{
    cat deny.toml
    printf '\n[advisories]\ndb-path = "%s/databases"\n' "$folder"
} > "$folder/deny.toml"

check Cargo.toml --locked licenses bans sources
others='benches/compare/rust/Cargo.toml fuzz/Cargo.toml'
for manifest in $others; do
    check "$manifest" --locked sources
done
if [ -z "$advisories" ]; then
    echo 'Vulnerabilities are not checked. Run: make deny ADVISORIES=FOLDER' \
        'with a clone of https://github.com/rustsec/advisory-db'
    exit
fi
# cargo-deny computes this name from the address of the database.
ln -s "$advisories" "$folder/databases/advisory-db-3157b0e258782691"
for manifest in Cargo.toml $others; do
    check "$manifest" --frozen advisories
done
