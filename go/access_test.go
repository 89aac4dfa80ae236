package captoken_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"captoken"
)

// accessPayload returns the payload of an access token without a region. It does not use
// the library.
func accessPayload(t testing.TB, jwt string) string {
	t.Helper()
	return payloadUnder(t, accessHeader, jwt, apiKeySecret)
}

// accessClaims returns the payload of an access token of newAccess with these grants.
func accessClaims(grants string) string {
	return `{"jti":"SK123123-1400000000","iss":"SK123123","sub":"AC123123","exp":1400003600,"grants":` + grants + `}`
}

// Protects: the payload of an access token after every call, byte for byte. The last name is
// the identity, and later calls replace earlier ones. Parameters are an object, in which a
// repeated key keeps its position and takes the last value.
func TestAccessPayloadIsExactAfterEveryCall(t *testing.T) {
	token := newAccess(t)
	for _, step := range []struct {
		name   string
		call   func() error
		grants string
	}{
		{"nothing yet", func() error { return nil }, `{}`},
		{"a name", func() error { return token.SetClientName("Bob") }, `{"identity":"Bob"}`},
		{"outgoing", func() error { return token.AllowOutgoing("AP1") },
			`{"identity":"Bob","voice":{"outgoing":{"application_sid":"AP1"}}}`},
		{"incoming", func() error { return token.AllowIncoming("Alice") },
			`{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1"}}}`},
		{"the last name counts", func() error { return token.SetClientName("é €😀 \"\\/<&>\u2028") },
			`{"identity":"\u00e9 \u20ac\ud83d\ude00 \"\\/<&>\u2028",` +
				`"voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1"}}}`},
		{"the last name counts again", func() error { return token.AllowIncoming("Carol") },
			`{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1"}}}`},
		{"parameters", func() error {
			return token.AllowOutgoing("AP2", captoken.Param{Key: "b", Value: "1"}, captoken.Param{Key: "a", Value: "+ %41&é"},
				captoken.Param{Key: "", Value: ""}, captoken.Param{Key: "b", Value: "2"}, captoken.Param{Key: "b", Value: "3"})
		}, `{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP2",` +
			`"params":{"b":"3","a":"+ %41&\u00e9","":""}}}}`},
		{"an object in a parameter", func() error {
			return token.AllowOutgoing("AP3", captoken.Param{Key: "user", Value: `{"id":42}`})
		}, `{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP3",` +
			`"params":{"user":"{\"id\":42}"}}}}`},
		{"no parameters", func() error { return token.AllowOutgoing("AP4") },
			`{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP4"}}}`},
		{"a grant", func() error { return token.AddGrant("video", struct{}{}) },
			`{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP4"}},"video":{}}`},
		{"push notifications", func() error { return token.SetPushCredential("CR1") },
			`{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP4"},` +
				`"push_credential_sid":"CR1"},"video":{}}`},
		{"other push notifications", func() error { return token.SetPushCredential("\"é") },
			`{"identity":"Carol","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP4"},` +
				`"push_credential_sid":"\"\u00e9"},"video":{}}`},
	} {
		check(t, step.call())
		if got, want := accessPayload(t, mint(t, token)), accessClaims(step.grants); got != want {
			t.Errorf("%s: the payload is\n%s, not\n%s", step.name, got, want)
		}
	}

	check(t, token.AddClaim("user", 42))
	check(t, token.AddClaim("scope ", []int{}))
	check(t, token.SetNotBefore(frozen))
	jwt, err := token.GenerateAt(time.Unix(1500000000, 0), time.Second)
	check(t, err)
	const start = `{"user":42,"scope ":[],"jti":"SK123123-1500000000","iss":"SK123123","sub":"AC123123",` +
		`"exp":1500000001,"nbf":1400000000,"grants":{"identity":"Carol",`
	if got := accessPayload(t, jwt); !strings.HasPrefix(got, start) {
		t.Errorf("the payload is %s", got)
	}

	// A push credential alone also creates a voice grant.
	token = newAccess(t)
	check(t, token.SetPushCredential("CR1"))
	if got := accessPayload(t, mint(t, token)); got != accessClaims(`{"voice":{"push_credential_sid":"CR1"}}`) {
		t.Errorf("the payload is %s", got)
	}
}

