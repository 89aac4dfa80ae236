package captoken_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"captoken"
)

const (
	nul     = "a\x00b"
	notUTF8 = "a\xffb"
)

// Protects: the programs of Twilio's pages mint the tokens of Twilio's libraries. The sixth
// page has no official token, so its scope is compared.
func TestTwilioExamplesMintOfficialTokens(t *testing.T) {
	foo := captoken.Param{Key: "Foo", Value: "Bar"}
	user := captoken.Param{Key: "user_id", Value: "42"}
	programs := []struct {
		name    string
		prepare func(*captoken.Token) error
		ttl     time.Duration
	}{
		{"seed_python_incoming", func(token *captoken.Token) error {
			return token.AllowIncoming("Alice")
		}, 0},
		{"seed_python_both_default_ttl", func(token *captoken.Token) error {
			return first(token.AllowIncoming("Alice"), token.AllowOutgoing(applicationSID))
		}, 0},
		{"seed_ruby_configured_credentials", func(token *captoken.Token) error {
			return first(token.AllowOutgoing(applicationSID), token.AllowIncoming("Alice"))
		}, 0},
		{"seed_php_outgoing_short_sid", func(token *captoken.Token) error {
			return token.AllowOutgoing("AP123123")
		}, 0},
		{"seed_php_params_ttl_600", func(token *captoken.Token) error {
			return first(token.AllowIncoming("Alice"), token.AllowOutgoing("AP123123", foo))
		}, 10 * time.Minute},
		{"user_id", func(token *captoken.Token) error {
			return token.AllowOutgoing(applicationSID, user)
		}, 0},
	}
	for _, program := range programs {
		account, secret := accountSID, authToken
		if program.name == "seed_ruby_configured_credentials" {
			configure(t, "ACXXXXXXXXXXXXXXXXX", "YYYYYYYYYYYYYYYYYY")
			account, secret = "", ""
		}
		token, err := captoken.New(account, secret)
		check(t, err)
		check(t, program.prepare(token))
		jwt, err := token.GenerateAt(frozen, program.ttl)
		check(t, err)
		check(t, token.Close())
		if program.name == "user_id" {
			want := "scope:client:outgoing?appSid=" + applicationSID + "&appParams=user_id%3D42"
			if got := decode(t, jwt, authToken).scope; got != want {
				t.Errorf("the scope is %s", got)
			}
		} else if want := official(t, program.name); jwt != want {
			t.Errorf("%s:\n got %s\nwant %s", program.name, jwt, want)
		}
	}
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// configure sets the default credentials until the test ends.
func configure(t *testing.T, accountSID, authToken string) {
	t.Helper()
	check(t, captoken.Configure(accountSID, authToken))
	t.Cleanup(func() { check(t, captoken.Configure("", "")) })
}

// Protects: a failed call returns the right error and does not change the Token.
func TestFailedCallsChangeNothing(t *testing.T) {
	incoming := func(name string) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.AllowIncoming(name) }
	}
	outgoing := func(sid string, pairs ...string) func(*captoken.Token) error {
		var params []captoken.Param
		for i := 0; i < len(pairs); i += 2 {
			params = append(params, captoken.Param{Key: pairs[i], Value: pairs[i+1]})
		}
		return func(token *captoken.Token) error { return token.AllowOutgoing(sid, params...) }
	}
	events := func(pairs ...string) func(*captoken.Token) error {
		var filters []captoken.Param
		for i := 0; i < len(pairs); i += 2 {
			filters = append(filters, captoken.Param{Key: pairs[i], Value: pairs[i+1]})
		}
		return func(token *captoken.Token) error { return token.AllowEventStream(filters...) }
	}
	from := func(name string) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.SetClientName(name) }
	}
	claim := func(name string, value interface{}) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.AddClaim(name, value) }
	}
	notBefore := func(seconds int64) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.SetNotBefore(time.Unix(seconds, 0)) }
	}
	region := func(name string) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.SetRegion(name) }
	}
	push := func(sid string) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.SetPushCredential(sid) }
	}
	grant := func(name string, value interface{}) func(*captoken.Token) error {
		return func(token *captoken.Token) error { return token.AddGrant(name, value) }
	}
	deep := json.RawMessage(strings.Repeat("[", 128) + strings.Repeat("]", 128))
	deepObject := map[string]json.RawMessage{"a": deep[1:255]}
	object := map[string]string{"room": "standup"}
	generate := func(ttl time.Duration) func(*captoken.Token) error {
		return func(token *captoken.Token) error {
			jwt, err := token.Generate(ttl)
			if jwt != "" {
				return fmt.Errorf("a token: %s", jwt)
			}
			return err
		}
	}
	type test struct {
		name string
		call func(*captoken.Token) error
		want error
	}
	tests := []test{
		{"an empty client name", incoming(""), captoken.ErrEmptyArgument},
		{"a client name not in UTF-8", incoming(notUTF8), captoken.ErrInvalidUTF8},
		{"a client name with NUL", incoming(nul), captoken.ErrNUL},
		{"a client name that is only NUL", incoming("\x00"), captoken.ErrNUL},
		{"an empty SID", outgoing(""), captoken.ErrEmptyArgument},
		{"an empty SID, with a param", outgoing("", "k", "v"), captoken.ErrEmptyArgument},
		{"a SID not in UTF-8", outgoing(notUTF8), captoken.ErrInvalidUTF8},
		{"a SID with NUL", outgoing(nul), captoken.ErrNUL},
		{"a first key with NUL", outgoing("AP2", nul, "v"), captoken.ErrNUL},
		{"a first value with NUL", outgoing("AP2", "k", nul), captoken.ErrNUL},
		{"a third key with NUL", outgoing("AP2", "k", "v", "k", "v", nul, "v"), captoken.ErrNUL},
		{"a third value with NUL", outgoing("AP2", "k", "v", "k", "v", "k", nul), captoken.ErrNUL},
		{"a third key not in UTF-8", outgoing("AP2", "k", "v", "k", "v", notUTF8, "v"), captoken.ErrInvalidUTF8},
		{"a third value not in UTF-8", outgoing("AP2", "k", "v", "k", "v", "k", notUTF8), captoken.ErrInvalidUTF8},
		{"a surrogate in UTF-8", outgoing("AP2", "k", "\xed\xa0\x80"), captoken.ErrInvalidUTF8},
		{"the first error counts: empty", outgoing("", "k", nul), captoken.ErrEmptyArgument},
		{"the first error counts: the SID", outgoing(notUTF8, nul, nul), captoken.ErrInvalidUTF8},
		{"the first error counts: the SID's NUL", outgoing(nul, notUTF8, "v"), captoken.ErrNUL},
		{"the first error counts: NUL", outgoing("AP2", nul, notUTF8), captoken.ErrNUL},
		{"the first error counts: UTF-8", outgoing("AP2", notUTF8, nul), captoken.ErrInvalidUTF8},
		{"a first filter's key with NUL", events(nul, "v"), captoken.ErrNUL},
		{"a third filter's value with NUL", events("k", "v", "k", "v", "k", nul), captoken.ErrNUL},
		{"a first filter's value not in UTF-8", events("k", notUTF8), captoken.ErrInvalidUTF8},
		{"a third filter's key not in UTF-8", events("k", "v", "k", "v", notUTF8, "v"), captoken.ErrInvalidUTF8},
		{"the first error counts, in filters", events(nul, notUTF8), captoken.ErrNUL},
		{"an empty outgoing name", from(""), captoken.ErrEmptyArgument},
		{"an outgoing name not in UTF-8", from(notUTF8), captoken.ErrInvalidUTF8},
		{"an outgoing name with NUL", from(nul), captoken.ErrNUL},
		{"a claim without a name", claim("", 1), captoken.ErrEmptyArgument},
		{"a claim's name not in UTF-8", claim(notUTF8, 1), captoken.ErrInvalidUTF8},
		{"a claim's name with NUL", claim(nul, 1), captoken.ErrNUL},
		{"the claim scope", claim("scope", ""), captoken.ErrReservedName},
		{"the claim iss", claim("iss", "AC1"), captoken.ErrReservedName},
		{"the claim exp", claim("exp", 1), captoken.ErrReservedName},
		{"the claim nbf", claim("nbf", 1), captoken.ErrReservedName},
		{"the claim iat", claim("iat", 1), captoken.ErrReservedName},
		{"the claim exp, too deep", claim("exp", deep), captoken.ErrReservedName},
		{"a new claim, too deep", claim("new", deep), captoken.ErrInvalidJSON},
		{"an old claim, too deep", claim("c", deep), captoken.ErrInvalidJSON},
		{"an unpaired surrogate", claim("c", json.RawMessage(`"\ud800"`)), captoken.ErrInvalidJSON},
		{"nbf before 1970", notBefore(-1), captoken.ErrInvalidTime},
		{"nbf after 2^53 - 1", notBefore(1 << 53), captoken.ErrInvalidTime},
		{"the last nbf", notBefore(math.MaxInt64), captoken.ErrInvalidTime},
		{"a time to live of -1 s", generate(-time.Second), captoken.ErrInvalidTTL},
		{"a time to live of a day and a second", generate(24*time.Hour + time.Second), captoken.ErrInvalidTTL},
		{"an empty region", region(""), captoken.ErrEmptyArgument},
		{"a region not in UTF-8", region(notUTF8), captoken.ErrInvalidUTF8},
		{"a region with NUL", region(nul), captoken.ErrNUL},
		{"an empty push credential", push(""), captoken.ErrEmptyArgument},
		{"a push credential not in UTF-8", push(notUTF8), captoken.ErrInvalidUTF8},
		{"a push credential with NUL", push(nul), captoken.ErrNUL},
		{"a grant without a name", grant("", object), captoken.ErrEmptyArgument},
		{"a grant's name not in UTF-8", grant(notUTF8, object), captoken.ErrInvalidUTF8},
		{"a grant's name with NUL", grant(nul, object), captoken.ErrNUL},
		{"the grant identity", grant("identity", object), captoken.ErrReservedName},
		{"the grant voice", grant("voice", object), captoken.ErrReservedName},
		{"the grant voice, not an object", grant("voice", "calls"), captoken.ErrReservedName},
		{"a new grant, too deep", grant("new", deepObject), captoken.ErrInvalidJSON},
		{"an old grant, not an object", grant("video", nil), captoken.ErrInvalidJSON},
	}
	for _, kind := range []struct {
		name  string
		token *captoken.Token
		tests []test // of this token kind only
	}{
		{"capability", newToken(t), []test{
			{"a region", region("ie1"), captoken.ErrUnsupported},
			{"a push credential", push("CR1"), captoken.ErrUnsupported},
			{"a grant", grant("video", object), captoken.ErrUnsupported},
		}},
		{"access", newAccess(t), []test{
			{"events", events(), captoken.ErrUnsupported},
			{"events with filters", events("k", "v", "k", "v"), captoken.ErrUnsupported},
			{"events with a filter not in UTF-8", events("k", notUTF8), captoken.ErrInvalidUTF8},
			{"the claim jti", claim("jti", "SK1-1"), captoken.ErrReservedName},
			{"the claim sub", claim("sub", "AC1"), captoken.ErrReservedName},
			{"the claim grants", claim("grants", object), captoken.ErrReservedName},
		}},
	} {
		token := kind.token
		check(t, token.AllowIncoming("Alice"))
		check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "k", Value: "1"},
			captoken.Param{Key: "k", Value: "2"}, captoken.Param{Key: "l", Value: "3"}))
		check(t, token.SetClientName("Bob"))
		check(t, token.AddClaim("c", []int{6}))
		check(t, token.SetNotBefore(frozen))
		if kind.name == "access" {
			check(t, token.SetRegion("au1"))
			check(t, token.SetPushCredential("CR7"))
			check(t, token.AddGrant("video", map[string]int{"room": 8}))
		} else {
			check(t, token.AllowEventStream(captoken.Param{Key: "e", Value: "4"}, captoken.Param{Key: "f", Value: "5"}))
		}
		before := mint(t, token)
		for _, test := range append(kind.tests, tests...) {
			t.Run(kind.name+"/"+test.name, func(t *testing.T) {
				checkError(t, test.call(token), test.want)
				if after := mint(t, token); after != before {
					t.Errorf("the Token has changed:\nbefore %s\n after %s", before, after)
				}
			})
		}
	}
}

