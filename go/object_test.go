package captoken_test

import (
	"errors"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"captoken"
)

// Bytes of which many texts are UTF-8, and many nearly.
var pieces = []string{"", "a", "Alice", " ", "&=%+?:", "\"\\/", "\x01\x1f\x7f", "é", "€", "😀", "\u0080", "\u07ff",
	"\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", strings.Repeat("x", 300)}

var brokenPieces = []string{"\x00", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xdf", "\xe0\x80\x80", "\xe0\x9f\xbf",
	"\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5", "\xff"}

func randomText(random *rand.Rand, pieces []string) string {
	text := ""
	for n := random.Intn(4); n > 0; n-- {
		text += pieces[random.Intn(len(pieces))]
	}
	return text
}

// Protects: of a text that is only noted, Go says at once what the library would say.
func TestTextsAreRefusedAsByTheLibrary(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	token := newToken(t)
	outcomes := map[error]int{}
	for i := 0; i < 5000; i++ {
		text := randomText(random, append(append([]string{}, pieces...), brokenPieces...))
		// This one asks the library.
		want := captoken.CheckClientName(text)
		if errors.Is(want, captoken.ErrInvalidClientName) {
			want = nil
		}
		ofPair := want
		if text == "" {
			ofPair = nil
		}
		for name, test := range map[string]struct{ got, want error }{
			"AllowIncoming":          {token.AllowIncoming(text), want},
			"SetClientName":          {token.SetClientName(text), want},
			"AllowOutgoing":          {token.AllowOutgoing(text), want},
			"AllowOutgoing, key":     {token.AllowOutgoing("AP1", captoken.Param{Key: text}), ofPair},
			"AllowOutgoing, value":   {token.AllowOutgoing("AP1", captoken.Param{Value: text}), ofPair},
			"AllowEventStream":       {token.AllowEventStream(captoken.Param{Key: text}), ofPair},
			"AllowEventStream, last": {token.AllowEventStream(captoken.Param{}, captoken.Param{Value: text}), ofPair},
		} {
			if !errors.Is(test.got, test.want) {
				t.Fatalf("%s(%q): %v, not %v", name, text, test.got, test.want)
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
			t.Errorf("%v %d times", err, times)
		}
	}
	if len(outcomes) != 4 {
		t.Errorf("the outcomes are %v", outcomes)
	}
}

// Protects: a token says the same, whether all that it allows was done as it was minted, or
// was done before, for other tokens.
func TestWhenAPermissionIsSetMakesNoDifference(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for i := 0; i < 3000; i++ {
		made := newToken
		if i%2 == 1 {
			made = newAccess
		}
		token, minting := made(t), made(t)
		for n := random.Intn(6); n > 0; n-- {
			name := randomText(random, pieces) + "x"
			var pairs []captoken.Param
			for n := random.Intn(3); n > 0; n-- {
				pairs = append(pairs, captoken.Param{
					Key: randomText(random, pieces), Value: randomText(random, pieces)})
			}
			change := []func(*captoken.Token) error{
				func(token *captoken.Token) error { return token.AllowIncoming(name) },
				func(token *captoken.Token) error { return token.SetClientName(name) },
				func(token *captoken.Token) error { return token.AllowOutgoing(name, pairs...) },
				func(token *captoken.Token) error { return token.AllowEventStream(pairs...) },
				func(token *captoken.Token) error { return token.AddClaim(name, pairs) },
				func(token *captoken.Token) error { return token.SetNotBefore(frozen) },
				func(token *captoken.Token) error { return token.SetRegion(name) },
				func(token *captoken.Token) error { return token.SetPushCredential(name) },
				func(token *captoken.Token) error { return token.AddGrant(name, struct{}{}) },
			}[random.Intn(9)]
			err := change(token)
			if !errors.Is(err, captoken.ErrUnsupported) {
				check(t, err)
			}
			if other := change(minting); !errors.Is(other, err) {
				t.Fatalf("%v and %v", err, other)
			}
			mint(t, minting)
		}
		want := mint(t, minting)
		for j := 0; j < 2; j++ {
			if got := mint(t, token); got != want {
				t.Fatalf("got %s\nwant %s", got, want)
			}
		}
	}
}

// Protects: a secret is in nothing that a Token refers to, as debuggers and programs that
// print whole structures see it.
func TestSecretsAreInNoField(t *testing.T) {
	// Longer than what is written over it, and short enough for the room of an object.
	secret := strings.Repeat("secret of the account ", 30)
	for kind, made := range map[string]func() (*captoken.Token, error){
		"capability": func() (*captoken.Token, error) { return captoken.New(accountSID, secret) },
		"access":     func() (*captoken.Token, error) { return captoken.NewAccess(accountSID, apiKeySID, secret) },
	} {
		token, err := made()
		check(t, err)
		param := captoken.Param{Key: "Foo", Value: "Bar"}
		for _, step := range []struct {
			name string
			call func() error
		}{
			{"new", func() error { return nil }},
			{"with permissions", func() error {
				return first(token.AllowIncoming("Alice"), token.AllowOutgoing(applicationSID, param))
			}},
			{"after tokens", func() error { mint(t, token); mint(t, token); return nil }},
			{"changed again", func() error { return token.AllowIncoming("Bob") }},
			{"closed", token.Close},
		} {
			check(t, step.call())
			found := texts(reflect.ValueOf(token))
			if strings.Contains(found, "secret") || strings.Contains(found, "of the account") {
				t.Errorf("%s, %s: %q", kind, step.name, found)
			}
			// The search finds what is there.
			if step.name == "with permissions" && !strings.Contains(found, "Alice") {
				t.Errorf("%s: no name in %q", kind, found)
			}
			// Of a Token that goes on minting, no more is kept than must be.
			if step.name == "after tokens" && found != "" {
				t.Errorf("%s: %q is kept", kind, found)
			}
		}
	}
}

// texts returns all texts that a value refers to, and the rest of the memory that their
// slices have.
func texts(value reflect.Value) string {
	switch value.Kind() {
	case reflect.String:
		return value.String() + "\n"
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return texts(value.Elem())
		}
	case reflect.Struct:
		found := ""
		for i := 0; i < value.NumField(); i++ {
			found += texts(value.Field(i))
		}
		return found
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 && value.Cap() > 0 {
			return string(unsafe.Slice((*byte)(value.UnsafePointer()), value.Cap())) + "\n"
		}
	}
	return ""
}

