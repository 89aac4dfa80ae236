//go:build cgo

package captoken

import (
	"runtime"
	"sync"
)

// A handle owns a cap_token * of the C library.
type handle struct {
	// 0 if there is none. Not a pointer type: the library's addresses are odd, and Go's
	// runtime may report them as bad pointers.
	address uintptr
}

// The pool keeps handles without an address, together with their finalizers. If every Token
// set a finalizer, a full cycle would take 20% longer.
var handles = sync.Pool{New: func() any {
	h := new(handle)
	runtime.SetFinalizer(h, (*handle).free)
	return h
}}

func newHandle(address uintptr) *handle {
	h := handles.Get().(*handle)
	h.address = address
	return h
}

// close frees the handle and returns it to the pool. The caller must drop its pointer,
// because another Token may get the same handle.
func (h *handle) close() {
	h.free()
	handles.Put(h)
}

func (h *handle) free() {
	if h.address != 0 {
		libFree(h.address)
		h.address = 0
	}
}