// Protects: New and Configure report each invalid argument.
func TestNewReportsWrongCredentials(t *testing.T) {
	tests := []struct {
		accountSID, authToken string
		ofNew, ofConfigure    error
	}{
		{"", "", captoken.ErrNoCredentials, nil},
		{"", authToken, captoken.ErrNoCredentials, captoken.ErrEmptyArgument},
		{accountSID, "", captoken.ErrNoCredentials, captoken.ErrEmptyArgument},
		{notUTF8, authToken, captoken.ErrInvalidUTF8, captoken.ErrInvalidUTF8},
		{accountSID, notUTF8, captoken.ErrInvalidUTF8, captoken.ErrInvalidUTF8},
		{nul, authToken, captoken.ErrNUL, captoken.ErrNUL},
		{accountSID, nul, captoken.ErrNUL, captoken.ErrNUL},
		{"\x00", "\x00", captoken.ErrNUL, captoken.ErrNUL},
	}
	for _, test := range tests {
		token, err := captoken.New(test.accountSID, test.authToken)
		checkError(t, err, test.ofNew)
		if token != nil {
			t.Errorf("New(%q, %q) failed with a Token", test.accountSID, test.authToken)
		}
		if test.ofConfigure != nil {
			checkError(t, captoken.Configure(test.accountSID, test.authToken), test.ofConfigure)
		}
	}
}

