package captoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"captoken"
)

// The fuzzers compare the package with the models of model_test.go. Go's coverage does not
// include the C library: an input that is new only there is not kept.

// How many fields each call has. In an input, a call is its letter, followed by its fields. A field
// ends at a NUL or at the end of the input. The fuzzers for C and PHP read the same format; C lacks
// y and z.
var fieldsOf = map[byte]int{
	'n': 2, // New: account SID, auth token
	'a': 3, // NewAccess: account SID, API key SID, API key secret
	'x': 0, // Close
	'i': 1, // AllowIncoming: client name
	'o': 1, // AllowOutgoing: application SID
	'p': 2, // a parameter of AllowOutgoing
	'c': 1, // SetClientName: client name
	'l': 2, // AddClaim: name, JSON
	'b': 1, // SetNotBefore: seconds
	'e': 0, // AllowEventStream
	'f': 2, // a filter of AllowEventStream
	'r': 1, // SetRegion: region
	'u': 1, // SetPushCredential: SID
	'g': 2, // AddGrant: name, JSON
	'T': 2, // Generate: time to live, the size of a C buffer
	't': 3, // GenerateAt: seconds, time to live, the size of a C buffer
	'v': 4, // VerifyWithLeeway: token, secret, seconds, leeway. A NULL token is the last one.
	'k': 1, // CheckClientName: client name
	'd': 2, // Configure: account SID, auth token
	'm': 5, // cap_mint, which Go lacks
	's': 1, // cap_strerror, which returns constants
	'y': 1, // the type of values from here on, see valueOf
	'z': 0, // in the fields of the next call, U+0001 is a NUL
}

const null = "\xff"

type fuzzCall struct {
	letter byte
	fields []string
}

func fuzzCalls(input []byte) []fuzzCall {
	var calls []fuzzCall
	withNUL := false
	for len(input) > 0 {
		call := fuzzCall{letter: input[0]}
		count, known := fieldsOf[input[0]]
		input = input[1:]
		if !known {
			continue
		}
		for i := 0; i < count; i++ {
			field := input
			if end := bytes.IndexByte(input, 0); end >= 0 {
				field, input = input[:end], input[end+1:]
			} else {
				input = nil
			}
			if withNUL {
				field = bytes.ReplaceAll(field, []byte{1}, []byte{0})
			}
			call.fields = append(call.fields, string(field))
		}
		if withNUL = call.letter == 'z'; !withNUL {
			calls = append(calls, call)
		}
	}
	return calls
}

// integerOf returns a field as an integer, saturated. Other text is 0.
func integerOf(field string) int64 {
	integer, err := strconv.ParseInt(field, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0
	}
	return integer
}

// durationOf returns a field in seconds as a Duration. Numbers that are too large for that are
// nanoseconds.
func durationOf(field string) time.Duration {
	seconds := integerOf(field)
	if seconds > 1e9 || seconds < -1e9 {
		return time.Duration(seconds)
	}
	return time.Duration(seconds) * time.Second
}

// valueOf returns a value of the given type for AddClaim and AddGrant.
func valueOf(kind, field string) interface{} {
	var decoded interface{}
	switch {
	case field == null:
		return nil
	case kind == "s":
		return field
	case kind == "i":
		return integerOf(field)
	case kind == "f":
		float, _ := strconv.ParseFloat(field, 64)
		return float
	case kind == "c":
		return make(chan int)
	case kind == "m" && json.Unmarshal([]byte(field), &decoded) == nil:
		return decoded
	case kind == "t":
		return struct {
			A string `json:"a,omitempty"`
			B []byte
		}{field, []byte(field)}
	default:
		return json.RawMessage(field)
	}
}

// A fuzzRun makes the same calls on a Token and on its model.
type fuzzRun struct {
	t          *testing.T
	token      captoken.Token
	model      model
	configured [2]string
	last       string // the last token that was minted
	kind       string // of values
}

