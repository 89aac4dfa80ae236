package captoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"captoken"
)

// A model predicts what a Token does, in plain Go without the library. Each method returns the
// status of the method of this name, and changes nothing if that is a failure.
type model struct {
	// False: every call returns StatusClosed.
	open bool

	accountSID, secret string

	// "" for capability tokens.
	apiKeySID string

	// The client name, and whether it allows incoming calls. nil if there is none.
	incoming, clientName *string

	applicationSID string
	params         []captoken.Param

	stream  bool
	filters []captoken.Param

	claims, grants  object
	notBefore       int64
	region, pushSID string
}

const lastTime = 1<<53 - 1

func firstFailure(statuses ...captoken.Status) captoken.Status {
	for _, status := range statuses {
		if status != captoken.StatusOK {
			return status
		}
	}
	return captoken.StatusOK
}

func nulIn(strs ...string) captoken.Status {
	if strings.Contains(strings.Join(strs, ""), "\x00") {
		return captoken.StatusNUL
	}
	return captoken.StatusOK
}

func utf8In(s string) captoken.Status {
	if !utf8.ValidString(s) {
		return captoken.StatusInvalidUTF8
	}
	return captoken.StatusOK
}

func required(s string) captoken.Status {
	if s == "" {
		return captoken.StatusEmptyArgument
	}
	return utf8In(s)
}

func (m *model) unlessClosed() captoken.Status {
	if !m.open {
		return captoken.StatusClosed
	}
	return captoken.StatusOK
}

// newModel is the model of New, with the configured defaults.
func newModel(accountSID, authToken string, configured [2]string) (model, captoken.Status) {
	status := nulIn(accountSID, authToken)
	for i, credential := range []*string{&accountSID, &authToken} {
		if *credential == "" && configured[i] == "" {
			status = firstFailure(status, captoken.StatusNoCredentials)
		} else if *credential == "" {
			*credential = configured[i]
		}
		status = firstFailure(status, utf8In(*credential))
	}
	return model{open: true, accountSID: accountSID, secret: authToken}, status
}

func newAccessModel(accountSID, apiKeySID, secret string) (model, captoken.Status) {
	status := firstFailure(nulIn(accountSID, apiKeySID, secret),
		required(accountSID), required(apiKeySID), required(secret))
	return model{open: true, accountSID: accountSID, apiKeySID: apiKeySID, secret: secret}, status
}

func configuredModel(accountSID, authToken string) captoken.Status {
	if accountSID == "" && authToken == "" {
		return captoken.StatusOK
	}
	return firstFailure(nulIn(accountSID, authToken), required(accountSID), required(authToken))
}

var clientName = regexp.MustCompile(`^[A-Za-z0-9_]{1,256}$`)

func clientNameModel(name string) captoken.Status {
	switch {
	case firstFailure(nulIn(name), required(name)) != captoken.StatusOK:
		return firstFailure(nulIn(name), required(name))
	case !clientName.MatchString(name):
		return captoken.StatusInvalidClientName
	default:
		return captoken.StatusOK
	}
}

// string is the model of the methods that take one string and set it.
func (m *model) string(s string, set func(), supported bool) captoken.Status {
	status := firstFailure(m.unlessClosed(), nulIn(s), required(s))
	if status == captoken.StatusOK && !supported {
		status = captoken.StatusUnsupported
	}
	if status == captoken.StatusOK {
		set()
	}
	return status
}

func (m *model) allowIncoming(name string) captoken.Status {
	return m.string(name, func() { m.incoming, m.clientName = &name, &name }, true)
}

func (m *model) setClientName(name string) captoken.Status {
	return m.string(name, func() { m.clientName = &name }, true)
}

func (m *model) setRegion(region string) captoken.Status {
	return m.string(region, func() { m.region = region }, m.apiKeySID != "")
}

func (m *model) setPushCredential(sid string) captoken.Status {
	return m.string(sid, func() { m.pushSID = sid }, m.apiKeySID != "")
}

func pairsModel(pairs []captoken.Param) captoken.Status {
	for _, pair := range pairs {
		status := firstFailure(nulIn(pair.Key), utf8In(pair.Key), nulIn(pair.Value), utf8In(pair.Value))
		if status != captoken.StatusOK {
			return status
		}
	}
	return captoken.StatusOK
}

