//go:build captoken_pkgconfig

package captoken

// #cgo pkg-config: captoken
import "C"