// FuzzCalls protects: any sequence of calls gives the tokens and errors of the model, and a failed
// call changes nothing.
func FuzzCalls(f *testing.F) {
	// A NUL is written as |.
	for _, calls := range []string{
		`nAC123123|secret|iAlice|oAP123123|pFoo|Bar|pFoo|a b&=+%|t1400000000|3600|1024|`,
		`nAC1|s|iAlice|cBob|iCarol|oAP1|cBob é|oAP2|ef|ffrom|é😀|e`,
		`aAC1|SK1|secret|rie1|uCR1|iAlice|oAP1|pa|1|pb|2|pa|3|t1|0|0|`,
		`aAC1|SK1|s|gvideo|{"room":1}|gchat|[]|gvoice|{}|lsub|1|lscope|1|e`,
		`nAC1|s|la|[1.50, "\u00e9\ud83d\ude00\/\b"]|lb|{}|la|null|lexp|1|l|1|rie1|u1|ga|{}|`,
		"nAC1|s|ys|la|<é\x7f>|yf|lb|1e300|lc|NaN|yc|ld||ym|le|{\"b\":1,\"a\":[]}|yt|lf|\xff\xfe|",
		"dAC1|s|n\xff|\xff|iAlice|xiBob|b1|t1|1||xd\xff|\xff|n\xff|s|dAC1||T60||",
		`nAC1|s|b1400000000|b-1|b9007199254740992|t1400000000|86401||t9007199254740991|1||t-1|0||b0|`,
		"nAC1|s|t1400000000|60||v\xff|s|1400000000|0|v\xff|s|1400000060|60|v\xff|S|1|0|va.b.c|s|1|-1|",
		"nAC1|s|ziA\x01|oAP1|zpa\x01|b|pa\xfe|b|zlb\x01|1|zn\x01|s|kAlice|kA b|zk\x01|k|",
	} {
		f.Add([]byte(strings.ReplaceAll(calls, "|", "\x00")))
	}
	// A copy of the package lacks the corpus of the other fuzzers.
	files, err := filepath.Glob("../fuzz/corpus/calls/*")
	check(f, err)
	for _, file := range files {
		input, err := os.ReadFile(file)
		check(f, err)
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		run := fuzzRun{t: t}
		check(t, captoken.Configure("", ""))
		defer func() { run.token.Close() }()
		calls := fuzzCalls(input)
		for i := 0; i < len(calls); i++ {
			// The pairs that follow belong to the same call of Go.
			end := i + 1
			var pairs []captoken.Param
			kind := map[byte]byte{'o': 'p', 'p': 'p', 'e': 'f', 'f': 'f'}[calls[i].letter]
			for ; end < len(calls) && calls[end].letter == kind; end++ {
				pairs = append(pairs, pairOf(calls[end]))
			}
			run.call(calls[i], pairs)
			run.compare(frozen.Unix(), captoken.DefaultTTL)
			i = end - 1
		}
	})
}

func pairOf(call fuzzCall) captoken.Param {
	return captoken.Param{Key: text(call.fields[0]), Value: text(call.fields[1])}
}

// text returns a string argument. Go has no NULL.
func text(field string) string {
	if field == null {
		return ""
	}
	return field
}

