//go:build cgo

package captoken

import (
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"
)

// checkPermission checks the strings of a permission before C replaces the old one. C cannot
// undo that. Errors of the SID precede those of the pairs.
func checkPermission(sids []string, pairs []Param) Status {
	for _, sid := range sids {
		if sid == "" {
			return StatusEmptyArgument
		}
		if status := checkString(sid); status != StatusOK {
			return status
		}
	}
	for _, pair := range pairs {
		if status := checkString(pair.Key); status != StatusOK {
			return status
		}
		if status := checkString(pair.Value); status != StatusOK {
			return status
		}
	}
	return StatusOK
}

func checkString(s string) Status {
	switch {
	case hasNUL(s):
		return StatusNUL
	case !utf8.ValidString(s):
		return StatusInvalidUTF8
	default:
		return StatusOK
	}
}

// hasNUL reports whether a string contains a NUL. C cannot detect that, because a C string
// ends at its first NUL.
func hasNUL(strs ...string) bool {
	for _, s := range strs {
		if strings.IndexByte(s, 0) >= 0 {
			return true
		}
	}
	return false
}

// A scratch is a buffer that Go lends to C for one call.
type scratch struct {
	bytes []byte
}

// Enough for typical arguments and typical tokens.
const scratchSize = 4096

// A pool, because memory that is passed to C always escapes to the heap. If every call
// allocated its scratch, a full cycle would take 20% longer.
var scratches = sync.Pool{New: func() any {
	return &scratch{make([]byte, 0, scratchSize)}
}}

// newScratch returns an empty scratch with room for size bytes. The caller releases it.
func newScratch(size int) *scratch {
	if size > scratchSize {
		return &scratch{make([]byte, 0, size)}
	}
	return scratches.Get().(*scratch)
}

// release wipes the scratch, because it may hold a secret.
func (s *scratch) release() {
	wipe(s.bytes)
	s.bytes = s.bytes[:0]
	if cap(s.bytes) == scratchSize {
		scratches.Put(s)
	}
}

// join returns a scratch with the strings and the pairs. A NUL follows each string. It
// computes the size first, because a slice that grows leaves copies of a secret in memory.
func join(strs []string, pairs []Param) *scratch {
	size := 0
	for _, s := range strs {
		size += len(s) + 1
	}
	for _, pair := range pairs {
		size += len(pair.Key) + 1 + len(pair.Value) + 1
	}
	joined := newScratch(size)
	for _, s := range strs {
		joined.append(s)
	}
	for _, pair := range pairs {
		joined.append(pair.Key)
		joined.append(pair.Value)
	}
	return joined
}

func (s *scratch) append(str string) {
	s.bytes = append(append(s.bytes, str...), 0)
}

func wipe(secret []byte) {
	for i := range secret {
		secret[i] = 0
	}
	runtime.KeepAlive(secret)
}
