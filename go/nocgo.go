//go:build !cgo

package captoken

// Without cgo, this is the only file of the package, and its type errors are the only ones. Go
// quotes up to 72 bytes of a string. It disables cgo to cross-compile.
var (
	_ int = "captoken needs cgo: install gcc and set CGO_ENABLED=1"
	_ int = "to cross-compile, also set CC, such as CC=aarch64-linux-gnu-gcc"
	_ int = "and use the package that `make go-dist` writes, for all machines"
)
