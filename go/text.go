//go:build cgo

package captoken

import (
	"runtime"
	"strings"
	"unicode/utf8"
)

// Texts for C: what the library would say of them, and how they get there.

func checkName(name string) Status {
	if name == "" {
		return StatusEmptyArgument
	}
	return checkText(name)
}

func checkPair(pair Param) Status {
	if status := checkText(pair.Key); status != StatusOK {
		return status
	}
	return checkText(pair.Value)
}

func checkText(text string) Status {
	switch {
	case hasNUL(text):
		return StatusNUL
	case !utf8.ValidString(text):
		return StatusInvalidUTF8
	default:
		return StatusOK
	}
}

func hasNUL(text string) bool {
	return strings.IndexByte(text, 0) >= 0
}

// join writes texts one after the other into the space, if that is large enough. The size
// is right from the beginning: a slice that grew would leave copies behind.
func join(space []byte, texts ...string) []byte {
	size := len(texts)
	for _, text := range texts {
		size += len(text)
	}
	joined := space[:0]
	if size > cap(space) {
		joined = make([]byte, 0, size)
	}
	for _, text := range texts {
		joined = appendText(joined, text)
	}
	return joined
}

// appendText appends a text as C reads it, with a NUL behind it.
func appendText(texts []byte, text string) []byte {
	return append(append(texts, text...), 0)
}

func wipe(secret []byte) {
	for i := range secret {
		secret[i] = 0
	}
	runtime.KeepAlive(secret)
}
