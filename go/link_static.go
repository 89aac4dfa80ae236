//go:build !captoken_pkgconfig

package captoken

// SRCDIR is the package's folder, so a vendored copy uses its copy of the archive. Rust
// needs libgcc; linked statically, the program also runs without libgcc_s.so.1. gcc brings
// libgcc_eh by itself; zig cc brings its own unwinder in its place.

// #cgo CFLAGS: -DCAPTOKEN_STATIC
// #cgo LDFLAGS: ${SRCDIR}/libcaptoken.a -lpthread -ldl -lm -static-libgcc -lgcc_eh
import "C"
