//go:build !captoken_pkgconfig

package captoken

// make does not run on macOS, so the user copies captoken.h and the archive here. The archive needs
// only libSystem, which clang links. It is cargo's, so it also exports Rust's runtime.
//
// Go does not watch the archive, and this captoken.h has no checksum of it. After a change of the
// archive, users build with -a.

/*
#cgo LDFLAGS: ${SRCDIR}/libcaptoken.a

#if __has_include("captoken.h") && !__has_include("libcaptoken.a")
#error "libcaptoken.a is missing in the folder of the Go package. Run `cargo build --release` in \
captoken's repository, and copy target/release/libcaptoken.a there."
#endif
*/
import "C"
