//go:build cgo

package captoken

import (
	"runtime"
	"sync"
	"unsafe"
)

// A program that makes a Token for each request waits for the signature, and for the way
// to C and back. So it goes there no more than three times: to make an object, to mint,
// and to free it. What the Token allows is checked and noted here, as wishes, which the
// library fulfils in the call that mints. Only the secret cannot wait, as Go's memory is
// no place to keep it.

// An object is one of the library's, and what is to become of it. Only mint may be called
// by many goroutines at once, and not together with anything else.
type object struct {
	// 0 if there is none. The library makes it odd, so it must never be in a variable of
	// a pointer type: Go would take it for a broken one.
	address uintptr

	// Whether it is for access tokens.
	access bool

	// What the library is still to do; if it fails, from the beginning. Behind that there
	// is room for a token. It is nil once a second token was minted without a change: then
	// more may follow, and many such objects be kept.
	wishes []byte

	// How long the last token was, 0 if something has changed since.
	length int
}

// With this room at first, there is enough for most tokens and the wishes before them.
const room = 1024

// Objects without an address, which keep their finalizers and their room: to set a
// finalizer takes longer than to call C.
var objects = sync.Pool{New: func() any {
	o := new(object)
	runtime.SetFinalizer(o, (*object).free)
	return o
}}

// newObject returns an object that a call of the library makes.
func newObject(call func(credentials []byte) (uintptr, Status), access bool, credentials []string) (*object, Status) {
	o := objects.Get().(*object)
	o.access = access
	o.makeRoom()
	texts := join(o.wishes, credentials...)
	address, status := call(texts)
	wipe(texts)
	if status != StatusOK {
		o.close()
		return nil, status
	}
	o.address = address
	return o, StatusOK
}

// close frees the object, which must not be used any more.
func (o *object) close() {
	o.free()
	o.length = 0
	o.wishes = o.wishes[:0]
	if cap(o.wishes) > room {
		o.wishes = nil
	}
	objects.Put(o)
}

func (o *object) free() {
	if o.address != 0 {
		libFree(o.address)
		o.address = 0
	}
}

// allow notes what is to be allowed. The library can refuse none of it later, as all that
// it looks at is looked at here, in its order.
func (o *object) allow(kind byte, name string, kindOfPair byte, pairs []Param) Status {
	if kind != wishEventStream {
		if status := checkName(name); status != StatusOK {
			return status
		}
	}
	for _, pair := range pairs {
		if status := checkPair(pair); status != StatusOK {
			return status
		}
	}
	if kind == wishEventStream && o.access {
		return StatusUnsupported
	}
	// A program may go on like this for ever, and never mint.
	if len(o.wishes) > room {
		if status := libFulfil(o.address, o.wishes); status != StatusOK {
			return status
		}
		o.wishes = nil
	}
	o.wish(kind, name, "")
	for _, pair := range pairs {
		o.wish(kindOfPair, pair.Key, pair.Value)
	}
	return StatusOK
}

func (o *object) wish(kind byte, text, value string) {
	o.makeRoom()
	o.wishes = append(o.wishes, kind)
	o.wishes = appendText(o.wishes, text)
	o.wishes = appendText(o.wishes, value)
	o.length = 0
}

// change makes a change that the library may refuse. Such a change and a wish make the same
// tokens in either order.
func (o *object) change(call func(address uintptr, texts []byte) Status, texts []string) Status {
	for _, text := range texts {
		if hasNUL(text) {
			return StatusNUL
		}
	}
	o.length = 0
	return call(o.address, join(nil, texts...))
}

// mint mints a token that differs from the last two in its time alone. It reports whether
// that could be; otherwise, mintChanged can.
func (o *object) mint(clock clock, ttl int64) (token string, status Status, minted bool) {
	if o.length == 0 || o.wishes != nil {
		return "", StatusOK, false
	}
	buffer := make([]byte, o.length+1)
	length, status := libGenerate(o.address, nil, clock, ttl, buffer)
	switch status {
	case StatusOK:
		buffer = buffer[:length]
		// The bytes become the string instead of being copied into one. Nobody else has
		// the slice, so they never change; a string's header is the beginning of a
		// slice's, as strings.Builder relies on, too.
		return *(*string)(unsafe.Pointer(&buffer)), StatusOK, true
	case StatusBufferTooSmall:
		// The time has more digits than the last one.
		return "", StatusOK, false
	default:
		return "", status, true
	}
}

// mintChanged mints a token of any length, after all wishes.
func (o *object) mintChanged(clock clock, ttl int64) (string, Status) {
	o.makeRoom()
	buffer := o.wishes[len(o.wishes):cap(o.wishes)]
	for {
		length, status := libGenerate(o.address, o.wishes, clock, ttl, buffer)
		switch status {
		case StatusOK:
			token := string(buffer[:length])
			o.wishes = o.wishes[:0]
			if o.length != 0 {
				o.wishes = nil
			}
			o.length = length
			return token, StatusOK
		case StatusBufferTooSmall:
			o.wishes = o.wishes[:0]
			buffer = make([]byte, length+1)
		default:
			return "", status
		}
	}
}

func (o *object) makeRoom() {
	if o.wishes == nil {
		o.wishes = make([]byte, 0, room)
	}
}
