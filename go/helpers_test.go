package captoken_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"captoken"
)

const (
	accountSID     = "AC123123"
	authToken      = "secret"
	applicationSID = "APabe7650f654fc34655fc81ae71caa3ff"

	apiKeySID    = "SK123123"
	apiKeySecret = "secret of the key"

	// The headers of capability tokens and of access tokens without a region.
	header       = `{"typ":"JWT","alg":"HS256"}`
	accessHeader = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}`
)

// The time at which all official tokens were minted.
var frozen = time.Unix(1400000000, 0)

// inRepository returns the path of a file of captoken's repository. In a copy of the package
// it skips the test.
func inRepository(t testing.TB, name string) string {
	t.Helper()
	if _, err := os.Stat("../captoken.pc.in"); err != nil {
		t.Skip("needs captoken's repository")
	}
	return filepath.Join("..", filepath.FromSlash(name))
}

// newToken returns a Token for capability tokens, which is closed when the test ends.
func newToken(t testing.TB) *captoken.Token {
	t.Helper()
	token, err := captoken.New(accountSID, authToken)
	check(t, err)
	t.Cleanup(func() { check(t, token.Close()) })
	return token
}

// newAccess returns a Token for access tokens, which is closed when the test ends.
func newAccess(t testing.TB) *captoken.Token {
	t.Helper()
	token, err := captoken.NewAccess(accountSID, apiKeySID, apiKeySecret)
	check(t, err)
	t.Cleanup(func() { check(t, token.Close()) })
	return token
}

// mint mints a token at the time of all official tokens.
func mint(t testing.TB, token *captoken.Token) string {
	t.Helper()
	jwt, err := token.GenerateAt(frozen, captoken.DefaultTTL)
	check(t, err)
	return jwt
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkError checks that err is an *Error and matches want.
func checkError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("the error is %v, not %v", err, want)
	}
	var own *captoken.Error
	if !errors.As(err, &own) {
		t.Fatalf("%T is not an *Error", err)
	}
}

type claims struct {
	scope, iss string
	exp        int64
}

// payload returns the payload of a capability token, which must be signed with the key. It
// does not use the library.
func payload(t testing.TB, jwt, key string) string {
	t.Helper()
	return payloadUnder(t, header, jwt, key)
}

// payloadUnder returns the payload of a token with this header, like payload.
func payloadUnder(t testing.TB, header, jwt, key string) string {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("not three parts: %s", jwt)
	}
	var decoded [3][]byte
	for i, part := range parts {
		var err error
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part)
		check(t, err)
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if !hmac.Equal(decoded[2], mac.Sum(nil)) {
		t.Fatalf("the signature is wrong: %s", jwt)
	}
	if string(decoded[0]) != header {
		t.Fatalf("the header is %s", decoded[0])
	}
	return string(decoded[1])
}

// sign returns a token with this header and payload, signed with a key.
func sign(header, payload, key string) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(payload))
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// decode returns the claims of a capability token, which must be signed with the key. It
// requires scope, iss, exp and the claims in others, and no more. It does not use the
// library.
func decode(t testing.TB, jwt, key string, others ...string) claims {
	t.Helper()
	decoded := payload(t, jwt, key)
	var members map[string]json.RawMessage
	check(t, json.Unmarshal([]byte(decoded), &members))
	for _, other := range others {
		if members[other] == nil {
			t.Fatalf("no %s: %s", other, decoded)
		}
		delete(members, other)
	}
	if len(members) != 3 {
		t.Fatalf("not three claims: %s", decoded)
	}
	var read claims
	for name, place := range map[string]interface{}{
		"scope": &read.scope, "iss": &read.iss, "exp": &read.exp,
	} {
		if err := json.Unmarshal(members[name], place); err != nil {
			t.Fatalf("claim %s: %v", name, err)
		}
	}
	return read
}

type pair [2]string

// A permission is one part of a claim scope. The pairs of its query are sorted, because
// their order has no meaning.
type permission struct {
	name   string
	query  []pair
	params []pair
}

// permissions parses a claim scope.
func permissions(t testing.TB, scope string) []permission {
	t.Helper()
	var found []permission
	for _, part := range strings.Split(scope, " ") {
		if part == "" {
			continue
		}
		name, query, _ := strings.Cut(part, "?")
		permission := permission{name: name}
		for _, pair := range pairs(t, query) {
			if pair[0] == "appParams" || pair[0] == "params" {
				permission.params = pairs(t, pair[1])
			} else {
				permission.query = append(permission.query, pair)
			}
		}
		found = append(found, permission)
	}
	return sorted(found)
}

// sorted sorts permissions, and the pairs of each, for comparison.
func sorted(permissions []permission) []permission {
	sort.Slice(permissions, func(i, j int) bool {
		return permissions[i].name < permissions[j].name
	})
	for _, permission := range permissions {
		query := permission.query
		sort.Slice(query, func(i, j int) bool { return query[i][0] < query[j][0] })
	}
	return permissions
}

// pairs decodes a query. It keeps the order and repeated keys.
func pairs(t testing.TB, query string) []pair {
	t.Helper()
	var read []pair
	for _, encoded := range strings.Split(query, "&") {
		key, value, found := strings.Cut(encoded, "=")
		if !found {
			t.Fatalf("not a pair: %q in %q", encoded, query)
		}
		key, err := url.QueryUnescape(key)
		check(t, err)
		value, err = url.QueryUnescape(value)
		check(t, err)
		read = append(read, pair{key, value})
	}
	return read
}