func (m *model) allowOutgoing(applicationSID string, params []captoken.Param) captoken.Status {
	status := firstFailure(m.unlessClosed(), nulIn(applicationSID), required(applicationSID), pairsModel(params))
	if status == captoken.StatusOK {
		m.applicationSID, m.params = applicationSID, params
	}
	return status
}

func (m *model) allowEventStream(filters []captoken.Param) captoken.Status {
	status := firstFailure(m.unlessClosed(), pairsModel(filters))
	if status == captoken.StatusOK && m.apiKeySID != "" {
		status = captoken.StatusUnsupported
	}
	if status == captoken.StatusOK {
		m.stream, m.filters = true, filters
	}
	return status
}

func (m *model) setNotBefore(notBefore time.Time) captoken.Status {
	seconds := notBefore.Unix()
	if notBefore.IsZero() {
		seconds = 0
	}
	switch {
	case !m.open:
		return captoken.StatusClosed
	case seconds < 0 || seconds > lastTime:
		return captoken.StatusInvalidTime
	}
	m.notBefore = seconds
	return captoken.StatusOK
}

// add is the model of AddClaim and AddGrant.
func (m *model) add(to *object, reserved []string, isGrant bool, name string, value interface{}) captoken.Status {
	encoded, err := json.Marshal(value)
	if err != nil {
		return captoken.StatusInvalidJSON
	}
	status := firstFailure(m.unlessClosed(), nulIn(name, string(encoded)), required(name))
	for _, written := range reserved {
		if name == written {
			status = firstFailure(status, captoken.StatusReservedName)
		}
	}
	status = firstFailure(status, utf8In(string(encoded)))
	if !isJSON(string(encoded), 127) || isGrant && encoded[0] != '{' {
		status = firstFailure(status, captoken.StatusInvalidJSON)
	}
	if isGrant && m.apiKeySID == "" {
		status = firstFailure(status, captoken.StatusUnsupported)
	}
	if status == captoken.StatusOK {
		to.set(name, respelled(string(encoded)))
	}
	return status
}

func (m *model) addClaim(name string, value interface{}) captoken.Status {
	reserved := []string{"scope", "iss", "exp", "nbf", "iat"}
	if m.apiKeySID != "" {
		reserved = append(reserved, "jti", "sub", "grants")
	}
	return m.add(&m.claims, reserved, false, name, value)
}

func (m *model) addGrant(name string, value interface{}) captoken.Status {
	return m.add(&m.grants, []string{"identity", "voice"}, true, name, value)
}

func (m *model) generateAt(now int64, ttl time.Duration) (string, captoken.Status) {
	seconds := int64(ttl / time.Second)
	switch {
	case ttl == 0:
		seconds = 3600
	case ttl%time.Second != 0:
		seconds = 0
	}
	switch {
	case !m.open:
		return "", captoken.StatusClosed
	case now < 0 || now > lastTime:
		return "", captoken.StatusInvalidTime
	case seconds < 1 || seconds > 86400:
		return "", captoken.StatusInvalidTTL
	case now+seconds > lastTime:
		return "", captoken.StatusInvalidTime
	}
	var payload object
	payload = append(payload, m.claims...)
	header := `{"typ":"JWT","alg":"HS256"}`
	if m.apiKeySID == "" {
		payload.set("scope", quote(m.scope()))
		payload.set("iss", quote(m.accountSID))
	} else {
		header = `{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}`
		if m.region != "" {
			header = header[:len(header)-1] + `,"twr":` + quote(m.region) + "}"
		}
		payload.set("jti", quote(fmt.Sprintf("%s-%d", m.apiKeySID, now)))
		payload.set("iss", quote(m.apiKeySID))
		payload.set("sub", quote(m.accountSID))
	}
	payload.set("exp", fmt.Sprint(now+seconds))
	if m.notBefore != 0 {
		payload.set("nbf", fmt.Sprint(m.notBefore))
	}
	if m.apiKeySID != "" {
		payload.set("grants", m.allGrants())
	}
	return sign(header, payload.String(), m.secret), captoken.StatusOK
}