// Protects: Generate mints the token of GenerateAt at the time of the system clock.
func TestGenerateAccessUsesTheSystemClock(t *testing.T) {
	token := newAccess(t)
	before := time.Now().Unix()
	jwt, err := token.Generate(time.Minute)
	check(t, err)
	after := time.Now().Unix()
	for now := before; now <= after; now++ {
		at, err := token.GenerateAt(time.Unix(now, 0), time.Minute)
		check(t, err)
		if jwt == at {
			return
		}
	}
	t.Errorf("from %d to %d, the payload is %s", before, after, accessPayload(t, jwt))
}

// Protects: each of the three credentials has its place and can be any string.
func TestAccessCredentialsCanBeAnyStrings(t *testing.T) {
	token, err := captoken.NewAccess("é", "\"SK\\", " ß ")
	check(t, err)
	defer token.Close()
	const want = `{"jti":"\"SK\\-1400000000","iss":"\"SK\\","sub":"\u00e9","exp":1400003600,"grants":{}}`
	if got := payloadUnder(t, accessHeader, mint(t, token), " ß "); got != want {
		t.Errorf("the payload is %s", got)
	}
}

// Protects: a region changes the header and nothing else.
func TestRegionChangesOnlyTheHeader(t *testing.T) {
	token := newAccess(t)
	check(t, token.AllowIncoming("Alice"))
	before := accessPayload(t, mint(t, token))
	for _, test := range []struct{ region, spelled string }{
		{"ie1", `"ie1"`}, {"au1", `"au1"`}, {"é\"", `"\u00e9\""`},
	} {
		check(t, token.SetRegion(test.region))
		header := `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":` + test.spelled + `}`
		if got := payloadUnder(t, header, mint(t, token), apiKeySecret); got != before {
			t.Errorf("with %s, the payload is %s", test.region, got)
		}
	}
}

// Protects: grants are encoded like claims, in the order of the first calls. The cases are
// the grants of Twilio's libraries and all Go types that JSON encodes as objects.
func TestGrantsAreEncodedLikeClaims(t *testing.T) {
	type taskRouter struct {
		WorkspaceSID string `json:"workspace_sid"`
		WorkerSID    string `json:"worker_sid,omitempty"`
		Role         string `json:"role,omitempty"`
	}
	deep := strings.Repeat("[", 126) + strings.Repeat("]", 126)
	var nothing *struct{}
	token := newAccess(t)
	check(t, token.AllowIncoming("Alice"))
	want := `{"identity":"Alice","voice":{"incoming":{"allow":true}}`
	for _, test := range []struct {
		name, spelled string
		grant         interface{}
		json          string
	}{
		{"video", "video", map[string]string{"room": "é"}, `{"room":"\u00e9"}`},
		{"chat", "chat", struct {
			ServiceSID        string `json:"service_sid"`
			EndpointID        string `json:"endpoint_id"`
			DeploymentRoleSID string `json:"deployment_role_sid"`
			PushCredentialSID string `json:"push_credential_sid"`
		}{"IS1", "chat:alice:phone", "RL1", "CR1"},
			`{"service_sid":"IS1","endpoint_id":"chat:alice:phone","deployment_role_sid":"RL1","push_credential_sid":"CR1"}`},
		{"data_sync", "data_sync", json.RawMessage(` {"service_sid" : "IS2", "endpoint_id" : "sync"}`),
			`{"service_sid":"IS2","endpoint_id":"sync"}`},
		{"task_router", "task_router", &taskRouter{"WS1", "WK1", "worker"},
			`{"workspace_sid":"WS1","worker_sid":"WK1","role":"worker"}`},
		{"player", "player", json.RawMessage(`{"requestCredentials":null,"playbackUrl":"https://x/?a=1&b","ttl":1.50,` +
			`"a":[{"b":{"c":[true,[]]}}],"a":{}}`),
			`{"requestCredentials":null,"playbackUrl":"https://x/?a=1&b","ttl":1.50,"a":[{"b":{"c":[true,[]]}}],"a":{}}`},
		{"a struct of nothing", "a struct of nothing", struct{}{}, `{}`},
		{"a map of nothing", "a map of nothing", map[string]bool{}, `{}`},
		{"a grant to come é", `a grant to come \u00e9`, marshaler(func() ([]byte, error) { return []byte("{}"), nil }), `{}`},
		{"Identity", "Identity", map[string]interface{}{"nothing": nothing}, `{"nothing":null}`},
		{"deep", "deep", map[string]json.RawMessage{"a": json.RawMessage(deep)}, `{"a":` + deep + `}`},
	} {
		check(t, token.AddGrant(test.name, test.grant))
		want += `,"` + test.spelled + `":` + test.json
		if got := accessPayload(t, mint(t, token)); got != accessClaims(want+"}") {
			t.Fatalf("%s: the payload is\n%s, not\n%s", test.name, got, accessClaims(want+"}"))
		}
	}

	token = newAccess(t)
	check(t, token.AddGrant("a", map[string]int{"b": 1}))
	check(t, token.AddGrant("c", struct{}{}))
	check(t, token.AddGrant("a", map[string]int{"b": 2}))
	if got := accessPayload(t, mint(t, token)); got != accessClaims(`{"a":{"b":2},"c":{}}`) {
		t.Errorf("the payload is %s", got)
	}
}

