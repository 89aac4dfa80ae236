//go:build !musl && !captoken_pkgconfig

package captoken

// SRCDIR is the package's folder, so a vendored copy uses its copy of the archive. Rust
// needs libgcc; linked statically, the program also runs without libgcc_s.so.1. gcc brings
// libgcc_eh by itself; zig cc brings its own unwinder in its place.
//
// Go relinks a program if the constant changes, which is the archive's checksum. It does not
// watch the archive. An installed captoken.h has no checksum: it may not match the archive.

/*
#cgo LDFLAGS: ${SRCDIR}/libcaptoken_linux_amd64.a -lpthread -ldl -lm -static-libgcc -lgcc_eh

#if __has_include("libcaptoken_linux_amd64.a") && __has_include("captoken.h")
#include "captoken.h"
#endif

#ifdef CAPTOKEN_ARCHIVE_linux_amd64
__attribute__((used)) static const char captoken_archive[] = CAPTOKEN_ARCHIVE_linux_amd64;
#elif __has_include("captoken.h")
#error "libcaptoken_linux_amd64.a is missing in the folder of the Go package, or captoken.h is not \
its header. Run `make go-lib` in captoken's repository, which writes both; or install captoken and \
build with `-tags captoken_pkgconfig`."
#endif
*/
import "C"
