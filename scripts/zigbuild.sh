#!/bin/sh
# zigbuild.sh ARGUMENT...
#
# cargo for dist.sh: builds for $ZIG_TARGET with cargo-zigbuild, which links with zig.
case ${1-} in
    build)
        shift
        exec "$ZIGBUILD" zigbuild --target "$ZIG_TARGET" "$@"
        ;;
    *) exec cargo "$@" ;;
esac