func (r *fuzzRun) call(call fuzzCall, pairs []captoken.Param) {
	var arguments [5]string
	for i, field := range call.fields {
		arguments[i] = text(field)
	}
	first, second := arguments[0], arguments[1]
	switch call.letter {
	case 'n':
		token, err := captoken.New(first, second)
		model, want := newModel(first, second, r.configured)
		r.replace(token, model, err, want)
	case 'a':
		token, err := captoken.NewAccess(first, second, arguments[2])
		model, want := newAccessModel(first, second, arguments[2])
		r.replace(token, model, err, want)
	case 'i':
		r.check("AllowIncoming", r.token.AllowIncoming(first), r.model.allowIncoming(first))
	case 'c':
		r.check("SetClientName", r.token.SetClientName(first), r.model.setClientName(first))
	case 'o':
		r.check("AllowOutgoing", r.token.AllowOutgoing(first, pairs...), r.model.allowOutgoing(first, pairs))
	case 'e':
		r.check("AllowEventStream", r.token.AllowEventStream(pairs...), r.model.allowEventStream(pairs))
	case 'p':
		// Go replaces parameters together with the application.
		all := append(append([]captoken.Param{pairOf(call)}, pairs...), r.model.params...)
		sid := r.model.applicationSID
		r.check("AllowOutgoing", r.token.AllowOutgoing(sid, all...), r.model.allowOutgoing(sid, all))
	case 'f':
		all := append(append([]captoken.Param{pairOf(call)}, pairs...), r.model.filters...)
		r.check("AllowEventStream", r.token.AllowEventStream(all...), r.model.allowEventStream(all))
	case 'l':
		value := valueOf(r.kind, call.fields[1])
		r.check("AddClaim", r.token.AddClaim(first, value), r.model.addClaim(first, value))
	case 'g':
		value := valueOf(r.kind, call.fields[1])
		r.check("AddGrant", r.token.AddGrant(first, value), r.model.addGrant(first, value))
	case 'b':
		notBefore := time.Unix(integerOf(first), 0)
		r.check("SetNotBefore", r.token.SetNotBefore(notBefore), r.model.setNotBefore(notBefore))
	case 'r':
		r.check("SetRegion", r.token.SetRegion(first), r.model.setRegion(first))
	case 'u':
		r.check("SetPushCredential", r.token.SetPushCredential(first), r.model.setPushCredential(first))
	case 'T':
		r.compareNow(durationOf(first))
	case 't':
		r.compare(integerOf(first), durationOf(second))
	case 'd':
		want := configuredModel(first, second)
		r.check("Configure", captoken.Configure(first, second), want)
		if want == captoken.StatusOK {
			r.configured = [2]string{first, second}
		}
	case 'k':
		r.check("CheckClientName", captoken.CheckClientName(first), clientNameModel(first))
	case 'v':
		if call.fields[0] == null {
			first = r.last
		}
		checkVerify(r.t, first, second, integerOf(arguments[2]), durationOf(arguments[3]))
	case 'x':
		r.check("Close", r.token.Close(), captoken.StatusOK)
		r.model.open = false
	case 'y':
		r.kind = first
	}
}

// replace keeps a new Token if the call has succeeded.
func (r *fuzzRun) replace(token *captoken.Token, model model, err error, want captoken.Status) {
	r.check("New", err, want)
	if (token == nil) != (err != nil) {
		r.t.Fatalf("the Token is %v, the error %v", token, err)
	}
	if err == nil {
		check(r.t, r.token.Close())
		r.token, r.model = *token, model
	}
}

// compare mints a token and compares it with the model's. It also verifies it.
func (r *fuzzRun) compare(now int64, ttl time.Duration) {
	got, err := r.token.GenerateAt(time.Unix(now, 0), ttl)
	want, status := r.model.generateAt(now, ttl)
	r.check("GenerateAt", err, status)
	if got != want {
		r.t.Fatalf("the token is\n%s, not\n%s", shown(got), shown(want))
	}
	if got != "" && got != r.last {
		r.last = got
		checkVerify(r.t, got, r.model.secret, now, 0)
	}
}

// compareNow is compare with the system's clock.
func (r *fuzzRun) compareNow(ttl time.Duration) {
	before := time.Now().Unix()
	got, err := r.token.Generate(ttl)
	want, status := r.model.generateAt(before, ttl)
	for after := time.Now().Unix(); got != want && before < after; {
		before++
		want, status = r.model.generateAt(before, ttl)
	}
	r.check("Generate", err, status)
	if got != want {
		r.t.Fatalf("the token is\n%s, not\n%s", shown(got), shown(want))
	}
}