// Protects: NewAccess reports each invalid argument and does not use the defaults.
func TestNewAccessReportsWrongCredentials(t *testing.T) {
	configure(t, accountSID, authToken)
	for _, test := range []struct {
		accountSID, apiKeySID, apiKeySecret string
		want                                error
	}{
		{"", "", "", captoken.ErrEmptyArgument},
		{"", apiKeySID, apiKeySecret, captoken.ErrEmptyArgument},
		{accountSID, "", apiKeySecret, captoken.ErrEmptyArgument},
		{accountSID, apiKeySID, "", captoken.ErrEmptyArgument},
		{notUTF8, apiKeySID, apiKeySecret, captoken.ErrInvalidUTF8},
		{accountSID, notUTF8, apiKeySecret, captoken.ErrInvalidUTF8},
		{accountSID, apiKeySID, notUTF8, captoken.ErrInvalidUTF8},
		{nul, apiKeySID, apiKeySecret, captoken.ErrNUL},
		{accountSID, nul, apiKeySecret, captoken.ErrNUL},
		{accountSID, apiKeySID, nul, captoken.ErrNUL},
		{"", notUTF8, "\x00", captoken.ErrNUL},
		{accountSID, "", notUTF8, captoken.ErrEmptyArgument},
		{accountSID, notUTF8, "", captoken.ErrInvalidUTF8},
	} {
		token, err := captoken.NewAccess(test.accountSID, test.apiKeySID, test.apiKeySecret)
		checkError(t, err, test.want)
		if token != nil {
			t.Errorf("NewAccess(%q, %q, %q) failed with a Token", test.accountSID, test.apiKeySID, test.apiKeySecret)
		}
	}
}

// Protects: the defaults replace each "" of New. A failed Configure does not change the
// defaults, and clearing them does not change existing Tokens.
func TestConfigureSetsTheDefaults(t *testing.T) {
	issuer := func(token *captoken.Token, key string) string {
		t.Helper()
		return decode(t, mint(t, token), key).iss
	}
	made := func(accountSID, authToken string) *captoken.Token {
		t.Helper()
		token, err := captoken.New(accountSID, authToken)
		check(t, err)
		t.Cleanup(func() { token.Close() })
		return token
	}

	configure(t, "AC1", "key1")
	both := made("", "")
	for _, test := range []struct {
		token    *captoken.Token
		key, iss string
	}{
		{both, "key1", "AC1"},
		{made("AC2", ""), "key1", "AC2"},
		{made("", "key2"), "key2", "AC1"},
		{made("AC2", "key2"), "key2", "AC2"},
	} {
		if got := issuer(test.token, test.key); got != test.iss {
			t.Errorf("the issuer is %s, not %s", got, test.iss)
		}
	}

	checkError(t, captoken.Configure("AC3", ""), captoken.ErrEmptyArgument)
	checkError(t, captoken.Configure("", "key3"), captoken.ErrEmptyArgument)
	checkError(t, captoken.Configure("AC3", nul), captoken.ErrNUL)
	checkError(t, captoken.Configure("AC3", notUTF8), captoken.ErrInvalidUTF8)
	if got := issuer(made("", ""), "key1"); got != "AC1" {
		t.Errorf("a failed Configure has set %s", got)
	}

	check(t, captoken.Configure("AC4", "key4"))
	if got := issuer(made("", ""), "key4"); got != "AC4" {
		t.Errorf("the issuer is %s, not AC4", got)
	}
	check(t, captoken.Configure("", ""))
	_, err := captoken.New("", "")
	checkError(t, err, captoken.ErrNoCredentials)
	if got := issuer(both, "key1"); got != "AC1" {
		t.Errorf("the issuer of a Token has changed to %s", got)
	}
}

