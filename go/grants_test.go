package captoken_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"captoken"
)

// verifyAccess returns the claims of an access token with this payload.
func verifyAccess(t *testing.T, payload string) captoken.Claims {
	t.Helper()
	claims, err := captoken.Verify(sign(accessHeader, payload, apiKeySecret), apiKeySecret, frozen)
	check(t, err)
	return claims
}

// Protects: Verify returns everything that this package writes into access tokens.
func TestVerifyReturnsAllAccessClaims(t *testing.T) {
	token := newAccess(t)
	check(t, token.AllowIncoming("Ann é"))
	check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "Foo", Value: "1 + 1"}, captoken.Param{Key: "é"}))
	check(t, token.SetPushCredential("CR1"))
	check(t, token.AddGrant("video", map[string]string{"room": "standup"}))
	check(t, token.AddGrant("é", struct{}{}))
	check(t, token.AddClaim("user", map[string]int{"id": 42}))
	check(t, token.AddClaim("Grants", "none"))
	check(t, token.SetNotBefore(frozen))
	check(t, token.SetRegion("ie1"))
	jwt := mint(t, token)
	claims, err := captoken.Verify(jwt, apiKeySecret, frozen)
	check(t, err)
	const regional = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1"}`
	want := captoken.Claims{
		Issuer:    apiKeySID,
		Subject:   accountSID,
		ID:        apiKeySID + "-1400000000",
		ExpiresAt: frozen.Add(time.Hour).UTC(),
		NotBefore: frozen.UTC(),
		Grants: &captoken.Grants{
			Identity: "Ann é",
			Voice: &captoken.VoiceGrant{
				Incoming:          true,
				ApplicationSID:    applicationSID,
				Params:            json.RawMessage(`{"Foo":"1 + 1","\u00e9":""}`),
				PushCredentialSID: "CR1",
			},
			Others: map[string]json.RawMessage{
				"video": json.RawMessage(`{"room":"standup"}`),
				"é":     json.RawMessage(`{}`),
			},
		},
		Custom: map[string]json.RawMessage{
			"user":   json.RawMessage(`{"id":42}`),
			"Grants": json.RawMessage(`"none"`),
		},
		Payload: json.RawMessage(payloadUnder(t, regional, jwt, apiKeySecret)),
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("the claims are\n%+v, not\n%+v", claims, want)
	}
	var params map[string]string
	check(t, json.Unmarshal(claims.Grants.Voice.Params, &params))
	if want := map[string]string{"Foo": "1 + 1", "é": ""}; !reflect.DeepEqual(params, want) {
		t.Errorf("the parameters are %q", params)
	}
}

// Protects: Verify accepts an access token only before its expiry and with the secret of its
// API key.
func TestVerifyRefusesExpiredAndForgedAccessTokens(t *testing.T) {
	jwt := mint(t, newAccess(t))
	for _, test := range []struct {
		secret string
		now    time.Time
		want   error
	}{
		{apiKeySecret, frozen.Add(time.Hour - 1), nil},
		{apiKeySecret, frozen.Add(time.Hour), captoken.ErrTokenExpired},
		{authToken, frozen, captoken.ErrTokenSignature},
	} {
		claims, err := captoken.Verify(jwt, test.secret, test.now)
		if test.want == nil {
			check(t, err)
			continue
		}
		checkError(t, err, test.want)
		if !reflect.DeepEqual(claims, captoken.Claims{}) {
			t.Errorf("the claims are %+v", claims)
		}
	}
}

// Protects: Verify reads access tokens of Twilio's own libraries. They have another order,
// other claims, nested parameters, and grants that this package does not write.
func TestVerifyReadsTwilioAccessTokens(t *testing.T) {
	const params = `{"user":{"id":42,"roles":["a",null]},"amount":1.50,"b":true}`
	const payload = `{"jti":"SK123-1400000000","grants":{"identity":"alice","video":{"room":"a"},"voice":{"endpoint_id":"phone",` +
		`"push_credential_sid":"CR1","incoming":{"allow":true},"outgoing":{"params":` + params +
		`,"application_sid":"AP1"}},"rtc":{}},"iss":"SK123","exp":1400003600,"iat":1400000000,"nbf":1400000000,"sub":"AC123"}`
	want := captoken.Claims{
		Issuer:    "SK123",
		Subject:   "AC123",
		ID:        "SK123-1400000000",
		ExpiresAt: frozen.Add(time.Hour).UTC(),
		NotBefore: frozen.UTC(),
		IssuedAt:  frozen.UTC(),
		Grants: &captoken.Grants{
			Identity: "alice",
			Voice: &captoken.VoiceGrant{
				Incoming:          true,
				ApplicationSID:    "AP1",
				Params:            json.RawMessage(params),
				PushCredentialSID: "CR1",
				EndpointID:        "phone",
			},
			Others: map[string]json.RawMessage{
				"video": json.RawMessage(`{"room":"a"}`),
				"rtc":   json.RawMessage(`{}`),
			},
		},
		Payload: json.RawMessage(payload),
	}
	if claims := verifyAccess(t, payload); !reflect.DeepEqual(claims, want) {
		t.Errorf("the claims are\n%+v, not\n%+v", claims, want)
	}
}

