#!/bin/sh
# demo.sh run [ARGUMENT...]
# demo.sh test [NAME...]
#
# Builds the token servers for the browser phone of demo/, after setup.sh and `make stage go-lib`.
# Then starts it with the arguments of demo/start.js, or runs its tests: demo/tests/NAME.test.js, by
# default all.
set -eu
unset CDPATH
cd "${0%/*}/.."
# shellcheck source=scripts/node.sh
. scripts/node.sh

command=$1
shift
target=${CARGO_TARGET_DIR:-target}
target=$(cd "$target" && pwd)
stage=$target/stage/usr
built=$target/demo
library=$(echo "$stage"/lib/libcaptoken.so.[0-9])

mkdir -p "$built"
# Compilers do not receive the secrets of `make demo-live`.
builder() {
    env -u TWILIO_AUTH_TOKEN -u TWILIO_API_KEY_SECRET "$@"
}
# CC and CFLAGS may have options.
# shellcheck disable=SC2086
builder ${CC:-cc} -std=c99 -O2 ${CFLAGS:-} -I"$stage/include" examples-c/token_server.c \
    examples-c/server/*.c -L"$stage/lib" -lcaptoken -lmicrohttpd -lpthread -o "$built/token_server"
(
    # shellcheck source=scripts/go-env.sh
    . scripts/go-env.sh
    cd go && builder go build -o "$built/tokenserver" ./examples/tokenserver
)

use_node "$target/node"
case $command in
    run)
        exec node demo/start.js --built "$built" --library "$library" \
            --certificate "$built/certificate.json" "$@"
        ;;
    test)
        if [ $# -eq 0 ]; then
            set -- demo/tests/*.test.js
        else
            for name; do
                set -- "$@" "demo/tests/$name.test.js"
                shift
            done
        fi
        export DEMO_BUILT="$built" DEMO_LIBRARY="$library"
        exec node --test --test-reporter=spec --test-concurrency=2 --test-timeout=120000 "$@"
        ;;
esac
