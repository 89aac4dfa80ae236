package captoken_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"captoken"
)

// The library that wrote the tokens which ours equal byte for byte.
const sameBytes = "ruby-3.16.1"

// An input, what a token for it must say, and what Twilio's own libraries wrote.
type vector struct {
	Name       string
	Tags       []string
	AccountSID string `json:"account_sid"`
	AuthToken  string `json:"auth_token"`
	Now        int64
	TTL        int64 // 0 for null, which is the default here, too
	Incoming   string
	Outgoing   struct {
		ApplicationSID string `json:"application_sid"`
		Params         []pair
	}
	Order    []string
	Expected struct {
		Header  map[string]string
		Payload struct {
			Scope []struct {
				Service, Privilege string
				Query              [][2]json.RawMessage
			}
			Iss string
			Exp int64
		}
	}
	Tokens []struct {
		SDKs  []string
		Token string
	}
}

func vectors(t testing.TB) []vector {
	t.Helper()
	text, err := os.ReadFile("../tests/data/capability.json")
	check(t, err)
	var file struct{ Cases []vector }
	check(t, json.Unmarshal(text, &file))
	return file.Cases
}

// missingFeature returns the tag of a feature that the package does not have yet.
func (v vector) missingFeature() string {
	for _, tag := range v.Tags {
		if tag == "event_stream" || tag == "claims" {
			return tag
		}
	}
	return ""
}

// supported returns the vectors that need no missing feature, and says which do.
func supported(t *testing.T) []vector {
	t.Helper()
	var supported []vector
	for _, v := range vectors(t) {
		if tag := v.missingFeature(); tag != "" {
			t.Logf("skipped, tag %s: %s", tag, v.Name)
		} else {
			supported = append(supported, v)
		}
	}
	if len(supported) != 53 {
		t.Fatalf("%d cases, not 53", len(supported))
	}
	return supported
}

// official returns the token that a library of Twilio's wrote, "" if there is none.
func (v vector) official(sdk string) string {
	for _, token := range v.Tokens {
		for _, other := range token.SDKs {
			if other == sdk {
				return token.Token
			}
		}
	}
	return ""
}

func official(t testing.TB, name string) string {
	t.Helper()
	for _, v := range vectors(t) {
		if v.Name == name {
			if token := v.official(sameBytes); token != "" {
				return token
			}
		}
	}
	t.Fatalf("no official token of %s", name)
	return ""
}

func (v vector) mint(t *testing.T) string {
	t.Helper()
	token, err := captoken.New(v.AccountSID, v.AuthToken)
	check(t, err)
	defer token.Close()
	for _, call := range v.Order {
		switch call {
		case "incoming":
			check(t, token.AllowIncoming(v.Incoming))
		case "outgoing":
			var params []captoken.Param
			for _, param := range v.Outgoing.Params {
				params = append(params, captoken.Param{Key: param[0], Value: param[1]})
			}
			check(t, token.AllowOutgoing(v.Outgoing.ApplicationSID, params...))
		default:
			t.Fatalf("unknown call %q", call)
		}
	}
	ttl := time.Duration(v.TTL) * time.Second
	jwt, err := token.GenerateAt(time.Unix(v.Now, 0), ttl)
	check(t, err)
	return jwt
}

// expected returns the permissions as the case spells them out.
func (v vector) expected(t *testing.T) []permission {
	t.Helper()
	var expected []permission
	for _, scope := range v.Expected.Payload.Scope {
		permission := permission{name: "scope:" + scope.Service + ":" + scope.Privilege}
		for _, raw := range scope.Query {
			var key string
			check(t, json.Unmarshal(raw[0], &key))
			if key == "appParams" {
				check(t, json.Unmarshal(raw[1], &permission.params))
			} else {
				var value string
				check(t, json.Unmarshal(raw[1], &value))
				permission.query = append(permission.query, pair{key, value})
			}
		}
		expected = append(expected, permission)
	}
	return sorted(expected)
}

// sameBytes reports whether the token must equal twilio-ruby's byte for byte.
func (v vector) sameBytes() bool {
	texts := []string{v.Incoming, v.Outgoing.ApplicationSID}
	for _, param := range v.Outgoing.Params {
		texts = append(texts, param[0], param[1])
	}
	for _, r := range v.AccountSID {
		if r > 127 {
			return false
		}
	}
	return !strings.Contains(strings.Join(texts, ""), " ")
}

// Protects: a Go program's token says what those of Twilio's own libraries say.
func TestEveryVectorSaysWhatTheOfficialTokensSay(t *testing.T) {
	for _, v := range supported(t) {
		v := v
		t.Run(v.Name, func(t *testing.T) {
			// decode compares the header; here, that this is the one to compare with.
			want := map[string]string{"typ": "JWT", "alg": "HS256"}
			if !reflect.DeepEqual(v.Expected.Header, want) {
				t.Fatalf("the header is %v", v.Expected.Header)
			}
			claims := decode(t, v.mint(t), v.AuthToken)
			if claims.iss != v.Expected.Payload.Iss || claims.exp != v.Expected.Payload.Exp {
				t.Errorf("iss %q and exp %d, not %q and %d", claims.iss, claims.exp,
					v.Expected.Payload.Iss, v.Expected.Payload.Exp)
			}
			got, expected := permissions(t, claims.scope), v.expected(t)
			if !reflect.DeepEqual(got, expected) {
				t.Errorf("the scope says %q, not %q", got, expected)
			}
		})
	}
}

// Protects: byte for byte, where twilio-ruby has no bug of its own.
func TestVectorsEqualTwilioRuby(t *testing.T) {
	equal := 0
	for _, v := range supported(t) {
		if !v.sameBytes() {
			continue
		}
		equal++
		if got, want := v.mint(t), v.official(sameBytes); got != want {
			t.Errorf("%s:\n got %s\nwant %s", v.Name, got, want)
		}
	}
	if equal != 43 {
		t.Errorf("%d cases, not 43", equal)
	}
}