// Protects: Verify reads any grants. A field is empty if its member has another type or
// another spelling, or if its object has a repeated name.
func TestVerifyReadsUnusualGrants(t *testing.T) {
	others := func(pairs ...string) map[string]json.RawMessage {
		members := map[string]json.RawMessage{}
		for i := 0; i < len(pairs); i += 2 {
			members[pairs[i]] = json.RawMessage(pairs[i+1])
		}
		return members
	}
	voice := func(voice captoken.VoiceGrant) *captoken.Grants { return &captoken.Grants{Voice: &voice} }
	deep := strings.Repeat("[", 127) + strings.Repeat("]", 127)
	for _, test := range []struct {
		grants string
		want   *captoken.Grants
	}{
		{`null`, nil},
		{`true`, nil},
		{`1`, nil},
		{`"identity"`, nil},
		{`[]`, nil},
		{`[{"identity":"a"}]`, nil},
		{`{}`, &captoken.Grants{}},
		{" {\n} ", &captoken.Grants{}},
		// The identity.
		{`{"identity":"a"}`, &captoken.Grants{Identity: "a"}},
		{` { "\u0069dentity" : "\u00e9\ud83d\ude00\u0000" } `, &captoken.Grants{Identity: "é😀\x00"}},
		{`{"identity":""}`, &captoken.Grants{}},
		{`{"identity":null}`, &captoken.Grants{}},
		{`{"identity":1}`, &captoken.Grants{}},
		{`{"identity":["a"]}`, &captoken.Grants{}},
		{`{"identity":{"a":"b"}}`, &captoken.Grants{}},
		{`{"Identity":"a","IDENTITY":"b","VOICE":{}}`,
			&captoken.Grants{Others: others("Identity", `"a"`, "IDENTITY", `"b"`, "VOICE", "{}")}},
		// Repeated names.
		{`{"identity":"a","identity":"a"}`, nil},
		{`{"identity":"a","id\u0065ntity":"b"}`, nil},
		{`{"identity":null,"identity":"b"}`, nil},
		{`{"identity":"a","voice":{},"voice":{"incoming":{"allow":true}}}`, nil},
		{`{"identity":"a","video":{},"video":{}}`, nil},
		{`{"identity":"a","":1,"":2}`, nil},
		// Calls.
		{`{"voice":null}`, &captoken.Grants{}},
		{`{"voice":true}`, &captoken.Grants{}},
		{`{"voice":"incoming"}`, &captoken.Grants{}},
		{`{"voice":[{"incoming":{"allow":true}}]}`, &captoken.Grants{}},
		{`{"voice":{}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"Incoming":{"allow":true},"Outgoing":{"application_sid":"AP1"},"Endpoint_id":"a"}}`,
			voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":true}}}`, voice(captoken.VoiceGrant{Incoming: true})},
		{`{"voice":{ "incoming" : { "\u0061llow" : true } } }`, voice(captoken.VoiceGrant{Incoming: true})},
		{`{"voice":{"incoming":{"allow":false}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":"true"}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":1}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":[true]}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":null}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"Allow":true}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":true}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":["allow",true]}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":true,"allow":true}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"incoming":{"allow":false,"allow":true}}}`, voice(captoken.VoiceGrant{})},
		{`{"identity":"a","voice":{"incoming":{"allow":true},"incoming":{"allow":true}}}`, &captoken.Grants{Identity: "a"}},
		{`{"voice":{"outgoing":{"application_sid":"AP1"}}}`, voice(captoken.VoiceGrant{ApplicationSID: "AP1"})},
		{`{"voice":{"outgoing":{"application_sid":1,"params":{"a":1}}}}`,
			voice(captoken.VoiceGrant{Params: json.RawMessage(`{"a":1}`)})},
		{`{"voice":{"outgoing":"AP1"}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"outgoing":{"application_sid":"AP1","application_sid":"AP1","params":{}}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"outgoing":{"params":{}}}}`, voice(captoken.VoiceGrant{Params: json.RawMessage(`{}`)})},
		{`{"voice":{"outgoing":{"params":{"b":1e400,"a":{"c":1,"c":2} } }}}`,
			voice(captoken.VoiceGrant{Params: json.RawMessage(`{"b":1e400,"a":{"c":1,"c":2} }`)})},
		{`{"voice":{"outgoing":{"application_sid":"AP1","params":{"a":1,"a":1}}}}`,
			voice(captoken.VoiceGrant{ApplicationSID: "AP1"})},
		{`{"voice":{"outgoing":{"params":null}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"outgoing":{"params":[]}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"outgoing":{"params":"a=1"}}}`, voice(captoken.VoiceGrant{})},
		{`{"voice":{"push_credential_sid":"CR1","endpoint_id":"a"}}`,
			voice(captoken.VoiceGrant{PushCredentialSID: "CR1", EndpointID: "a"})},
		{`{"voice":{"push_credential_sid":["CR1"],"endpoint_id":1,"application_sid":"AP1","allow":true,"params":{}}}`,
			voice(captoken.VoiceGrant{})},
		{`{"incoming":{"allow":true},"allow":true}`,
			&captoken.Grants{Others: others("incoming", `{"allow":true}`, "allow", "true")}},
		// Other grants, of any type.
		{`{"video":null,"chat":"a","a":[ 1 ],"":{"b":1,"b":2}}`,
			&captoken.Grants{Others: others("video", "null", "chat", `"a"`, "a", "[ 1 ]", "", `{"b":1,"b":2}`)}},
		{`{"a":` + deep + `}`, &captoken.Grants{Others: others("a", deep)}},
		{`{"voice":{"outgoing":{"params":{"a":` + deep[3:251] + `}}}}`,
			voice(captoken.VoiceGrant{Params: json.RawMessage(`{"a":` + deep[3:251] + `}`)})},
	} {
		payload := `{"exp":1400003600,"user":1,"grants":` + test.grants + `}`
		want := captoken.Claims{
			ExpiresAt: frozen.Add(time.Hour).UTC(),
			Grants:    test.want,
			Custom:    others("user", "1"),
			Payload:   json.RawMessage(payload),
		}
		if claims := verifyAccess(t, payload); !reflect.DeepEqual(claims, want) {
			t.Errorf("%s gives\n%+v, not\n%+v", test.grants, claims.Grants, test.want)
		}
	}

	// If the claim repeats, the last one counts.
	const twice = `{"grants":{"identity":"a","video":{}},"exp":1400003600,"grants":{"identity":"b"}}`
	if claims := verifyAccess(t, twice); !reflect.DeepEqual(claims.Grants, &captoken.Grants{Identity: "b"}) || claims.Custom != nil {
		t.Errorf("%s gives %+v", twice, claims)
	}
}

// Protects: the grants share no memory with the payload or each other.
func TestGrantsShareNoMemory(t *testing.T) {
	const payload = `{"grants":{"a":"abc","voice":{"outgoing":{"params":{"b":"bcd"}}},"c":[1,2,3]},"exp":1400003600}`
	parts := func(claims *captoken.Claims) map[string]*json.RawMessage {
		a, c := claims.Grants.Others["a"], claims.Grants.Others["c"]
		return map[string]*json.RawMessage{
			"payload": &claims.Payload, "params": &claims.Grants.Voice.Params, "a": &a, "c": &c,
		}
	}
	for name := range parts(&captoken.Claims{Grants: &captoken.Grants{Voice: &captoken.VoiceGrant{}}}) {
		claims, want := verifyAccess(t, payload), verifyAccess(t, payload)
		part := *parts(&claims)[name]
		if len(part) == 0 {
			t.Fatalf("no %s", name)
		}
		part = part[:cap(part)]
		for i := range part {
			part[i] = 'x'
		}
		for other, member := range parts(&claims) {
			if expected := *parts(&want)[other]; (other == name) == reflect.DeepEqual(*member, expected) {
				t.Errorf("after a change of %s, %s is %s", name, other, *member)
			}
		}
	}
}

// checkGrants checks that raw members are valid JSON, and that none is in two fields.
func checkGrants(t *testing.T, grants captoken.Grants) {
	t.Helper()
	var object map[string]json.RawMessage
	if voice := grants.Voice; voice != nil && voice.Params != nil {
		check(t, json.Unmarshal(voice.Params, &object))
	}
	for name, grant := range grants.Others {
		if !json.Valid(grant) || name == "identity" || name == "voice" {
			t.Fatalf("the grant %q is %s", name, grant)
		}
	}
}
