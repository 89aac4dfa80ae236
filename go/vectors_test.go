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

// The library whose tokens are byte-for-byte identical to those of this package.
const sameBytes = "ruby-3.16.1"

// A vector is an input, the expected claims, and the tokens of Twilio's own libraries.
type vector struct {
	Name       string
	Tags       []string
	AccountSID string `json:"account_sid"`
	AuthToken  string `json:"auth_token"`
	Now        int64
	TTL        int64 // 0 for null: both mean the default
	Incoming   string
	Outgoing   struct {
		ApplicationSID string `json:"application_sid"`
		Params         []pair
	}
	EventStream *struct{ Filters []pair } `json:"event_stream"`
	Claims      []pair
	Order       []string
	Expected    struct {
		Header  map[string]string
		Payload map[string]json.RawMessage
	}
	Tokens []vectorToken
}

type vectorToken struct {
	SDKs, Differs []string
	Token         string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	content, err := os.ReadFile("../tests/data/capability.json")
	check(t, err)
	var file struct{ Cases []vector }
	check(t, json.Unmarshal(content, &file))
	if len(file.Cases) != 57 {
		t.Fatalf("%d cases, not 57", len(file.Cases))
	}
	return file.Cases
}

// official returns the token of one of Twilio's libraries, "" if there is none.
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
			check(t, token.AllowOutgoing(v.Outgoing.ApplicationSID, params(v.Outgoing.Params)...))
		case "event_stream":
			check(t, token.AllowEventStream(params(v.EventStream.Filters)...))
		default:
			t.Fatalf("unknown call %q", call)
		}
	}
	for _, claim := range v.Claims {
		check(t, token.AddClaim(claim[0], claim[1]))
	}
	ttl := time.Duration(v.TTL) * time.Second
	jwt, err := token.GenerateAt(time.Unix(v.Now, 0), ttl)
	check(t, err)
	return jwt
}

func params(pairs []pair) []captoken.Param {
	var params []captoken.Param
	for _, pair := range pairs {
		params = append(params, captoken.Param{Key: pair[0], Value: pair[1]})
	}
	return params
}

