//go:build cgo

package captoken

import (
	"runtime"
	"sync"
)

// A handle owns a handle of the C library, a cap_token *.
type handle struct {
	// 0 if there is none. The library's addresses are odd: a variable of a pointer type
	// must never hold one, because Go's runtime may report it as a bad pointer.
	address uintptr
}

// The pool keeps handles without an address together with their finalizers. If every Token
// set a finalizer, a full cycle would take a fifth longer.
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

// close frees the handle. The caller must drop its pointer, because another Token gets it.
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