// Protects: a second permission replaces the first and its params.
func TestRepeatedCallsReplacePermissions(t *testing.T) {
	token := newToken(t)
	check(t, token.AllowIncoming("Bob"))
	check(t, token.AllowOutgoing("AP1", captoken.Param{Key: "a", Value: "1"}))
	check(t, token.AllowOutgoing("AP2", captoken.Param{Key: "b", Value: "2"}))
	check(t, token.AllowIncoming("Alice"))
	const want = "scope:client:incoming?clientName=Alice " +
		"scope:client:outgoing?appSid=AP2&appParams=b%3D2&clientName=Alice"
	if got := decode(t, mint(t, token), authToken).scope; got != want {
		t.Errorf("the scope is %s", got)
	}
	check(t, token.AllowOutgoing("AP3"))
	const last = "scope:client:incoming?clientName=Alice scope:client:outgoing?appSid=AP3&clientName=Alice"
	if got := decode(t, mint(t, token), authToken).scope; got != last {
		t.Errorf("the scope is %s", got)
	}
}

// Protects: filters are encoded like parameters, and a second call replaces them.
func TestEventStreamEncodesAndReplacesFilters(t *testing.T) {
	const path = "scope:stream:subscribe?path=%2F2010-04-01%2FEvents"
	token := newToken(t)
	for _, test := range []struct {
		filters []captoken.Param
		scope   string
	}{
		{[]captoken.Param{{Key: "b", Value: "2 & 3"}, {Key: "a", Value: "é"}, {Key: "b", Value: ""}},
			path + "&params=b%3D2%2520%2526%25203%26a%3D%25C3%25A9%26b%3D"},
		{[]captoken.Param{{}}, path + "&params=%3D"},
		{[]captoken.Param{{Key: "c", Value: "4"}}, path + "&params=c%3D4"},
		{nil, path},
	} {
		check(t, token.AllowEventStream(test.filters...))
		if got := decode(t, mint(t, token), authToken).scope; got != test.scope {
			t.Errorf("the scope is %s, not %s", got, test.scope)
		}
	}
}

// Protects: outgoing calls have the last name, and SetClientName does not allow incoming
// calls.
func TestLastNameCountsForOutgoingCalls(t *testing.T) {
	token := newToken(t)
	const outgoing = "scope:client:outgoing?appSid=AP1"
	for _, step := range []struct {
		call  func() error
		scope string
	}{
		{func() error { return token.SetClientName("a b") }, ""},
		{func() error { return token.AllowOutgoing("AP1") }, outgoing + "&clientName=a%20b"},
		{func() error { return token.SetClientName("Alice") }, outgoing + "&clientName=Alice"},
		{func() error { return token.AllowIncoming("Bob") },
			"scope:client:incoming?clientName=Bob " + outgoing + "&clientName=Bob"},
		{func() error { return token.SetClientName("Carol") },
			"scope:client:incoming?clientName=Bob " + outgoing + "&clientName=Carol"},
	} {
		check(t, step.call())
		if got := decode(t, mint(t, token), authToken).scope; got != step.scope {
			t.Errorf("the scope is %q, not %q", got, step.scope)
		}
	}
}