func (m *model) scope() string {
	var scopes []string
	if m.incoming != nil {
		scopes = append(scopes, "scope:client:incoming?clientName="+percent(*m.incoming))
	}
	if m.applicationSID != "" {
		scope := "scope:client:outgoing?appSid=" + percent(m.applicationSID)
		if len(m.params) > 0 {
			scope += "&appParams=" + percent(form(m.params))
		}
		if m.clientName != nil {
			scope += "&clientName=" + percent(*m.clientName)
		}
		scopes = append(scopes, scope)
	}
	if m.stream {
		scope := "scope:stream:subscribe?path=%2F2010-04-01%2FEvents"
		if len(m.filters) > 0 {
			scope += "&params=" + percent(form(m.filters))
		}
		scopes = append(scopes, scope)
	}
	return strings.Join(scopes, " ")
}

func (m *model) allGrants() string {
	var grants, voice, outgoing, params object
	if m.incoming != nil {
		voice.set("incoming", `{"allow":true}`)
	}
	if m.applicationSID != "" {
		outgoing.set("application_sid", quote(m.applicationSID))
		for _, param := range m.params {
			params.set(param.Key, quote(param.Value))
		}
		if params != nil {
			outgoing.set("params", params.String())
		}
		voice.set("outgoing", outgoing.String())
	}
	if m.pushSID != "" {
		voice.set("push_credential_sid", quote(m.pushSID))
	}
	if m.clientName != nil {
		grants.set("identity", quote(*m.clientName))
	}
	if voice != nil {
		grants.set("voice", voice.String())
	}
	return append(grants, m.grants...).String()
}

func percent(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func form(pairs []captoken.Param) string {
	var encoded []string
	for _, pair := range pairs {
		encoded = append(encoded, percent(pair.Key)+"="+percent(pair.Value))
	}
	return strings.Join(encoded, "&")
}

// An object is a JSON object. Its members are names and JSON.
type object []captoken.Param

// set adds a member. A member of the same name keeps its place.
func (o *object) set(name, json string) {
	for i := range *o {
		if (*o)[i].Key == name {
			// A new array, because a copy of the model may share the old one.
			*o = append(object{}, *o...)
			(*o)[i].Value = json
			return
		}
	}
	*o = append((*o)[:len(*o):len(*o)], captoken.Param{Key: name, Value: json})
}

func (o object) String() string {
	var members []string
	for _, member := range o {
		members = append(members, quote(member.Key)+":"+member.Value)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// quote returns a JSON string in ASCII.
func quote(s string) string {
	short := map[rune]string{
		'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`,
	}
	var quoted strings.Builder
	for _, r := range s {
		switch {
		case short[r] != "":
			quoted.WriteString(short[r])
		case r >= 1<<16:
			fmt.Fprintf(&quoted, `\u%04x\u%04x`, 0xd800+(r-1<<16)>>10, 0xdc00+r&0x3ff)
		case r < ' ' || r > 0x7f:
			fmt.Fprintf(&quoted, `\u%04x`, r)
		default:
			quoted.WriteRune(r)
		}
	}
	return `"` + quoted.String() + `"`
}

var (
	jsonString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	spaces     = regexp.MustCompile(`[ \t\r\n]`)

	// The parts of a JSON string. The first group is an unpaired surrogate.
	stringParts = regexp.MustCompile(`\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F]..)|\\.|[^\\]`)
)

// respelled returns JSON without white space, with strings in ASCII.
func respelled(text string) string {
	var compact strings.Builder
	end := 0
	for _, place := range jsonString.FindAllStringIndex(text, -1) {
		var decoded string
		if err := json.Unmarshal([]byte(text[place[0]:place[1]]), &decoded); err != nil {
			panic(err)
		}
		compact.WriteString(spaces.ReplaceAllString(text[end:place[0]], "") + quote(decoded))
		end = place[1]
	}
	return compact.String() + spaces.ReplaceAllString(text[end:], "")
}

// isJSON reports whether the library accepts a JSON text that is nested no deeper than this.
func isJSON(text string, depth int) bool {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
		return false
	}
	for _, str := range jsonString.FindAllString(text, -1) {
		for _, part := range stringParts.FindAllStringSubmatch(str, -1) {
			if part[1] != "" {
				return false
			}
		}
	}
	for _, r := range jsonString.ReplaceAllString(text, "") {
		switch r {
		case '[', '{':
			depth--
		case ']', '}':
			depth++
		}
		if depth < 0 {
			return false
		}
	}
	return true
}

// verifyModel is the model of VerifyWithLeeway. It returns the payload.
func verifyModel(token, secret string, now int64, leeway time.Duration) (string, captoken.Status) {
	status := nulIn(token, secret)
	if leeway < 0 || leeway > 24*time.Hour || leeway%time.Second != 0 {
		status = firstFailure(status, captoken.StatusInvalidLeeway)
	}
	status = firstFailure(status, utf8In(token), required(secret))
	if now < 0 || now > lastTime {
		status = firstFailure(status, captoken.StatusInvalidTime)
	}
	if status != captoken.StatusOK {
		return "", status
	}
	payload, status := signedPayload(token, secret)
	if status != captoken.StatusOK {
		return "", status
	}
	status = validity(payload, now)
	again := now
	switch status {
	case captoken.StatusTokenExpired:
		again = int64(math.Max(0, float64(now-int64(leeway/time.Second))))
	case captoken.StatusTokenNotYetValid:
		again = now + int64(leeway/time.Second)
	}
	if again != now && again <= lastTime {
		switch second := validity(payload, again); second {
		case captoken.StatusTokenExpired, captoken.StatusTokenNotYetValid:
		default:
			status = second
		}
	}
	return payload, status
}

// The deepest nesting of a header and of a payload.
const tokenDepth = 129

func signedPayload(token, secret string) (string, captoken.Status) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", captoken.StatusTokenMalformed
	}
	var decoded [3]string
	for i, part := range parts {
		// The decoder ignores line breaks.
		bytes, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || strings.ContainsAny(part, "\r\n") {
			return "", captoken.StatusTokenMalformed
		}
		decoded[i] = string(bytes)
	}
	head, valid := members(decoded[0], "alg", "typ", "crit")
	typ := stringIn(head["typ"])
	switch {
	case !valid, head["crit"] != "", head["typ"] != "" && !strings.EqualFold(typ, "JWT"):
		return "", captoken.StatusTokenMalformed
	case stringIn(head["alg"]) != "HS256":
		return "", captoken.StatusTokenAlgorithm
	case sign(decoded[0], decoded[1], secret) != token:
		return "", captoken.StatusTokenSignature
	}
	return decoded[1], captoken.StatusOK
}

