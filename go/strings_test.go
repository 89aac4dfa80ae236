package captoken_test

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"captoken"
)

// Pieces of random strings, in valid UTF-8.
var pieces = []string{"", "a", "Alice", " ", "&=%+?:", "\"\\/", "\x01\x1f\x7f", "é", "€", "😀", "\u0080", "\u07ff",
	"\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", strings.Repeat("x", 300)}

// Pieces that are not UTF-8, or contain a NUL.
var brokenPieces = []string{"\x00", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xdf", "\xe0\x80\x80", "\xe0\x9f\xbf",
	"\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5", "\xff"}

func randomString(random *rand.Rand, pieces []string) string {
	s := ""
	for n := random.Intn(4); n > 0; n-- {
		s += pieces[random.Intn(len(pieces))]
	}
	return s
}

// Protects: Go and the C library agree on which strings are valid.
func TestGoAndCRefuseTheSameStrings(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	token := newToken(t)
	outcomes := map[error]int{}
	for i := 0; i < 5000; i++ {
		s := randomString(random, append(append([]string{}, pieces...), brokenPieces...))
		// For CheckClientName, the library checks UTF-8.
		want := captoken.CheckClientName(s)
		if errors.Is(want, captoken.ErrInvalidClientName) {
			want = nil
		}
		ofPair := want
		if s == "" {
			ofPair = nil
		}
		for name, test := range map[string]struct{ got, want error }{
			"AllowIncoming":          {token.AllowIncoming(s), want},
			"SetClientName":          {token.SetClientName(s), want},
			"AllowOutgoing":          {token.AllowOutgoing(s), want},
			"AllowOutgoing, key":     {token.AllowOutgoing("AP1", captoken.Param{Key: s}), ofPair},
			"AllowOutgoing, value":   {token.AllowOutgoing("AP1", captoken.Param{Value: s}), ofPair},
			"AllowEventStream":       {token.AllowEventStream(captoken.Param{Key: s}), ofPair},
			"AllowEventStream, last": {token.AllowEventStream(captoken.Param{}, captoken.Param{Value: s}), ofPair},
		} {
			if !errors.Is(test.got, test.want) {
				t.Fatalf("%s(%q): %v, not %v", name, s, test.got, test.want)
			}
		}
		mint(t, token)
		for _, err := range []error{nil, captoken.ErrEmptyArgument, captoken.ErrNUL, captoken.ErrInvalidUTF8} {
			if errors.Is(want, err) {
				outcomes[err]++
			}
		}
	}
	for err, times := range outcomes {
		if times < 100 {
			t.Errorf("%v occurs only %d times", err, times)
		}
	}
	if len(outcomes) != 4 {
		t.Errorf("the outcomes are %v", outcomes)
	}
}