// Protects: CheckClientName accepts the names that every Twilio product accepts, and no others.
func TestCheckClientNameRefusesUnusualNames(t *testing.T) {
	for name, want := range map[string]error{
		"a": nil, "Alice_42": nil, "0": nil, strings.Repeat("x", 256): nil,
		strings.Repeat("x", 257): captoken.ErrInvalidClientName,
		"Alice Smith":            captoken.ErrInvalidClientName,
		"é":                      captoken.ErrInvalidClientName,
		"a-b":                    captoken.ErrInvalidClientName,
		"a\n":                    captoken.ErrInvalidClientName,
		"":                       captoken.ErrEmptyArgument,
		notUTF8:                  captoken.ErrInvalidUTF8,
		nul:                      captoken.ErrNUL,
		"a\x00":                  captoken.ErrNUL,
	} {
		if err := captoken.CheckClientName(name); want != nil {
			checkError(t, err, want)
		} else if err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A marshaler is a value whose JSON a function returns.
type marshaler func() ([]byte, error)

func (m marshaler) MarshalJSON() ([]byte, error) { return m() }

// Protects: AddClaim encodes each value as JSON. Private claims precede the claims of the
// library, in the order of the first calls.
func TestClaimsAreEncodedInOrder(t *testing.T) {
	type user struct {
		Name string `json:"name"`
		ID   int64
	}
	token := newToken(t)
	want := ""
	for i, test := range []struct {
		value interface{}
		json  string
	}{
		{"text", `"text"`},
		{"é €😀 \"\\/<&>\u2028\x00", `"\u00e9 \u20ac\ud83d\ude00 \"\\/<&>\u2028\u0000"`},
		{"", `""`},
		{"a\xffb", `"a\ufffdb"`},
		{nil, `null`},
		{true, `true`},
		{int64(math.MinInt64), `-9223372036854775808`},
		{uint64(math.MaxUint64), `18446744073709551615`},
		{0.1, `0.1`},
		{[]string{}, `[]`},
		{map[string]interface{}{"b": []interface{}{1, nil}, "a": 1.5}, `{"a":1.5,"b":[1,null]}`},
		{user{"Alice", 7}, `{"name":"Alice","ID":7}`},
		{&user{"Bob", 8}, `{"name":"Bob","ID":8}`},
		{json.Number("1E+02"), `1E+02`},
		{json.RawMessage(` { "b" : 1.0, "a" : 1e400, "b" : [ ] } `), `{"b":1.0,"a":1e400,"b":[]}`},
		{marshaler(func() ([]byte, error) { return []byte("42"), nil }), `42`},
		{json.RawMessage(strings.Repeat("[", 127) + strings.Repeat("]", 127)),
			strings.Repeat("[", 127) + strings.Repeat("]", 127)},
	} {
		name := strconv.Itoa(i)
		check(t, token.AddClaim(name, test.value))
		want += `"` + name + `":` + test.json + ","
		end := `"scope":"","iss":"AC123123","exp":1400003600}`
		if got := payload(t, mint(t, token), authToken); got != "{"+want+end {
			t.Fatalf("the payload is %s, not {%s%s", got, want, end)
		}
	}

	token = newToken(t)
	check(t, token.AddClaim("a", 1))
	check(t, token.AddClaim("é", 2))
	check(t, token.AddClaim("a", 3))
	check(t, token.AddClaim("Scope", 4))
	const last = `{"a":3,"\u00e9":2,"Scope":4,"scope":"","iss":"AC123123","exp":1400003600}`
	if got := payload(t, mint(t, token), authToken); got != last {
		t.Errorf("the payload is %s", got)
	}
}

// Protects: an error about the value of a claim names the claim and is ErrInvalidJSON. It
// wraps the errors of the caller's MarshalJSON and of encoding/json.
func TestErrorsNameInvalidClaims(t *testing.T) {
	token := newToken(t)
	check(t, token.AddClaim("c", 1))
	before := mint(t, token)
	refused := func(name string, value interface{}, message string) error {
		t.Helper()
		err := token.AddClaim(name, value)
		checkError(t, err, captoken.ErrInvalidJSON)
		var own *captoken.Error
		if !errors.As(err, &own) || own.Status != captoken.StatusInvalidJSON {
			t.Errorf("errors.As finds %v in %v", own, err)
		}
		for _, other := range []error{captoken.ErrInternal, captoken.ErrInvalidToken, os.ErrClosed} {
			if errors.Is(err, other) {
				t.Errorf("%v is %v", err, other)
			}
		}
		if !strings.HasPrefix(err.Error(), message) {
			t.Errorf("%v, not %s", err, message)
		}
		return err
	}

	var unsupportedType *json.UnsupportedTypeError
	err := refused("user", make(chan int), `captoken: claim "user": json: unsupported type: chan int`)
	if !errors.As(err, &unsupportedType) {
		t.Errorf("%v does not wrap an error of encoding/json", err)
	}
	var unsupportedValue *json.UnsupportedValueError
	if err := refused("c", math.NaN(), `captoken: claim "c": json: `); !errors.As(err, &unsupportedValue) {
		t.Errorf("%v does not wrap an error of encoding/json", err)
	}
	own := errors.New("own")
	err = refused("c", marshaler(func() ([]byte, error) { return nil, own }), `captoken: claim "c": json: `)
	if !errors.Is(err, own) || !strings.HasSuffix(err.Error(), ": own") {
		t.Errorf("%v does not wrap the error of MarshalJSON", err)
	}
	for _, raw := range []string{"", "{", "1 2", "nul", "\"\x00\""} {
		var syntax *json.MarshalerError
		if err := refused("c", json.RawMessage(raw), `captoken: claim "c": json: `); !errors.As(err, &syntax) {
			t.Errorf("%q: %v does not wrap an error of encoding/json", raw, err)
		}
	}

	// Values that the library refuses. The message quotes every name.
	const why = ": nested more than 127 levels deep, or a string has an unpaired surrogate"
	refused("c", json.RawMessage(strings.Repeat("[", 128)+strings.Repeat("]", 128)), `captoken: claim "c"`+why)
	refused("é \"\n", json.RawMessage(`["\udc00"]`), `captoken: claim "é \"\n"`+why)
	refused("\xff\x00", func() {}, `captoken: claim "\xff\x00": json: unsupported type: func()`)

	// If a MarshalJSON returns an error of this package, AddClaim still returns ErrInvalidJSON.
	closed := marshaler(func() ([]byte, error) { return nil, (&captoken.Token{}).AllowIncoming("Alice") })
	if err := token.AddClaim("c", closed); !errors.Is(err, captoken.ErrClosed) {
		t.Errorf("%v does not wrap ErrClosed", err)
	} else {
		refused("c", closed, `captoken: claim "c": json: `)
	}
	// Errors about the name do not name the claim.
	for name, want := range map[string]error{"exp": captoken.ErrReservedName, "": captoken.ErrEmptyArgument} {
		err := token.AddClaim(name, 1)
		checkError(t, err, want)
		if errors.Is(err, captoken.ErrInvalidJSON) || err.Error() != want.Error() {
			t.Errorf("the error is %v", err)
		}
	}

	if after := mint(t, token); after != before {
		t.Errorf("the Token has changed to %s", after)
	}
	// Some versions of encoding/json replace these bytes, others do not.
	if err := token.AddClaim("c", json.RawMessage("\"\xff\"")); err != nil {
		checkError(t, err, captoken.ErrInvalidUTF8)
	}
}

// Protects: a MarshalJSON may use the Token without a deadlock, and its changes are kept.
func TestClaimsMayUseTheToken(t *testing.T) {
	token := newToken(t)
	check(t, token.AddClaim("token", marshaler(func() ([]byte, error) {
		err := token.AllowIncoming("Alice")
		if err != nil {
			return nil, err
		}
		jwt, err := token.GenerateAt(frozen, 0)
		return []byte(strconv.Quote(jwt)), err
	})))
	jwt := mint(t, token)
	if got := decode(t, jwt, authToken, "token").scope; got != "scope:client:incoming?clientName=Alice" {
		t.Errorf("the scope is %s", got)
	}
	panics := func() (value interface{}) {
		defer func() { value = recover() }()
		return token.AddClaim("token", marshaler(func() ([]byte, error) { panic("own") }))
	}
	if value := panics(); value != "own" {
		t.Errorf("the panic is %v", value)
	}
	if got := mint(t, token); got != jwt {
		t.Error("the Token has changed")
	}
}

// Protects: SetNotBefore writes whole seconds, and two times remove the claim.
func TestSetNotBeforeWritesWholeSeconds(t *testing.T) {
	token := newToken(t)
	for _, test := range []struct {
		notBefore time.Time
		nbf       string
	}{
		{frozen, `,"nbf":1400000000`},
		{frozen.Add(999999999), `,"nbf":1400000000`},
		{frozen.Add(-1).In(time.FixedZone("east", 7200)), `,"nbf":1399999999`},
		{time.Time{}, ""},
		{time.Unix(1<<53-1, 0), `,"nbf":9007199254740991`},
		{time.Unix(0, 0), ""},
		{time.Unix(1, 0), `,"nbf":1`},
		{time.Unix(0, 999999999), ""},
	} {
		check(t, token.SetNotBefore(test.notBefore))
		want := `{"scope":"","iss":"AC123123","exp":1400003600` + test.nbf + "}"
		if got := payload(t, mint(t, token), authToken); got != want {
			t.Errorf("%v: the payload is %s", test.notBefore, got)
		}
	}
	checkError(t, token.SetNotBefore(time.Unix(0, -1)), captoken.ErrInvalidTime)
}

// Protects: a time to live has whole seconds, a default and limits.
func TestTimeToLiveIsInWholeSeconds(t *testing.T) {
	tests := []struct {
		ttl     time.Duration
		seconds int64 // 0 if ttl is invalid
	}{
		{0, 3600},
		{captoken.DefaultTTL, 3600},
		{time.Second, 1},
		{10 * time.Minute, 600},
		{24 * time.Hour, 86400},
		{captoken.MaxTTL, 86400},
		{captoken.MaxTTL + time.Second, 0},
		{captoken.MaxTTL + time.Nanosecond, 0},
		{1500 * time.Millisecond, 0},
		{500 * time.Millisecond, 0},
		{time.Nanosecond, 0},
		{-time.Nanosecond, 0},
		{-time.Second, 0},
		{-time.Hour, 0},
		{3600, 0}, // the mistake of a caller who expects seconds
		{math.MaxInt64, 0},
		{math.MinInt64, 0},
	}
	token := newToken(t)
	for _, test := range tests {
		before := time.Now().Unix()
		jwt, err := token.Generate(test.ttl)
		after := time.Now().Unix()
		frozenJWT, frozenErr := token.GenerateAt(frozen, test.ttl)
		if test.seconds == 0 {
			checkError(t, err, captoken.ErrInvalidTTL)
			checkError(t, frozenErr, captoken.ErrInvalidTTL)
			continue
		}
		check(t, first(err, frozenErr))
		exp := decode(t, jwt, authToken).exp
		if exp < before+test.seconds || exp > after+test.seconds {
			t.Errorf("%v from %d: exp is %d", test.ttl, before, exp)
		}
		if exp := decode(t, frozenJWT, authToken).exp; exp != frozen.Unix()+test.seconds {
			t.Errorf("%v from %d: exp is %d", test.ttl, frozen.Unix(), exp)
		}
	}
}

// Protects: times are rounded down, and times that JSON numbers cannot represent are refused.
func TestGenerateAtRoundsAndLimitsTimes(t *testing.T) {
	const last = 1<<53 - 1
	tests := []struct {
		now time.Time
		ttl time.Duration
		exp int64 // 0 if the time is invalid
	}{
		{time.Unix(0, 0), time.Second, 1},
		{time.Unix(0, 999999999), time.Second, 1},
		{time.Unix(1399999999, 999999999), time.Second, 1400000000},
		{time.Unix(1<<31, 0), time.Second, 1<<31 + 1},
		{time.Unix(1e10, 0), time.Second, 1e10 + 1},
		{time.Unix(last-1, 0), time.Second, last},
		{time.Unix(last, 0), time.Second, 0},
		{time.Unix(last+1, 0), time.Second, 0},
		{time.Unix(math.MaxInt64, 0), time.Second, 0},
		{time.Unix(-1, 0), time.Second, 0},
		{time.Unix(0, -1), time.Second, 0},
		{time.Time{}, time.Second, 0},
		{time.Unix(-1, 0), time.Millisecond, 0}, // the first error counts
	}
	token := newToken(t)
	for _, test := range tests {
		jwt, err := token.GenerateAt(test.now, test.ttl)
		if test.exp == 0 {
			checkError(t, err, captoken.ErrInvalidTime)
			continue
		}
		check(t, err)
		if exp := decode(t, jwt, authToken).exp; exp != test.exp {
			t.Errorf("%d: exp is %d, not %d", test.now.Unix(), exp, test.exp)
		}
	}
}

// Protects: the length of a string is not limited.
func TestLongParamsReachTheToken(t *testing.T) {
	token := newToken(t)
	value := strings.Repeat("0123456789 &=+%", 1<<20/15)
	check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "long", Value: value},
		captoken.Param{Key: "", Value: ""}))
	found := permissions(t, decode(t, mint(t, token), authToken).scope)
	if len(found) != 1 || len(found[0].params) != 2 {
		t.Fatal("not one permission with two params")
	}
	if found[0].params[0] != (pair{"long", value}) || found[0].params[1] != (pair{"", ""}) {
		t.Error("the params differ")
	}
}

