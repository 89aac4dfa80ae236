//go:build !captoken_pkgconfig

package captoken

// On macOS, make does not run, and the user copies both files here. Rust's archive exports its
// runtime too, and needs only libSystem, which clang links.
//
// Go does not watch the archive, and this captoken.h has no checksum of it: after a new archive,
// build with -a.

/*
#cgo LDFLAGS: ${SRCDIR}/libcaptoken.a

#if !__has_include("libcaptoken.a") || !__has_include("captoken.h")
#error "libcaptoken.a or captoken.h is missing in the folder of the Go package. In captoken's \
repository, run `cargo build --release`, then copy target/release/libcaptoken.a and \
include/captoken.h to the folder."
#endif
*/
import "C"