func validity(payload string, now int64) captoken.Status {
	claims, valid := members(payload, "exp", "nbf")
	if !valid || claims["exp"] == "" {
		return captoken.StatusTokenMalformed
	}
	exp, valid := timeIn(claims["exp"])
	switch {
	case !valid:
		return captoken.StatusTokenMalformed
	case float64(now) >= exp:
		return captoken.StatusTokenExpired
	case claims["nbf"] == "":
		return captoken.StatusOK
	}
	nbf, valid := timeIn(claims["nbf"])
	switch {
	case !valid:
		return captoken.StatusTokenMalformed
	case float64(now) < nbf:
		return captoken.StatusTokenNotYetValid
	default:
		return captoken.StatusOK
	}
}

// members returns the JSON of these members of an object. It reports whether the text is an
// object and repeats none of them.
func members(text string, names ...string) (map[string]string, bool) {
	if !isJSON(text, tokenDepth) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	found := map[string]string{}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return nil, false
		}
		for _, wanted := range names {
			if name == wanted && found[wanted] != "" {
				return nil, false
			}
			if name == wanted {
				found[wanted] = string(value)
			}
		}
	}
	return found, true
}

// stringIn decodes a JSON string. It returns "" for other JSON.
func stringIn(text string) string {
	var decoded string
	if !strings.HasPrefix(text, `"`) || json.Unmarshal([]byte(text), &decoded) != nil {
		return ""
	}
	return decoded
}

var digits = regexp.MustCompile(`^[0-9]{1,20}$`)

func timeIn(text string) (float64, bool) {
	number := text
	if strings.HasPrefix(text, `"`) {
		if number = stringIn(text); !digits.MatchString(number) {
			return 0, false
		}
	}
	seconds, err := strconv.ParseFloat(number, 64)
	return seconds, err == nil && len(text) <= 1000 && json.Valid([]byte(text))
}