// Protects: every method of a closed, nil or zero Token returns an error.
func TestUseAfterCloseIsAnError(t *testing.T) {
	closed, err := captoken.New(accountSID, authToken)
	check(t, err)
	copied := *closed
	check(t, closed.Close())
	check(t, closed.Close())
	access, err := captoken.NewAccess(accountSID, apiKeySID, apiKeySecret)
	check(t, err)
	check(t, access.Close())
	for name, token := range map[string]*captoken.Token{
		"closed": closed, "access": access, "a copy": &copied, "zero": {}, "nil": nil,
	} {
		t.Run(name, func(t *testing.T) {
			checkError(t, token.AllowIncoming("Alice"), captoken.ErrClosed)
			checkError(t, token.AllowIncoming(nul), captoken.ErrClosed)
			checkError(t, token.AllowOutgoing(applicationSID), captoken.ErrClosed)
			checkError(t, token.AllowOutgoing(""), captoken.ErrClosed)
			checkError(t, token.AllowEventStream(), captoken.ErrClosed)
			checkError(t, token.AllowEventStream(captoken.Param{Key: nul}), captoken.ErrClosed)
			checkError(t, token.SetClientName("Alice"), captoken.ErrClosed)
			checkError(t, token.SetClientName(""), captoken.ErrClosed)
			checkError(t, token.AddClaim("c", 1), captoken.ErrClosed)
			checkError(t, token.AddClaim("scope", nul), captoken.ErrClosed)
			checkError(t, token.SetNotBefore(frozen), captoken.ErrClosed)
			checkError(t, token.SetNotBefore(time.Time{}), captoken.ErrClosed)
			checkError(t, token.SetRegion("ie1"), captoken.ErrClosed)
			checkError(t, token.SetRegion(nul), captoken.ErrClosed)
			checkError(t, token.SetPushCredential("CR1"), captoken.ErrClosed)
			checkError(t, token.SetPushCredential(""), captoken.ErrClosed)
			checkError(t, token.AddGrant("video", struct{}{}), captoken.ErrClosed)
			checkError(t, token.AddGrant("voice", nul), captoken.ErrClosed)
			jwt, err := token.Generate(captoken.DefaultTTL)
			checkError(t, err, captoken.ErrClosed)
			jwtAt, err := token.GenerateAt(frozen, -1)
			checkError(t, err, captoken.ErrClosed)
			if jwt+jwtAt != "" {
				t.Error("a token was minted")
			}
			check(t, token.Close())
		})
	}
}

