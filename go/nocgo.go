//go:build !cgo

package captoken

// Without cgo this is all there is of the package, and the compiler's only complaint.
var _ int = "captoken calls C through cgo: install gcc and set CGO_ENABLED=1"