// Protects: an error about a grant's value names the grant and the kind of the value, or
// another reason. It does not contain the value.
func TestErrorsNameInvalidGrants(t *testing.T) {
	token := newAccess(t)
	check(t, token.AddGrant("g", map[string]int{"a": 1}))
	before := mint(t, token)
	var noMap map[string]string
	var noStruct *struct{ A int }
	own := errors.New("own")
	deep := json.RawMessage(strings.Repeat("[", 127) + strings.Repeat("]", 127))
	const other = "nested more than 127 levels deep, or a string has an unpaired surrogate"
	for _, test := range []struct {
		grant interface{}
		why   string
	}{
		{nil, "null is not a JSON object"},
		{noMap, "null is not a JSON object"},
		{noStruct, "null is not a JSON object"},
		{json.RawMessage(nil), "null is not a JSON object"},
		{json.RawMessage(" null "), "null is not a JSON object"},
		{[]string{"secret"}, "an array is not a JSON object"},
		{[0]int{}, "an array is not a JSON object"},
		{deep, "an array is not a JSON object"},
		{"secret", "a string is not a JSON object"},
		{[]byte("secret"), "a string is not a JSON object"},
		{42, "a number is not a JSON object"},
		{-0.5, "a number is not a JSON object"},
		{true, "a boolean is not a JSON object"},
		{false, "a boolean is not a JSON object"},
		{map[string]json.RawMessage{"secret": deep}, other},
		{json.RawMessage(`{"secret":"\udc00"}`), other},
		{func() {}, "json: unsupported type: func()"},
	} {
		err := token.AddGrant("g", test.grant)
		checkError(t, err, captoken.ErrInvalidJSON)
		if want := `captoken: grant "g": ` + test.why; err.Error() != want {
			t.Errorf("%v: the error is %v, not %s", test.grant, err, want)
		}
		var found *captoken.Error
		if !errors.As(err, &found) || found.Status != captoken.StatusInvalidJSON || errors.Is(err, os.ErrClosed) {
			t.Errorf("errors.As finds %v in %v", found, err)
		}
	}
	// errors.Is finds the error of a MarshalJSON.
	err := token.AddGrant("é \"\n", marshaler(func() ([]byte, error) { return nil, own }))
	checkError(t, err, captoken.ErrInvalidJSON)
	if message := err.Error(); !errors.Is(err, own) || !strings.HasPrefix(message, `captoken: grant "é \"\n": json: `) ||
		!strings.HasSuffix(message, ": own") {
		t.Errorf("the error is %v", err)
	}
	// null is a valid claim.
	check(t, newAccess(t).AddClaim("g", nil))
	// Errors about the name do not name the grant.
	for name, want := range map[string]error{"voice": captoken.ErrReservedName, "": captoken.ErrEmptyArgument} {
		if err := token.AddGrant(name, nil); !errors.Is(err, want) || err.Error() != want.Error() {
			t.Errorf("the error is %v", err)
		}
	}
	if after := mint(t, token); after != before {
		t.Errorf("the Token has changed to %s", after)
	}
}

// Protects: the MarshalJSON of a grant may use the Token.
func TestGrantsMayUseTheToken(t *testing.T) {
	token := newAccess(t)
	check(t, token.AddGrant("g", marshaler(func() ([]byte, error) {
		return []byte(`{}`), token.AllowIncoming("Alice")
	})))
	const want = `{"identity":"Alice","voice":{"incoming":{"allow":true}},"g":{}}`
	if got := accessPayload(t, mint(t, token)); got != accessClaims(want) {
		t.Errorf("the payload is %s", got)
	}
}
