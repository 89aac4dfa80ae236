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

// Protects: minting between changes of a Token does not affect later tokens.
func TestMintingBetweenChangesHasNoEffect(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for i := 0; i < 3000; i++ {
		made := newToken
		if i%2 == 1 {
			made = newAccess
		}
		token, minting := made(t), made(t)
		for n := random.Intn(6); n > 0; n-- {
			name := randomString(random, pieces) + "x"
			var pairs []captoken.Param
			for n := random.Intn(3); n > 0; n-- {
				pairs = append(pairs, captoken.Param{
					Key: randomString(random, pieces), Value: randomString(random, pieces)})
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
				t.Fatalf("one Token returns %v, the other %v", err, other)
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

// Protects: a Token keeps no argument, so that debuggers and programs that print whole
// structures show no secret.
func TestTokensKeepNoStrings(t *testing.T) {
	for kind, made := range map[string]func() (*captoken.Token, error){
		"capability": func() (*captoken.Token, error) { return captoken.New(accountSID, authToken) },
		"access":     func() (*captoken.Token, error) { return captoken.NewAccess(accountSID, apiKeySID, apiKeySecret) },
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
			if found := stringsOf(reflect.ValueOf(token)); found != "" {
				t.Errorf("%s, %s: %q", kind, step.name, found)
			}
		}
	}
	// The search finds strings and bytes.
	sample := &struct{ inner any }{&captoken.Claims{Issuer: "Alice", Payload: []byte("Bob")}}
	if found := stringsOf(reflect.ValueOf(sample)); !strings.Contains(found, "Alice") || !strings.Contains(found, "Bob") {
		t.Errorf("the search finds %q", found)
	}
}

// stringsOf returns all strings that a value refers to, and all bytes of its slices up to
// their capacity.
func stringsOf(value reflect.Value) string {
	switch value.Kind() {
	case reflect.String:
		if value.Len() > 0 {
			return value.String() + "\n"
		}
	case reflect.Pointer, reflect.Interface:
		if !value.IsNil() {
			return stringsOf(value.Elem())
		}
	case reflect.Struct:
		found := ""
		for i := 0; i < value.NumField(); i++ {
			found += stringsOf(value.Field(i))
		}
		return found
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 && value.Cap() > 0 {
			return string(unsafe.Slice((*byte)(value.UnsafePointer()), value.Cap())) + "\n"
		}
	}
	return ""
}

// Protects: Tokens that reuse the memory of a closed one inherit nothing from it.
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