// Protects: printing a Token does not reveal its strings.
func TestPrintedTokensHideTheSecret(t *testing.T) {
	for _, token := range []*captoken.Token{newToken(t), newAccess(t)} {
		check(t, token.AllowIncoming("Alice"))
		printed := ""
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			printed += fmt.Sprintf(verb, token) + fmt.Sprintf(verb, *token)
		}
		//lint:ignore SA9005 it must stay empty
		encoded, err := json.Marshal(token)
		check(t, err)
		printed += string(encoded)
		for _, s := range []string{accountSID, authToken, apiKeySID, apiKeySecret, "Alice"} {
			if strings.Contains(printed, s) || strings.Contains(printed, fmt.Sprintf("%x", s)) {
				t.Errorf("%q is in %s", s, printed)
			}
		}
		if !strings.Contains(printed, "captoken.Token{") {
			t.Errorf("nothing was printed: %s", printed)
		}
	}
}

// Protects: errors.Is distinguishes all errors.
func TestErrorsAreDistinct(t *testing.T) {
	errs := map[captoken.Status]error{
		captoken.StatusEmptyArgument:     captoken.ErrEmptyArgument,
		captoken.StatusInvalidUTF8:       captoken.ErrInvalidUTF8,
		captoken.StatusInvalidTTL:        captoken.ErrInvalidTTL,
		captoken.StatusInvalidTime:       captoken.ErrInvalidTime,
		captoken.StatusNoCredentials:     captoken.ErrNoCredentials,
		captoken.StatusInvalidClientName: captoken.ErrInvalidClientName,
		captoken.StatusReservedName:      captoken.ErrReservedName,
		captoken.StatusInvalidJSON:       captoken.ErrInvalidJSON,
		captoken.StatusUnsupported:       captoken.ErrUnsupported,
		captoken.StatusOutOfMemory:       captoken.ErrOutOfMemory,
		captoken.StatusInternal:          captoken.ErrInternal,
		captoken.StatusTokenMalformed:    captoken.ErrTokenMalformed,
		captoken.StatusTokenAlgorithm:    captoken.ErrTokenAlgorithm,
		captoken.StatusTokenSignature:    captoken.ErrTokenSignature,
		captoken.StatusTokenExpired:      captoken.ErrTokenExpired,
		captoken.StatusTokenNotYetValid:  captoken.ErrTokenNotYetValid,
		captoken.StatusNUL:               captoken.ErrNUL,
		captoken.StatusClosed:            captoken.ErrClosed,
		captoken.StatusInvalidLeeway:     captoken.ErrInvalidLeeway,
	}
	for status, err := range errs {
		fresh := fmt.Errorf("wrapped: %w", &captoken.Error{Status: status})
		var own *captoken.Error
		if !errors.As(fresh, &own) || own.Status != status {
			t.Errorf("errors.As finds %v in %v", own, fresh)
		}
		if want := "captoken: " + status.String(); err.Error() != want {
			t.Errorf("%q is not %q", err, want)
		}
		for other, target := range errs {
			if errors.Is(fresh, target) != (status == other) {
				t.Errorf("errors.Is(%v, %v) is wrong", fresh, target)
			}
		}
		if errors.Is(fresh, captoken.ErrInvalidToken) != (16 <= status && status <= 20) {
			t.Errorf("errors.Is(%v, ErrInvalidToken) is wrong", fresh)
		}
		if errors.Is(fresh, os.ErrClosed) || errors.Is(fresh, (*captoken.Error)(nil)) {
			t.Errorf("%v is another error", fresh)
		}
	}
}

