package captoken_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"captoken"
)

// Protects: Verify returns everything that this package writes into capability tokens.
func TestVerifyReturnsAllClaims(t *testing.T) {
	token := newToken(t)
	check(t, token.AllowIncoming("a b"))
	check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "Foo", Value: "1 + 1 = é&"},
		captoken.Param{Key: "Foo"}, captoken.Param{}))
	check(t, token.SetClientName("Bob"))
	check(t, token.AllowEventStream(captoken.Param{Key: "%", Value: "+"}))
	check(t, token.AddClaim("user", map[string]interface{}{"id": 42}))
	check(t, token.AddClaim("Iss", "é"))
	check(t, token.SetNotBefore(frozen))
	jwt := mint(t, token)
	claims, err := captoken.Verify(jwt, authToken, frozen)
	check(t, err)
	want := captoken.Claims{
		Issuer:    accountSID,
		ExpiresAt: frozen.Add(time.Hour).UTC(),
		NotBefore: frozen.UTC(),
		Scopes: []captoken.Scope{
			{
				Text:       "scope:client:incoming?clientName=a%20b",
				Service:    "client",
				Privilege:  "incoming",
				ClientName: "a b",
				Query:      []captoken.Param{{Key: "clientName", Value: "a b"}},
			},
			{
				Text: "scope:client:outgoing?appSid=" + applicationSID +
					"&appParams=Foo%3D1%2520%252B%25201%2520%253D%2520%25C3%25A9%2526%26Foo%3D%26%3D&clientName=Bob",
				Service:        "client",
				Privilege:      "outgoing",
				ApplicationSID: applicationSID,
				ClientName:     "Bob",
				Params:         []captoken.Param{{Key: "Foo", Value: "1 + 1 = é&"}, {Key: "Foo"}, {}},
				Query: []captoken.Param{
					{Key: "appSid", Value: applicationSID},
					{Key: "appParams", Value: "Foo=1%20%2B%201%20%3D%20%C3%A9%26&Foo=&="},
					{Key: "clientName", Value: "Bob"},
				},
			},
			{
				Text:      "scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=%2525%3D%252B",
				Service:   "stream",
				Privilege: "subscribe",
				Path:      "/2010-04-01/Events",
				Params:    []captoken.Param{{Key: "%", Value: "+"}},
				Query:     []captoken.Param{{Key: "path", Value: "/2010-04-01/Events"}, {Key: "params", Value: "%25=%2B"}},
			},
		},
		Custom: map[string]json.RawMessage{
			"user": json.RawMessage(`{"id":42}`),
			"Iss":  json.RawMessage(`"\u00e9"`),
		},
		Payload: json.RawMessage(payload(t, jwt, authToken)),
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("the claims are\n%+v, not\n%+v", claims, want)
	}
	var user struct{ ID int }
	check(t, json.Unmarshal(claims.Custom["user"], &user))
	if user.ID != 42 {
		t.Errorf("the user is %d", user.ID)
	}
}