// check checks that a call returned the error of a status.
func (r *fuzzRun) check(call string, err error, want captoken.Status) {
	r.t.Helper()
	checkStatus(r.t, call, err, want)
}

func checkStatus(t *testing.T, call string, err error, want captoken.Status) {
	t.Helper()
	var own *captoken.Error
	switch {
	case err == nil && want == captoken.StatusOK:
	case err == nil:
		t.Fatalf("%s succeeds, but must fail: %v", call, want)
	case want == captoken.StatusOK:
		t.Fatalf("%s fails, but must succeed: %v", call, err)
	case !errors.As(err, &own) || own.Status != want || !errors.Is(err, &captoken.Error{Status: want}):
		t.Fatalf("%s fails with %q, not with %q", call, err, want)
	}
}

// shown returns a token with its header and payload decoded.
func shown(jwt string) string {
	parts := strings.Split(jwt, ".")
	for i := range parts {
		if decoded, err := base64.RawURLEncoding.DecodeString(parts[i]); err == nil && i < 2 {
			parts[i] = string(decoded)
		}
	}
	return strings.Join(parts, ".")
}

// checkVerify compares VerifyWithLeeway with its model.
func checkVerify(t *testing.T, token, secret string, now int64, leeway time.Duration) {
	t.Helper()
	claims, err := captoken.VerifyWithLeeway(token, secret, time.Unix(now, 0), leeway)
	payload, want := verifyModel(token, secret, now, leeway)
	checkStatus(t, "Verify", err, want)
	if want == captoken.StatusOK {
		checkClaims(t, claims, payload, now, leeway)
		return
	}
	if !reflect.DeepEqual(claims, captoken.Claims{}) {
		t.Fatalf("the claims are %+v", claims)
	}
	ofToken := want >= captoken.StatusTokenMalformed && want <= captoken.StatusTokenNotYetValid ||
		want == captoken.StatusNUL && !strings.Contains(secret, "\x00") ||
		want == captoken.StatusInvalidUTF8 && strings.ToValidUTF8(secret, "") == secret
	if errors.Is(err, captoken.ErrInvalidToken) != ofToken {
		t.Fatalf("errors.Is(%v, ErrInvalidToken) is not %v", err, ofToken)
	}
}

// FuzzVerify protects: Verify accepts and refuses the same tokens as the model.
//
// The fuzzer cannot sign. So the token is not only the text: it is also the header and the payload
// in text, at its first line break, signed and with one byte changed, added or removed.
func FuzzVerify(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Tokens[0].Token, v.AuthToken, v.Now, int64(0), 0)
		f.Add(header+"\n"+payloadOf(f, v.Tokens[0].Token), v.AuthToken, v.Now, int64(60), int(v.Now)%100)
	}
	for _, payload := range []string{
		`{"exp":1e300,"nbf":-1e300,"iat":1e400}`,
		`{"exp":"99999999999999999999","scope":"scope:a:b?a=%25&c scope::"}`,
		`{"exp":1.5,"":[{"a":[]}],"a":"\ud83d\ude00","a":-0e-0}`,
		`{"exp":2,"iss":"\u0000","sub":1,"jti":{},"SUB":1,"sub":"a"}`,
		`{"exp":2,"grants":{"identity":"a","voice":{"outgoing":{"params":{"a":[]}}},"video":1}}`,
		`{"exp":2,"grants":{"voice":{"incoming":{"allow":true,"\u0061llow":1}},"a":{"a":1,"a":2}}}`,
		`{"exp":2,"grants":{"identity":"a","voice":{"incoming":{"allow":true}}},"grants":{"voice":{}}}`,
	} {
		f.Add(accessHeader+"\n"+payload, authToken, int64(1), int64(0), 0)
	}
	for _, header := range []string{
		`{"alg":"HS256","typ":"jwt","kid":[{}]}`, `{"alg":"none"}`,
		`{"alg":"HS256","crit":[]}`, `{"alg":"HS256","alg":""}`,
	} {
		f.Add(header+"\n"+` {"exp": 2 } `, authToken, int64(1), int64(math.MaxInt64), 1000)
	}
	f.Add("..", "secret", int64(-1), int64(-1), 0)
	f.Fuzz(func(t *testing.T, token, secret string, now, leeway int64, change int) {
		duration := durationOf(strconv.FormatInt(leeway, 10))
		checkVerify(t, token, secret, now, duration)
		head, payload, _ := strings.Cut(token, "\n")
		signed := sign(head, payload, secret)
		checkVerify(t, signed, secret, now, duration)
		checkVerify(t, changed(signed, change), secret, now, duration)
		// The seconds in which the token expires and becomes valid.
		claims, _ := members(payload, "exp", "nbf")
		for name, direction := range map[string]int64{"exp": 1, "nbf": -1} {
			seconds, valid := timeIn(claims[name])
			if !valid || math.Abs(seconds) > lastTime {
				continue
			}
			edge := int64(seconds)
			for _, at := range []int64{edge, edge + direction*int64(duration/time.Second)} {
				checkVerify(t, signed, secret, at, duration)
				checkVerify(t, signed, secret, at-1, duration)
			}
		}
	})
}

