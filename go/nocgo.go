//go:build !cgo

package captoken

// Without cgo, this is the only file of the package, and its type error is the only one.
var _ int = "captoken calls C through cgo: install gcc and set CGO_ENABLED=1"