// Protects: Verify refuses every token that is malformed, forged or not valid now. It
// returns the right error and no claims.
func TestVerifyRefusesForgeries(t *testing.T) {
	const claims = `{"iss":"AC123123","exp":1400003600}`
	valid := sign(header, claims, authToken)
	parts := strings.Split(valid, ".")
	withHeader := func(header string) string { return sign(header, claims, authToken) }
	withPayload := func(payload string) string { return sign(header, payload, authToken) }
	encode := base64.RawURLEncoding.EncodeToString
	flipped := map[byte]string{'A': "B"}[parts[2][0]]
	if flipped == "" {
		flipped = "A"
	}
	tests := []struct {
		name, token string
		want        error
	}{
		{"nothing", "", captoken.ErrTokenMalformed},
		{"two dots", "..", captoken.ErrTokenMalformed},
		{"a string", "a token", captoken.ErrTokenMalformed},
		{"another secret", sign(header, claims, "secret2"), captoken.ErrTokenSignature},
		{"no secret", sign(header, claims, ""), captoken.ErrTokenSignature},
		{"a flipped signature", parts[0] + "." + parts[1] + "." + flipped + parts[2][1:], captoken.ErrTokenSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", captoken.ErrTokenSignature},
		{"a short signature", parts[0] + "." + parts[1] + "." + parts[2][:40], captoken.ErrTokenSignature},
		{"another payload", parts[0] + "." + encode([]byte(`{"iss":"AC1","exp":1400003600}`)) + "." + parts[2],
			captoken.ErrTokenSignature},
		{"another header", encode([]byte(`{"alg":"HS256"}`)) + "." + parts[1] + "." + parts[2], captoken.ErrTokenSignature},
		{"cut by one character", valid[:len(valid)-1], captoken.ErrTokenMalformed},
		{"without the signature's part", parts[0] + "." + parts[1], captoken.ErrTokenMalformed},
		{"an extra part", valid + ".", captoken.ErrTokenMalformed},
		{"an extra first part", "." + valid, captoken.ErrTokenMalformed},
		{"padding", valid + "=", captoken.ErrTokenMalformed},
		{"a line break", valid + "\n", captoken.ErrTokenMalformed},
		{"a space", " " + valid, captoken.ErrTokenMalformed},
		{"base64 with plus", strings.Replace(valid, parts[1], "+"+parts[1], 1), captoken.ErrTokenMalformed},
		{"alg none", withHeader(`{"typ":"JWT","alg":"none"}`), captoken.ErrTokenAlgorithm},
		{"alg none, not signed", encode([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + parts[1] + ".", captoken.ErrTokenAlgorithm},
		{"alg HS512", withHeader(`{"typ":"JWT","alg":"HS512"}`), captoken.ErrTokenAlgorithm},
		{"alg hs256", withHeader(`{"typ":"JWT","alg":"hs256"}`), captoken.ErrTokenAlgorithm},
		{"no alg", withHeader(`{"typ":"JWT"}`), captoken.ErrTokenAlgorithm},
		{"alg twice", withHeader(`{"alg":"HS256","alg":"HS256"}`), captoken.ErrTokenMalformed},
		{"another typ", withHeader(`{"typ":"JWE","alg":"HS256"}`), captoken.ErrTokenMalformed},
		{"crit", withHeader(`{"alg":"HS256","crit":["exp"]}`), captoken.ErrTokenMalformed},
		{"no header", withHeader(``), captoken.ErrTokenMalformed},
		{"no payload", withPayload(``), captoken.ErrTokenMalformed},
		{"a list", withPayload(`[1400003600]`), captoken.ErrTokenMalformed},
		{"not JSON", withPayload(`{"exp":1400003600`), captoken.ErrTokenMalformed},
		{"not UTF-8", withPayload("{\"exp\":1400003600,\"a\":\"\xff\"}"), captoken.ErrTokenMalformed},
		{"an unpaired surrogate", withPayload(`{"exp":1400003600,"a":"\ud800"}`), captoken.ErrTokenMalformed},
		{"no exp", withPayload(`{}`), captoken.ErrTokenMalformed},
		{"exp in capitals", withPayload(`{"EXP":1400003600}`), captoken.ErrTokenMalformed},
		{"exp twice", withPayload(`{"exp":1400003600,"exp":1400003600}`), captoken.ErrTokenMalformed},
		{"exp that is a word", withPayload(`{"exp":"later"}`), captoken.ErrTokenMalformed},
		{"exp that is null", withPayload(`{"exp":null}`), captoken.ErrTokenMalformed},
		{"exp beyond every number", withPayload(`{"exp":1e400}`), captoken.ErrTokenMalformed},
		{"nbf that is null", withPayload(`{"exp":1400003600,"nbf":null}`), captoken.ErrTokenMalformed},
		{"exp now", withPayload(`{"exp":1400000000}`), captoken.ErrTokenExpired},
		{"exp a second ago", withPayload(`{"exp":1399999999}`), captoken.ErrTokenExpired},
		{"exp a second ago, as string", withPayload(`{"exp":"1399999999"}`), captoken.ErrTokenExpired},
		{"exp before 1970", withPayload(`{"exp":-1e300}`), captoken.ErrTokenExpired},
		{"nbf in a second", withPayload(`{"exp":1400003600,"nbf":1400000001}`), captoken.ErrTokenNotYetValid},
		{"nbf in half a second", withPayload(`{"exp":1400003600,"nbf":1400000000.5}`), captoken.ErrTokenNotYetValid},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			claims, err := captoken.Verify(test.token, authToken, frozen)
			checkError(t, err, test.want)
			if !errors.Is(err, captoken.ErrInvalidToken) {
				t.Errorf("%v is not an ErrInvalidToken", err)
			}
			if !reflect.DeepEqual(claims, captoken.Claims{}) {
				t.Errorf("the claims are %+v", claims)
			}
		})
	}
	_, err := captoken.Verify(valid, authToken, frozen)
	check(t, err)
}

// Protects: Verify reports each invalid argument, and whether it is the token. It rounds the
// time down.
func TestVerifyChecksItsArguments(t *testing.T) {
	jwt := sign(header, `{"exp":1400003600,"nbf":1400000000}`, authToken)
	last := sign(header, `{"exp":1e300}`, authToken)
	for _, test := range []struct {
		token, secret string
		now           time.Time
		want          error
		ofToken       bool
	}{
		{jwt, authToken, frozen, nil, false},
		{jwt, authToken, frozen.Add(999999999), nil, false},
		{jwt, authToken, frozen.Add(-1), captoken.ErrTokenNotYetValid, true},
		{jwt, authToken, frozen.Add(time.Hour - 1), nil, false},
		{jwt, authToken, frozen.Add(time.Hour), captoken.ErrTokenExpired, true},
		{last, authToken, time.Unix(0, 0), nil, false},
		{last, authToken, time.Unix(1<<53-1, 0), nil, false},
		{last, authToken, time.Unix(1<<53, 0), captoken.ErrInvalidTime, false},
		{last, authToken, time.Unix(math.MaxInt64, 0), captoken.ErrInvalidTime, false},
		{last, authToken, time.Unix(0, -1), captoken.ErrInvalidTime, false},
		{last, authToken, time.Time{}, captoken.ErrInvalidTime, false},
		{jwt, "", frozen, captoken.ErrEmptyArgument, false},
		{"", "", frozen, captoken.ErrEmptyArgument, false},
		{jwt, notUTF8, frozen, captoken.ErrInvalidUTF8, false},
		{notUTF8, authToken, frozen, captoken.ErrInvalidUTF8, true},
		{notUTF8, "", frozen, captoken.ErrInvalidUTF8, true},
		{jwt + "\x00", authToken, frozen, captoken.ErrNUL, true},
		{jwt, authToken + "\x00", frozen, captoken.ErrNUL, false},
		{"\x00" + jwt, authToken, frozen, captoken.ErrNUL, true},
		{jwt, "\x00", frozen, captoken.ErrNUL, false},
		{notUTF8, nul, frozen, captoken.ErrNUL, false},
		{nul, notUTF8, frozen, captoken.ErrNUL, true},
		{nul, nul, frozen, captoken.ErrNUL, false},
		{notUTF8, notUTF8, frozen, captoken.ErrInvalidUTF8, false},
		{"", authToken, time.Time{}, captoken.ErrInvalidTime, false},
	} {
		claims, err := captoken.Verify(test.token, test.secret, test.now)
		if test.want == nil {
			check(t, err)
			continue
		}
		checkError(t, err, test.want)
		if errors.Is(err, captoken.ErrInvalidToken) != test.ofToken {
			t.Errorf("Verify(%q, %q): errors.Is(%v, ErrInvalidToken) is wrong", test.token, test.secret, err)
		}
		if !reflect.DeepEqual(claims, captoken.Claims{}) {
			t.Errorf("the claims are %+v", claims)
		}
	}
}

// Protects: a leeway accepts a token before its nbf and after its expiry, and no longer.
func TestVerifyWithLeewayExtendsValidity(t *testing.T) {
	token := sign(header, `{"iss":"AC123123","exp":1600,"nbf":1100}`, authToken)
	verify := func(token string, now, leeway int64) error {
		claims, err := captoken.VerifyWithLeeway(token, authToken, time.Unix(now, 0), time.Duration(leeway)*time.Second)
		if err == nil && claims.ExpiresAt.Unix() != 1600 {
			t.Errorf("the claims are %+v", claims)
		}
		return err
	}
	for _, leeway := range []int64{0, 1, 2, 60, 499} {
		checkError(t, verify(token, 1100-leeway-1, leeway), captoken.ErrTokenNotYetValid)
		for _, now := range []int64{1100 - leeway, 1100, 1599, 1599 + leeway} {
			check(t, verify(token, now, leeway))
		}
		checkError(t, verify(token, 1600+leeway, leeway), captoken.ErrTokenExpired)
	}
	// A time before 1970 counts as 1970, and one that is too late changes nothing.
	checkError(t, verify(token, 50, 86400), captoken.ErrTokenNotYetValid)
	checkError(t, verify(token, 80000, 86400), captoken.ErrTokenExpired)
	late := sign(header, `{"exp":9007199254740993,"nbf":9007199254740991}`, authToken)
	checkError(t, verify(late, 1<<53-2, 60), captoken.ErrTokenNotYetValid)
	// The first reason counts if the token lives shorter than the leeway.
	brief := sign(header, `{"exp":1110,"nbf":1100}`, authToken)
	checkError(t, verify(brief, 1099, 60), captoken.ErrTokenNotYetValid)
	checkError(t, verify(brief, 1110, 60), captoken.ErrTokenExpired)
	// A malformed time is found at the second time, too.
	malformed := sign(header, `{"exp":1600,"nbf":"never"}`, authToken)
	checkError(t, verify(malformed, 1600, 60), captoken.ErrTokenMalformed)
}

// Protects: a leeway that is not whole seconds of at most a day is an error of its name.
func TestVerifyWithLeewayNamesInvalidLeeway(t *testing.T) {
	token := sign(header, `{"exp":1400003600}`, authToken)
	for _, leeway := range []time.Duration{
		-1, -time.Second, time.Millisecond, time.Second + 1, captoken.MaxTTL + time.Second, 1<<63 - 1, -1 << 63,
	} {
		_, err := captoken.VerifyWithLeeway(token, authToken, frozen, leeway)
		checkError(t, err, captoken.ErrInvalidLeeway)
		if errors.Is(err, captoken.ErrInvalidToken) || !strings.Contains(err.Error(), "leeway must be") {
			t.Errorf("%v: %v", leeway, err)
		}
	}
	for _, leeway := range []time.Duration{0, time.Second, captoken.MaxTTL} {
		_, err := captoken.VerifyWithLeeway(token, authToken, frozen, leeway)
		check(t, err)
	}
	_, err := captoken.VerifyWithLeeway(nul, authToken, frozen, -1)
	checkError(t, err, captoken.ErrNUL)
}

// Protects: an error about a string says if the string is the token, and keeps its status.
func TestErrorsNameTheToken(t *testing.T) {
	for _, test := range []struct {
		token, secret string
		status        captoken.Status
		message       string
	}{
		{nul, authToken, captoken.StatusNUL, "captoken: token: " + captoken.StatusNUL.String()},
		{"token", nul, captoken.StatusNUL, "captoken: " + captoken.StatusNUL.String()},
		{notUTF8, authToken, captoken.StatusInvalidUTF8, "captoken: token: " + captoken.StatusInvalidUTF8.String()},
		{"token", notUTF8, captoken.StatusInvalidUTF8, "captoken: " + captoken.StatusInvalidUTF8.String()},
		{"token", authToken, captoken.StatusTokenMalformed, "captoken: " + captoken.StatusTokenMalformed.String()},
	} {
		_, err := captoken.Verify(test.token, test.secret, frozen)
		var own *captoken.Error
		if !errors.As(err, &own) || own.Status != test.status || err.Error() != test.message {
			t.Errorf("Verify(%q, %q): %v, not %s", test.token, test.secret, err, test.message)
		}
		if !errors.Is(err, &captoken.Error{Status: test.status}) {
			t.Errorf("%v does not match its status", err)
		}
	}
	if errors.Is(captoken.ErrInvalidToken, captoken.ErrNUL) || captoken.ErrInvalidToken.Error() != "captoken: the token is not valid" {
		t.Errorf("ErrInvalidToken is %v", captoken.ErrInvalidToken)
	}
}

// Protects: Verify reads every payload that the library accepts.
func TestVerifyReadsUnusualPayloads(t *testing.T) {
	at := func(seconds, nanoseconds int64) time.Time { return time.Unix(seconds, nanoseconds).UTC() }
	deep := strings.Repeat("[", 128) + strings.Repeat("]", 128)
	for _, test := range []struct {
		payload string
		want    captoken.Claims
	}{
		{`{"exp":1400003600}`, captoken.Claims{}},
		{" {\n\t\"exp\" : 1400003600\r\n} ", captoken.Claims{}},
		{`{"\u0065xp":1400003600}`, captoken.Claims{}},
		// Times.
		{`{"exp":"1400003600"}`, captoken.Claims{}},
		{`{"exp":"\u00310000000000000000000"}`, captoken.Claims{ExpiresAt: at(1<<53, 0)}},
		{`{"exp":"00001400003600"}`, captoken.Claims{}},
		{`{"exp":1400003600.5}`, captoken.Claims{ExpiresAt: at(1400003600, 500000000)}},
		{`{"exp":1.4000036E+09}`, captoken.Claims{}},
		{`{"exp":1400003600.99999999999999}`, captoken.Claims{ExpiresAt: at(1400003601, 0)}},
		{`{"exp":1400003600.00000000001}`, captoken.Claims{}},
		{`{"exp":9007199254740991}`, captoken.Claims{ExpiresAt: at(1<<53-1, 0)}},
		{`{"exp":9223372036854775808}`, captoken.Claims{ExpiresAt: at(1<<53, 0)}},
		{`{"exp":1e300}`, captoken.Claims{ExpiresAt: at(1<<53, 0)}},
		{`{"exp":1.7976931348623157e308}`, captoken.Claims{ExpiresAt: at(1<<53, 0)}},
		{`{"exp":1400003600,"nbf":0}`, captoken.Claims{NotBefore: at(0, 0)}},
		{`{"exp":1400003600,"nbf":-0.0}`, captoken.Claims{NotBefore: at(0, 0)}},
		{`{"exp":1400003600,"nbf":1e-999999999}`, captoken.Claims{NotBefore: at(0, 0)}},
		{`{"exp":1400003600,"nbf":0.25}`, captoken.Claims{NotBefore: at(0, 250000000)}},
		{`{"exp":1400003600,"nbf":-0.25}`, captoken.Claims{NotBefore: at(-1, 750000000)}},
		{`{"exp":1400003600,"nbf":-1e300}`, captoken.Claims{NotBefore: at(-1<<53, 0)}},
		{`{"exp":1400003600,"nbf":"12"}`, captoken.Claims{NotBefore: at(12, 0)}},
		{`{"exp":1400003600,"iat":1399999999.5}`, captoken.Claims{IssuedAt: at(1399999999, 500000000)}},
		{`{"exp":1400003600,"iat":1,"iat":"2"}`, captoken.Claims{IssuedAt: at(2, 0)}},
		{`{"exp":1400003600,"iat":1e400}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":null}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":""}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":"-1"}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":"0x10"}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":"inf"}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":"1_0"}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":true}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":[1]}`, captoken.Claims{}},
		{`{"exp":1400003600,"iat":{"a":1}}`, captoken.Claims{}},
		// Strings.
		{`{"exp":1400003600,"iss":"","sub":"","jti":"","scope":""}`, captoken.Claims{}},
		{`{"exp":1400003600,"iss":1,"sub":null,"jti":[],"scope":{}}`, captoken.Claims{}},
		{`{"exp":1400003600,"scope":null}`, captoken.Claims{}},
		{`{"exp":1400003600,"scope":["scope:client:incoming"]}`, captoken.Claims{}},
		{`{"exp":1400003600,"iss":"a","iss":"b"}`, captoken.Claims{Issuer: "b"}},
		{`{"exp":1400003600,"iss":"a","iss":1}`, captoken.Claims{}},
		{`{"exp":1400003600,"iss":"\u0000\ud83d\ude00é"}`, captoken.Claims{Issuer: "\x00😀é"}},
		// Private claims.
		{`{"exp":1400003600,"Exp":1,"ISS":"a","Scope":"b"}`, captoken.Claims{Custom: map[string]json.RawMessage{
			"Exp": json.RawMessage("1"), "ISS": json.RawMessage(`"a"`), "Scope": json.RawMessage(`"b"`)}}},
		{`{"exp":1400003600,"a":1e400,"b":1E+02,"":null}`, captoken.Claims{Custom: map[string]json.RawMessage{
			"a": json.RawMessage("1e400"), "b": json.RawMessage("1E+02"), "": json.RawMessage("null")}}},
		{`{"exp":1400003600,"a":1,"a": [ 2 ] }`, captoken.Claims{Custom: map[string]json.RawMessage{
			"a": json.RawMessage("[ 2 ]")}}},
		{`{"exp":1400003600,"a":` + deep + `}`, captoken.Claims{Custom: map[string]json.RawMessage{
			"a": json.RawMessage(deep)}}},
	} {
		claims, err := captoken.Verify(sign(header, test.payload, authToken), authToken, frozen)
		if err != nil {
			t.Errorf("%s: %v", test.payload, err)
			continue
		}
		want := test.want
		want.Payload = json.RawMessage(test.payload)
		if want.ExpiresAt.IsZero() {
			want.ExpiresAt = at(1400003600, 0)
		}
		if !reflect.DeepEqual(claims, want) {
			t.Errorf("%s gives\n%+v, not\n%+v", test.payload, claims, want)
		}
	}
}

// Protects: the last of repeated claims counts, without a trace of the others. Names that differ
// in case are different claims.
func TestVerifyReturnsLastOfRepeatedClaims(t *testing.T) {
	grants := func(voice *captoken.VoiceGrant) *captoken.Grants { return &captoken.Grants{Voice: voice} }
	custom := func(name, value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{name: json.RawMessage(value)}
	}
	for _, test := range []struct {
		members string
		want    captoken.Claims
	}{
		{`"sub":"a","sub":"b"`, captoken.Claims{Subject: "b"}},
		{`"sub":"a","\u0073ub":"b"`, captoken.Claims{Subject: "b"}},
		{`"sub":"a","sub":null`, captoken.Claims{}},
		{`"jti":"a","jti":["b"]`, captoken.Claims{}},
		{`"scope":"x y","scope":"z"`, captoken.Claims{Scopes: []captoken.Scope{{Text: "z"}}}},
		{`"scope":"x","scope":""`, captoken.Claims{}},
		{`"scope":"x","SCOPE":"y"`, captoken.Claims{Scopes: []captoken.Scope{{Text: "x"}}, Custom: custom("SCOPE", `"y"`)}},
		{`"SCOPE":"x"`, captoken.Claims{Custom: custom("SCOPE", `"x"`)}},
		{`"Exp":1`, captoken.Claims{Custom: custom("Exp", "1")}},
		{`"NBF":1500000000`, captoken.Claims{Custom: custom("NBF", "1500000000")}},
		{`"\u017fub":"a"`, captoken.Claims{Custom: custom("\u017fub", `"a"`)}}, // folds to sub
		{`"a":{"x":1},"a":{"y":2}`, captoken.Claims{Custom: custom("a", `{"y":2}`)}},
		{`"a":{"x":{"y":1,"y":2}},"A":1,"A":{}`, captoken.Claims{Custom: map[string]json.RawMessage{
			"a": json.RawMessage(`{"x":{"y":1,"y":2}}`), "A": json.RawMessage("{}")}}},
		{`"grants":{"identity":"a","voice":{"incoming":{"allow":true}},"chat":{}},"grants":{"voice":{"endpoint_id":"b"}}`,
			captoken.Claims{Grants: grants(&captoken.VoiceGrant{EndpointID: "b"})}},
		{`"grants":{"identity":"a"},"grants":{}`, captoken.Claims{Grants: grants(nil)}},
		{`"grants":{"identity":"a"},"grants":null`, captoken.Claims{}},
		{`"grants":{},"Grants":{"identity":"a"}`, captoken.Claims{Grants: grants(nil), Custom: custom("Grants", `{"identity":"a"}`)}},
		{`"grants":{"Identity":"a","VOICE":{}}`, captoken.Claims{Grants: &captoken.Grants{Others: map[string]json.RawMessage{
			"Identity": json.RawMessage(`"a"`), "VOICE": json.RawMessage("{}")}}}},
	} {
		payload := `{"exp":1400003600,` + test.members + `}`
		claims, err := captoken.Verify(sign(header, payload, authToken), authToken, frozen)
		if err != nil {
			t.Errorf("%s: %v", payload, err)
			continue
		}
		test.want.ExpiresAt, test.want.Payload = frozen.Add(time.Hour).UTC(), json.RawMessage(payload)
		if !reflect.DeepEqual(claims, test.want) {
			t.Errorf("%s gives\n%+v, not\n%+v", payload, claims, test.want)
		}
	}
}

// Protects: Verify decodes a scope as a form, and its parameters twice. For an ambiguous
// scope it sets only Text. It sets no field that belongs to another scope.
func TestVerifyParsesScopes(t *testing.T) {
	scope := func(service, privilege string, query ...captoken.Param) captoken.Scope {
		return captoken.Scope{Service: service, Privilege: privilege, Query: query}
	}
	incoming := func(name string, query ...captoken.Param) captoken.Scope {
		scope := scope("client", "incoming", query...)
		scope.ClientName = name
		return scope
	}
	outgoing := func(sid string, params []captoken.Param, query ...captoken.Param) captoken.Scope {
		scope := scope("client", "outgoing", query...)
		scope.ApplicationSID, scope.Params = sid, params
		return scope
	}
	events := func(path string, filters []captoken.Param, query ...captoken.Param) captoken.Scope {
		scope := scope("stream", "subscribe", query...)
		scope.Path, scope.Params = path, filters
		return scope
	}
	pairs := func(strs ...string) []captoken.Param {
		var pairs []captoken.Param
		for i := 0; i < len(strs); i += 2 {
			pairs = append(pairs, captoken.Param{Key: strs[i], Value: strs[i+1]})
		}
		return pairs
	}
	unread := captoken.Scope{}
	for _, test := range []struct {
		text string
		want captoken.Scope // without its Text
	}{
		{"scope:client:incoming?clientName=alice", incoming("alice", pairs("clientName", "alice")...)},
		{"scope:client:incoming?clientName=a+b%20c%2Bd%2bé",
			incoming("a b c+d+é", pairs("clientName", "a b c+d+é")...)},
		{"scope:client:incoming?clientName=", incoming("", pairs("clientName", "")...)},
		{"scope:client:incoming?clientName", incoming("", pairs("clientName", "")...)},
		{"scope:client:incoming?", incoming("")},
		{"scope:client:incoming", incoming("")},
		{"scope:client:incoming?&clientName=a=b&", incoming("a=b", pairs("clientName", "a=b")...)},
		{"scope:client:incoming?client%4eame=a", incoming("a", pairs("clientName", "a")...)},
		{"scope:client:incoming?clientname=a&other=%26",
			incoming("", pairs("clientname", "a", "other", "&")...)},
		{"scope:client:incoming?clientName=a:b?c", incoming("a:b?c", pairs("clientName", "a:b?c")...)},
		{"scope:client:incoming?clientName=a;b", incoming("a;b", pairs("clientName", "a;b")...)},
		{"scope:client:outgoing?appSid=AP1&appParams=",
			outgoing("AP1", nil, pairs("appSid", "AP1", "appParams", "")...)},
		{"scope:client:outgoing?appParams=a%3D1%26b%3D2%2B%2526%2B3&appSid=AP1",
			outgoing("AP1", pairs("a", "1", "b", "2 & 3"), pairs("appParams", "a=1&b=2+%26+3", "appSid", "AP1")...)},
		{"scope:client:outgoing?appSid=AP1&appParams=a%3D1%26a%3D1%26%26b%26%3D",
			outgoing("AP1", pairs("a", "1", "a", "1", "b", "", "", ""),
				pairs("appSid", "AP1", "appParams", "a=1&a=1&&b&=")...)},
		{"scope:client:outgoing?appSid=AP1&appParams=a%3D%252541",
			outgoing("AP1", pairs("a", "%41"), pairs("appSid", "AP1", "appParams", "a=%2541")...)},
		{"scope:stream:subscribe?path=/2010-04-01/Events",
			events("/2010-04-01/Events", nil, pairs("path", "/2010-04-01/Events")...)},
		{"scope:stream:subscribe?path=%2F&params=a%3D1",
			events("/", pairs("a", "1"), pairs("path", "/", "params", "a=1")...)},
		// Keys that belong to another scope.
		{"scope:stream:subscribe?path=%2F&appParams=a%3D1",
			events("/", nil, pairs("path", "/", "appParams", "a=1")...)},
		{"scope:stream:subscribe?appParams=a%3D1&path=%2F&params=b%3D2",
			events("/", pairs("b", "2"), pairs("appParams", "a=1", "path", "/", "params", "b=2")...)},
		{"scope:stream:subscribe?clientName=a&appSid=AP1",
			events("", nil, pairs("clientName", "a", "appSid", "AP1")...)},
		{"scope:client:outgoing?appSid=AP1&params=a%3D1&path=%2F",
			outgoing("AP1", nil, pairs("appSid", "AP1", "params", "a=1", "path", "/")...)},
		{"scope:client:outgoing?appSid=AP1&appParams=b%3D2&params=a%3D1",
			outgoing("AP1", pairs("b", "2"), pairs("appSid", "AP1", "appParams", "b=2", "params", "a=1")...)},
		{"scope:client:incoming?clientName=a&appSid=AP1&appParams=b%3D2&params=a%3D1&path=%2F",
			incoming("a", pairs("clientName", "a", "appSid", "AP1", "appParams", "b=2", "params", "a=1", "path", "/")...)},
		{"scope:other:thing?clientName=a&appSid=AP1&appParams=b%3D2&params=c%3D3&path=%2F&=d&e",
			scope("other", "thing",
				pairs("clientName", "a", "appSid", "AP1", "appParams", "b=2", "params", "c=3", "path", "/", "", "d", "e", "")...)},
		{"scope:client:subscribe?clientName=a&path=%2F", scope("client", "subscribe", pairs("clientName", "a", "path", "/")...)},
		// Only the inner encoding is broken.
		{"scope:client:outgoing?appSid=AP1&appParams=note%3D100%25&clientName=a", captoken.Scope{
			Service: "client", Privilege: "outgoing", ApplicationSID: "AP1", ClientName: "a",
			Query: pairs("appSid", "AP1", "appParams", "note=100%", "clientName", "a")}},
		{"scope:client:outgoing?appSid=AP1&appParams=a%3D1%26b%3D%25ff",
			outgoing("AP1", nil, pairs("appSid", "AP1", "appParams", "a=1&b=%ff")...)},
		{"scope:client:outgoing?appSid=AP1&appParams=a%3D1%26%25ff%3Db",
			outgoing("AP1", nil, pairs("appSid", "AP1", "appParams", "a=1&%ff=b")...)},
		{"scope:stream:subscribe?path=%2F&params=a%3D1%26b%3D%25zz",
			events("/", nil, pairs("path", "/", "params", "a=1&b=%zz")...)},
		// Another form, or ambiguous.
		{"x", unread},
		{"scope", unread},
		{"scope:", unread},
		{"scope::", unread},
		{"scope:client:", unread},
		{"scope:client:?clientName=a", unread},
		{"scope::incoming?clientName=a", unread},
		{"scope:client:incoming:more?clientName=a", unread},
		{"Scope:client:incoming?clientName=a", unread},
		{"client:incoming?clientName=a", unread},
		{"?scope:client:incoming", unread},
		{"scope:client:incoming?clientName=%", unread},
		{"scope:client:incoming?clientName=%4", unread},
		{"scope:client:incoming?clientName=%zz", unread},
		{"scope:client:incoming?clientName=a&%zz=b", unread},
		{"scope:client:incoming?clientName=a&b=%zz", unread},
		{"scope:client:incoming?clientName=a%ff", unread},
		{"scope:client:incoming?clientName=%ed%a0%80", unread},
		{"scope:client:incoming?clientName=a&%ff=b", unread},
		{"scope:client:outgoing?appSid=AP1&appParams=a%3D%ff", unread},
		{"scope:client:incoming?clientName=a&clientName=b", unread},
		{"scope:client:incoming?clientName=&clientName=b", unread},
		{"scope:client:incoming?clientName=a&client%4eame=a", unread},
		{"scope:client:incoming?clientName=a&b=1&b=1", unread},
		{"scope:client:outgoing?appSid=AP1&appSid=AP2", unread},
		{"scope:client:outgoing?appSid=AP1&appParams=&appParams=a%3D1", unread},
		{"scope:stream:subscribe?path=%2F&params=a%3D1&params=", unread},
		{"scope:other:thing?a&a", unread},
	} {
		payload, err := json.Marshal(map[string]interface{}{"exp": 1400003600, "scope": test.text})
		check(t, err)
		claims, err := captoken.Verify(sign(header, string(payload), authToken), authToken, frozen)
		check(t, err)
		test.want.Text = test.text
		if want := []captoken.Scope{test.want}; !reflect.DeepEqual(claims.Scopes, want) {
			t.Errorf("%+v, not %+v", claims.Scopes, want)
		}
	}

	// Only spaces separate scopes.
	const claim = "  scope:client:incoming?clientName=a  x\\u00a0\\ty scope:client:incoming?clientName=b "
	claims, err := captoken.Verify(sign(header, `{"exp":1400003600,"scope":"`+claim+`"}`, authToken), authToken, frozen)
	check(t, err)
	want := []captoken.Scope{
		incoming("a", pairs("clientName", "a")...),
		{Text: "x\u00a0\ty"},
		incoming("b", pairs("clientName", "b")...),
	}
	want[0].Text, want[2].Text = "scope:client:incoming?clientName=a", "scope:client:incoming?clientName=b"
	if !reflect.DeepEqual(claims.Scopes, want) {
		t.Errorf("%+v, not %+v", claims.Scopes, want)
	}
}

// Protects: the length of a token is not limited.
func TestVerifyReadsLongTokens(t *testing.T) {
	token := newToken(t)
	long := strings.Repeat("0123456789 &=+%", 1<<20/15)
	check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "long", Value: long}))
	check(t, token.AddClaim("long", long))
	claims, err := captoken.Verify(mint(t, token), authToken, frozen)
	check(t, err)
	var read string
	check(t, json.Unmarshal(claims.Custom["long"], &read))
	if read != long || len(claims.Scopes) != 1 || claims.Scopes[0].Params[0].Value != long {
		t.Error("the strings differ")
	}
}

