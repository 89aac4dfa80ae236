#!/bin/sh
# lint.sh [CHECK...]
#
# Checks format, style and spelling: by default with every check below, which `make lint`
# does after it has installed the tools. The results depend on the versions of the tools, so
# `make test` does not run this.
#
# Continues after a failed check, and exits with 1 if one has failed.
set -u
unset CDPATH
cd "${0%/*}/.." || exit
# Without the list of files, some checks would pass.
git ls-files > /dev/null || exit

CARGO=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}

# files PATTERN...: the tracked files, for xargs -0.
files() {
    git ls-files -z -- "$@"
}

lint_rust() {
    "$CARGO" fmt --check &&
        "$CARGO" fmt --check --manifest-path benches/compare/rust/Cargo.toml &&
        "$CARGO" fmt --check --manifest-path fuzz/Cargo.toml &&
        "$CARGO" clippy --locked --workspace --all-targets -- -D warnings &&
        CARGO_TARGET_DIR=$target/fuzz \
            "$CARGO" clippy --locked --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings &&
        RUSTDOCFLAGS='-D warnings' \
            "$CARGO" doc --locked --workspace --no-deps --document-private-items
}

lint_c() {
    files 'examples-c/*.c' 'examples-c/*.h' tests/c benches/compare/c | xargs -0 clang-format --dry-run -Werror
}

# vet runs with both Go versions that the tests use. Debian's staticcheck needs Debian's Go.
# Run `make go-lib` first, because cgo reads the header.
lint_go() {
    (
        # Only here: lint_js chooses another folder.
        # shellcheck disable=SC2030
        export PATH="/usr/bin:$PATH"
        # shellcheck source=scripts/go-env.sh
        . scripts/go-env.sh
        mkdir -p "$target/lint" && target=$(cd "$target" && pwd) || exit
        GO111MODULE=off GOPATH=/usr/share/gocode \
            go build -o "$target/lint/staticcheck" honnef.co/go/tools/cmd/staticcheck || exit
        unformatted=$(gofmt -l go benches && "$target/go-current/go/bin/gofmt" -l go benches) || exit
        if [ -n "$unformatted" ]; then
            echo "gofmt would change: $unformatted" >&2
            exit 1
        fi
        cd go &&
            go vet ./... &&
            "$target/go-current/go/bin/go" vet ./... &&
            "$target/lint/staticcheck" ./...
    )
}

lint_php() {
    # phpcs reads a file without an extension only from standard input.
    (
        cd php &&
            phpcs &&
            phpcs --standard=phpcs.xml.dist ../benches ../tests &&
            phpcs --stdin-path=bin/captoken-doctor.php - < bin/captoken-doctor
    )
}

# `make lint` has installed eslint and prettier.
lint_js() {
    (
        # shellcheck source=scripts/node.sh
        . scripts/node.sh
        use_node "${CARGO_TARGET_DIR:-target}/node"
        cd demo &&
            node node_modules/eslint/bin/eslint.js . &&
            node node_modules/prettier/bin/prettier.cjs --log-level warn --check . '!**/*.md'
    )
}

lint_python() {
    files '*.py' | xargs -0 pyflakes3
}

lint_shell() {
    files '*.sh' .ci/run 'packaging/debian/*.postinst' 'packaging/debian/*.prerm' \
        'packaging/debian/*.postrm' | xargs -0 shellcheck
}

# groff prints only warnings.
lint_man() {
    warnings=$(files '*.1' | xargs -0 groff -man -ww -z 2>&1) && [ -z "$warnings" ] && return
    echo "$warnings" >&2
    return 1
}

lint_spelling() {
    files . | xargs -0 codespell
}

lint_prose() {
    python3 -B scripts/prose.py
}

[ $# -gt 0 ] || set -- rust c go php js python shell man spelling prose
failed=
for check; do
    echo "== $check"
    case $check in
        rust | c | go | php | js | python | shell | man | spelling | prose)
            "lint_$check" || failed="$failed $check"
            ;;
        *)
            echo 'usage: lint.sh [rust] [c] [go] [php] [js] [python] [shell] [man]' \
                '[spelling] [prose]' >&2
            exit 2
            ;;
    esac
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
