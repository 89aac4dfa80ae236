//go:build !captoken_pkgconfig

package captoken

// The path is that of the package's folder, wherever the program is built: a vendored
// copy brings the archive along. What Rust needs of libgcc comes into the program, too,
// which then runs where there is no libgcc_s.so.1.

// #cgo CFLAGS: -DCAPTOKEN_STATIC
// #cgo LDFLAGS: ${SRCDIR}/libcaptoken.a -lpthread -ldl -lm -static-libgcc
import "C"