// expected returns the permissions that the case lists.
func (v vector) expected(t *testing.T) []permission {
	t.Helper()
	var scopes []struct {
		Service, Privilege string
		Query              [][2]json.RawMessage
	}
	check(t, json.Unmarshal(v.Expected.Payload["scope"], &scopes))
	var expected []permission
	for _, scope := range scopes {
		permission := permission{name: "scope:" + scope.Service + ":" + scope.Privilege}
		for _, raw := range scope.Query {
			var key string
			check(t, json.Unmarshal(raw[0], &key))
			if key == "appParams" || key == "params" {
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

// sameBytes reports whether the token must equal twilio-ruby's byte for byte. That library
// encodes filters wrong and has no private claims.
func (v vector) sameBytes() bool {
	if v.EventStream != nil || len(v.Claims) > 0 {
		return false
	}
	strs := []string{v.Incoming, v.Outgoing.ApplicationSID}
	for _, param := range v.Outgoing.Params {
		strs = append(strs, param[0], param[1])
	}
	for _, r := range v.AccountSID {
		if r > 127 {
			return false
		}
	}
	return !strings.Contains(strings.Join(strs, ""), " ")
}

// others returns all claims except scope.
func others(t *testing.T, payload map[string]json.RawMessage) map[string]interface{} {
	t.Helper()
	others := map[string]interface{}{}
	for name, member := range payload {
		if name == "scope" {
			continue
		}
		var value interface{}
		check(t, json.Unmarshal(member, &value))
		others[name] = value
	}
	return others
}

// Protects: tokens of this package have the claims of Twilio's own libraries.
func TestVectorsMatchTheOfficialClaims(t *testing.T) {
	for _, v := range vectors(t) {
		v := v
		t.Run(v.Name, func(t *testing.T) {
			// payload compares with the constant header, so check the constant here.
			want := map[string]string{"typ": "JWT", "alg": "HS256"}
			if !reflect.DeepEqual(v.Expected.Header, want) {
				t.Fatalf("the header is %v", v.Expected.Header)
			}
			var claims map[string]json.RawMessage
			check(t, json.Unmarshal([]byte(payload(t, v.mint(t), v.AuthToken)), &claims))
			if got, expected := others(t, claims), others(t, v.Expected.Payload); !reflect.DeepEqual(got, expected) {
				t.Errorf("the claims are %v, not %v", got, expected)
			}
			var scope string
			check(t, json.Unmarshal(claims["scope"], &scope))
			got, expected := permissions(t, scope), v.expected(t)
			if !reflect.DeepEqual(got, expected) {
				t.Errorf("the scope says %q, not %q", got, expected)
			}
		})
	}
}

// Protects: tokens equal twilio-ruby's byte for byte, except where twilio-ruby has a bug.
func TestVectorsMatchTwilioRubyByteForByte(t *testing.T) {
	equal := 0
	for _, v := range vectors(t) {
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

// read converts the scopes of Verify to permissions.
func read(scopes []captoken.Scope) []permission {
	var found []permission
	for _, scope := range scopes {
		permission := permission{name: "scope:" + scope.Service + ":" + scope.Privilege}
		for _, pair := range []pair{
			{"appSid", scope.ApplicationSID}, {"clientName", scope.ClientName}, {"path", scope.Path},
		} {
			if pair[1] != "" {
				permission.query = append(permission.query, pair)
			}
		}
		for _, param := range scope.Params {
			permission.params = append(permission.params, pair{param.Key, param.Value})
		}
		found = append(found, permission)
	}
	return sorted(found)
}

// Protects: Verify accepts every token of Twilio's own libraries and returns the expected
// claims. It refuses the token after its expiry, and with another secret.
func TestVerifyReadsEveryOfficialToken(t *testing.T) {
	tokens := 0
	for _, v := range vectors(t) {
		want := others(t, v.Expected.Payload)
		expiry := time.Unix(int64(want["exp"].(float64)), 0).UTC()
		for _, token := range append(v.Tokens, vectorToken{[]string{"captoken"}, nil, v.mint(t)}) {
			tokens++
			name := v.Name + ", " + strings.Join(token.SDKs, ", ")
			claims, err := captoken.Verify(token.Token, v.AuthToken, time.Unix(v.Now, 0))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got, expected := read(claims.Scopes), v.expected(t); !reflect.DeepEqual(got, expected) {
				t.Errorf("%s: the scopes are %q, not %q", name, got, expected)
			}
			for _, scope := range claims.Scopes {
				_, query, _ := strings.Cut(scope.Text, "?")
				if want := params(pairs(t, query)); !reflect.DeepEqual(scope.Query, want) {
					t.Errorf("%s: the query is %q, not %q", name, scope.Query, want)
				}
			}
			var nbf, iat time.Time
			for _, difference := range token.Differs {
				switch difference {
				case "+nbf":
					nbf = time.Unix(v.Now, 0).UTC()
				case "+iat":
					iat = time.Unix(v.Now, 0).UTC()
				}
			}
			if claims.Issuer != v.AccountSID || claims.Subject+claims.ID != "" || claims.ExpiresAt != expiry ||
				claims.NotBefore != nbf || claims.IssuedAt != iat || claims.Grants != nil {
				t.Errorf("%s: the claims are %+v", name, claims)
			}
			custom := map[string]interface{}{"iss": want["iss"], "exp": want["exp"]}
			for name, value := range others(t, claims.Custom) {
				custom[name] = value
			}
			if !reflect.DeepEqual(custom, want) {
				t.Errorf("%s: the other claims are %s", name, claims.Custom)
			}

			refused, err := captoken.Verify(token.Token, v.AuthToken, expiry)
			checkError(t, err, captoken.ErrTokenExpired)
			last, err := captoken.Verify(token.Token, v.AuthToken, expiry.Add(-1))
			check(t, err)
			other, err := captoken.Verify(token.Token, v.AuthToken+"x", time.Unix(v.Now, 0))
			checkError(t, err, captoken.ErrTokenSignature)
			if !reflect.DeepEqual(last, claims) || !reflect.DeepEqual(refused, captoken.Claims{}) ||
				!reflect.DeepEqual(other, captoken.Claims{}) {
				t.Errorf("%s: after other calls, the claims are %+v, %+v, %+v", name, last, refused, other)
			}
		}
	}
	if tokens != 502+57 {
		t.Errorf("%d tokens, not 502 and 57 of this package", tokens)
	}
}
