//go:build linux && amd64 && musl && !captoken_pkgconfig

package captoken

// As in link_linux_amd64.go. The archive contains an unwinder, because musl-gcc has none. For a
// program that runs on any Linux, add -ldflags '-extldflags "-static -Wl,--eh-frame-hdr"'.

/*
#cgo LDFLAGS: ${SRCDIR}/libcaptoken_linux_amd64_musl.a -lpthread -ldl -lm

#if __has_include("libcaptoken_linux_amd64_musl.a") && __has_include("captoken.h")
#include "captoken.h"
#endif

#ifdef CAPTOKEN_ARCHIVE_linux_amd64_musl
__attribute__((used)) static const char captoken_archive[] = CAPTOKEN_ARCHIVE_linux_amd64_musl;
#elif __has_include("captoken.h")
#error "libcaptoken_linux_amd64_musl.a is missing in the folder of the Go package, or captoken.h is not \
its header. Run `make go-lib` in captoken's repository, which writes both; or install captoken and \
build with `-tags captoken_pkgconfig`."
#endif
*/
import "C"