// Protects: a write or append to one field of the claims does not change the others.
func TestClaimsShareNoMemory(t *testing.T) {
	const payload = `{"a":"abc","exp":1400003600,"b":[1,2,3],"c":{"d":null},"iss":"AC1","scope":"scope:client:incoming?clientName=e"}`
	verified := func() captoken.Claims {
		claims, err := captoken.Verify(sign(header, payload, authToken), authToken, frozen)
		check(t, err)
		return claims
	}
	overwrite := func(part json.RawMessage) {
		part = part[:cap(part)]
		for i := range part {
			part[i] = 'x'
		}
	}
	claims, want := verified(), verified()
	if len(claims.Payload) != cap(claims.Payload) {
		t.Errorf("the payload has %d bytes, of %d", len(claims.Payload), cap(claims.Payload))
	}
	overwrite(claims.Payload)
	claims.Payload = want.Payload
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("after a change of the payload, the claims are %+v", claims)
	}
	for name := range want.Custom {
		claims := verified()
		overwrite(claims.Custom[name])
		claims.Custom[name] = want.Custom[name]
		if !reflect.DeepEqual(claims, want) {
			t.Errorf("after a change of %s, the claims are %+v", name, claims)
		}
	}
}

// Protects: claims do not keep a much longer token in memory.
func TestClaimsDoNotKeepTheToken(t *testing.T) {
	long := `{"alg":"HS256","x":"` + strings.Repeat("x", 1<<20) + `"}`
	jwt := sign(long, `{"exp":1400003600,"user":42}`, authToken)
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	var kept []captoken.Claims
	for i := 0; i < 20; i++ {
		claims, err := captoken.Verify(jwt, authToken, frozen)
		check(t, err)
		kept = append(kept, claims)
	}
	if grown := heap() - before; grown > 1<<20 {
		t.Errorf("%d claims keep %d bytes", len(kept), grown)
	}
	runtime.KeepAlive(kept)
	runtime.KeepAlive(jwt)
}