// Protects: nothing of a closed Token is in those that are made of its memory.
func TestClosedTokensLeaveNothing(t *testing.T) {
	for i := 0; i < 100; i++ {
		used, err := captoken.New("AC1", "key1")
		check(t, err)
		check(t, used.AllowIncoming("Alice"))
		check(t, used.AllowOutgoing("AP1", captoken.Param{Key: "Foo", Value: "Bar"}))
		if i%2 == 0 {
			mint(t, used)
		}
		if i%10 == 0 {
			check(t, used.AllowIncoming(strings.Repeat("Alice", 10000)))
		}
		check(t, used.Close())

		next, err := captoken.NewAccess("AC2", "SK2", "key2")
		check(t, err)
		if kept := len(texts(reflect.ValueOf(next))); kept > 10000 {
			t.Fatalf("%d bytes are kept", kept)
		}
		want := `{"jti":"SK2-1400000000","iss":"SK2","sub":"AC2","exp":1400003600,"grants":{}}`
		if got := payloadUnder(t, accessHeader, mint(t, next), "key2"); got != want {
			t.Fatalf("the payload is %s", got)
		}
		checkError(t, used.AllowIncoming("Bob"), captoken.ErrClosed)
		_, err = used.Generate(captoken.DefaultTTL)
		checkError(t, err, captoken.ErrClosed)
		check(t, used.Close())
		if got := payloadUnder(t, accessHeader, mint(t, next), "key2"); got != want {
			t.Fatalf("the payload is %s", got)
		}
		checkError(t, next.AllowEventStream(), captoken.ErrUnsupported)
		check(t, next.Close())

		last, err := captoken.New("AC3", "key3")
		check(t, err)
		check(t, last.AllowEventStream())
		if got := decode(t, mint(t, last), "key3").scope; got != "scope:stream:subscribe?path=%2F2010-04-01%2FEvents" {
			t.Fatalf("the scope is %s", got)
		}
		check(t, last.Close())
	}
}