// Protects: the constants equal those of C, and every status has a distinct message.
func TestConstantsMatchTheHeader(t *testing.T) {
	header, err := os.ReadFile(inRepository(t, "include/captoken.ffi.h"))
	check(t, err)
	constants := map[string]int64{
		"CAP_TTL_DEFAULT":                int64(captoken.DefaultTTL / time.Second),
		"CAP_TTL_MAX":                    int64(captoken.MaxTTL / time.Second),
		"CAP_STATUS_OK":                  int64(captoken.StatusOK),
		"CAP_STATUS_NULL_ARGUMENT":       int64(captoken.StatusNullArgument),
		"CAP_STATUS_EMPTY_ARGUMENT":      int64(captoken.StatusEmptyArgument),
		"CAP_STATUS_INVALID_UTF8":        int64(captoken.StatusInvalidUTF8),
		"CAP_STATUS_INVALID_TTL":         int64(captoken.StatusInvalidTTL),
		"CAP_STATUS_INVALID_TIME":        int64(captoken.StatusInvalidTime),
		"CAP_STATUS_BUFFER_TOO_SMALL":    int64(captoken.StatusBufferTooSmall),
		"CAP_STATUS_NO_CREDENTIALS":      int64(captoken.StatusNoCredentials),
		"CAP_STATUS_INVALID_HANDLE":      int64(captoken.StatusInvalidHandle),
		"CAP_STATUS_MISSING_SCOPE":       int64(captoken.StatusMissingScope),
		"CAP_STATUS_INVALID_CLIENT_NAME": int64(captoken.StatusInvalidClientName),
		"CAP_STATUS_RESERVED_NAME":       int64(captoken.StatusReservedName),
		"CAP_STATUS_INVALID_JSON":        int64(captoken.StatusInvalidJSON),
		"CAP_STATUS_UNSUPPORTED":         int64(captoken.StatusUnsupported),
		"CAP_STATUS_OUT_OF_MEMORY":       int64(captoken.StatusOutOfMemory),
		"CAP_STATUS_INTERNAL":            int64(captoken.StatusInternal),
		"CAP_STATUS_TOKEN_MALFORMED":     int64(captoken.StatusTokenMalformed),
		"CAP_STATUS_TOKEN_ALGORITHM":     int64(captoken.StatusTokenAlgorithm),
		"CAP_STATUS_TOKEN_SIGNATURE":     int64(captoken.StatusTokenSignature),
		"CAP_STATUS_TOKEN_EXPIRED":       int64(captoken.StatusTokenExpired),
		"CAP_STATUS_TOKEN_NOT_YET_VALID": int64(captoken.StatusTokenNotYetValid),
		"CAP_STATUS_INVALID_REQUEST":     int64(captoken.StatusInvalidRequest),
	}
	unknown := captoken.Status(math.MaxInt32).String()
	messages := map[string]string{
		unknown:                        "no status",
		captoken.StatusNUL.String():    "StatusNUL",
		captoken.StatusClosed.String(): "StatusClosed",

		captoken.StatusInvalidLeeway.String(): "StatusInvalidLeeway",
	}
	if unknown != "unknown status" || captoken.Status(-4).String() != unknown || len(messages) != 4 {
		t.Errorf("the messages of other numbers are %v", messages)
	}
	found := regexp.MustCompile(`(CAP_\w+) = (-?\d+)`).FindAllStringSubmatch(string(header), -1)
	for _, match := range found {
		number, err := strconv.ParseInt(match[2], 10, 64)
		check(t, err)
		if got, ok := constants[match[1]]; !ok || got != number {
			t.Errorf("%s is %d, not %d", match[1], got, number)
		}
		if strings.HasPrefix(match[1], "CAP_STATUS_") {
			message := captoken.Status(number).String()
			if other, ok := messages[message]; ok || message == "" || strings.HasSuffix(message, ".") {
				t.Errorf("the message of %s is %q, like that of %s", match[1], message, other)
			}
			messages[message] = match[1]
		}
	}
	if len(found) != len(constants) {
		t.Errorf("%d constants in the header, %d here", len(found), len(constants))
	}
}

// Protects: Version returns the version in the manifest of the library.
func TestVersionMatchesTheManifest(t *testing.T) {
	manifest, err := os.ReadFile(inRepository(t, "Cargo.toml"))
	check(t, err)
	match := regexp.MustCompile(`(?m)^version = "(.*)"`).FindSubmatch(manifest)
	if match == nil || captoken.Version() != string(match[1]) {
		t.Errorf("the version is %s, not %s", captoken.Version(), match)
	}
}