// changed returns a string in which one byte differs, is missing or was added.
func changed(s string, change int) string {
	if change < 0 {
		change = -(change + 1)
	}
	place, replacement := change%len(s), string("AQgw_=. \x80\xc3"[change/len(s)%10])
	switch change / len(s) / 10 % 3 {
	case 0:
		return s[:place] + replacement + s[place+1:]
	case 1:
		return s[:place] + s[place+1:]
	default:
		return s[:place] + replacement + s[place:]
	}
}

func payloadOf(t testing.TB, jwt string) string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	check(t, err)
	return string(payload)
}

// checkClaims checks the properties of every valid token.
func checkClaims(t *testing.T, claims captoken.Claims, payload string, now int64, leeway time.Duration) {
	t.Helper()
	at := time.Unix(now, 0)
	if string(claims.Payload) != payload || !at.Add(-leeway).Before(claims.ExpiresAt) ||
		at.Add(leeway).Before(claims.NotBefore) {
		t.Fatalf("at %d, %s gives %+v", now, payload, claims)
	}
	var members map[string]json.RawMessage
	check(t, json.Unmarshal([]byte(payload), &members))
	for _, name := range []string{"iss", "sub", "jti", "exp", "nbf", "iat", "scope", "grants"} {
		delete(members, name)
	}
	if len(members) != len(claims.Custom) {
		t.Fatalf("%s gives %+v", payload, claims)
	}
	// The last of repeated members, because a map keeps it.
	var plain map[string]interface{}
	decoder := json.NewDecoder(strings.NewReader(payload))
	decoder.UseNumber()
	check(t, decoder.Decode(&plain))
	last := func(name string) string {
		value, _ := plain[name].(string)
		return value
	}
	scope := ""
	for _, part := range claims.Scopes {
		scope += part.Text
	}
	if claims.Issuer != last("iss") || claims.Subject != last("sub") || claims.ID != last("jti") ||
		scope != strings.ReplaceAll(last("scope"), " ", "") {
		t.Fatalf("%s gives %+v", payload, claims)
	}
	if claims.Grants != nil {
		grants, _ := plain["grants"].(map[string]interface{})
		plain = grants
		if grants == nil || claims.Grants.Identity != last("identity") {
			t.Fatalf("%s gives %+v", payload, claims.Grants)
		}
		checkGrants(t, *claims.Grants)
	}
	for _, scope := range claims.Scopes {
		if scope.Text == "" || (scope.Service == "") != (scope.Privilege == "") ||
			scope.Service == "" && !reflect.DeepEqual(scope, captoken.Scope{Text: scope.Text}) {
			t.Fatalf("%s gives %+v", payload, scope)
		}
	}
}
