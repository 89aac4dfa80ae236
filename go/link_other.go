//go:build !(linux && (amd64 || arm64)) && !darwin && !captoken_pkgconfig

package captoken

// As in link_linux_amd64.go.

/*
#cgo LDFLAGS: ${SRCDIR}/libcaptoken.a -lpthread -ldl -lm -static-libgcc -lgcc_eh

#if __has_include("libcaptoken.a") && __has_include("captoken.h")
#include "captoken.h"
#endif

#ifdef CAPTOKEN_ARCHIVE
__attribute__((used)) static const char captoken_archive[] = CAPTOKEN_ARCHIVE;
#elif __has_include("captoken.h")
#error "libcaptoken.a is missing in the folder of the Go package, or captoken.h is not \
its header. Run `make go-lib` in captoken's repository, which writes both; or install captoken and \
build with `-tags captoken_pkgconfig`."
#endif
*/
import "C"
