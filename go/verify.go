//go:build cgo

package captoken

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Claims are what a token says. Where a claim repeats, the last one counts.
//
// A time is in UTC. The token may give it with a fraction of a second, which is read as
// a float64 and cut off after nine digits, or as a text of digits, as twilio-java 4.x
// does. More than 2^53 seconds from 1970 are taken for 2^53.
type Claims struct {
	// Issuer is the claim iss: in a capability token the account SID, in an access
	// token the SID of the API key. It is "" if the claim is missing or no text, as
	// are Subject and ID.
	Issuer string

	// Subject is the claim sub: in an access token the account SID.
	Subject string

	// ID is the claim jti: an access token has one.
	ID string

	// ExpiresAt is the claim exp. Verify refuses a token without.
	ExpiresAt time.Time

	// NotBefore is the claim nbf, the zero Time if it is missing.
	NotBefore time.Time

	// IssuedAt is the claim iat, the zero Time if it is missing or no time.
	IssuedAt time.Time

	// Scopes are the parts of the claim scope, in order. There are none if the claim
	// is missing or no text.
	Scopes []Scope

	// Grants are what an access token allows: the claim grants. It is nil if the claim
	// is missing or not an object.
	Grants *Grants

	// Custom are the claims that have no field here, by their names, as JSON: a
	// program's own.
	Custom map[string]json.RawMessage

	// Payload is all of it, byte for byte as it was signed, in memory of its own.
	Payload json.RawMessage
}

// A Scope is one permission of a capability token:
//
//	scope:SERVICE:PRIVILEGE?KEY=VALUE&KEY=VALUE
//
// Text is as in the token, the other texts are decoded. A part of the claim that is
// not of this form, that has broken percent-encoding or does not decode to UTF-8, or in
// which a key repeats, so that readers might differ about it, has only Text.
type Scope struct {
	Text string

	// Service and Privilege are "client" and "incoming", "client" and "outgoing", or
	// "stream" and "subscribe". Of any others, the fields below but Query are "" and nil.
	Service, Privilege string

	// ClientName is the name that is called (client:incoming), or that outgoing calls
	// come from (client:outgoing). Its key is clientName.
	ClientName string

	// ApplicationSID is of the application that handles outgoing calls: the key appSid
	// of client:outgoing.
	ApplicationSID string

	// Path says which events may be followed: the key path of stream:subscribe.
	Path string

	// Params are the parameters of outgoing calls (the key appParams of
	// client:outgoing), or the filters of the events (the key params of
	// stream:subscribe). They are encoded once more inside their value, and nil if there
	// are none, but also where that inner encoding is broken or does not decode to UTF-8:
	// Query has their text.
	//
	// Some of Twilio's libraries write filters under appParams, by a bug with which the
	// stream may be unfiltered: these are in Query only.
	Params []Param

	// Query has every key of the query with its value, decoded once, in order, whether
	// there is a field for it or not. A key without "=" has the value "".
	Query []Param
}

// Verify checks a token and returns what it says, whether this package or one of
// Twilio's libraries has made it. The secret is the auth token, or, for an access
// token, the API key secret. The token must be valid at the time now, which is rounded
// down to the second; a server passes [time.Now].
//
// The signature must be an HMAC-SHA256 of the whole token, and no header can ask for
// another. It is compared in a time that does not tell where a wrong one differs. A
// token must say when it expires, and is refused from that second on.
//
// The errors are [ErrNUL], which is looked for first, [ErrEmptyArgument] (the secret),
// [ErrInvalidUTF8], [ErrInvalidTime] (now is before 1970, or more than 2^53 - 1 seconds
// after), [ErrOutOfMemory], or what is wrong with the token: [ErrTokenMalformed],
// [ErrTokenAlgorithm], [ErrTokenSignature], [ErrTokenExpired] or [ErrTokenNotYetValid].
//
// One question tells a bad token, for which a server answers 401, from a failure of the
// program: errors.Is(err, [ErrInvalidToken]). It is true of the last five, and of ErrNUL
// and ErrInvalidUTF8 where it is the token that has the NUL byte or is not UTF-8, and
// not the secret. A secret that is merely another one makes [ErrTokenSignature].
func Verify(token, secret string, now time.Time) (Claims, error) {
	if hasNUL(token) || hasNUL(secret) {
		return Claims{}, &Error{Status: StatusNUL, ofToken: !hasNUL(secret)}
	}
	joined := join([]string{token, secret}, nil)
	defer joined.release()
	// The payload is shorter than the token that spells it. What is returned is a copy,
	// which does not keep the rest of the buffer.
	buffer := make([]byte, len(token)+1)
	length, status := libVerify(joined.bytes, now.Unix(), buffer)
	switch status {
	case StatusOK:
		payload := make([]byte, length)
		copy(payload, buffer)
		return newClaims(payload)
	case StatusInvalidUTF8:
		return Claims{}, &Error{Status: status, ofToken: utf8.ValidString(secret)}
	default:
		return Claims{}, failure(status)
	}
}

// newClaims reads the payload of a token that was verified. The library has accepted
// the JSON, and what exp and nbf say; all else may be anything.
func newClaims(payload []byte) (Claims, error) {
	// A map, as the names of a struct's fields would match in any case. Claims stay as
	// they are spelled, as there are numbers that Go has no type for.
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return Claims{}, failure(StatusInternal)
	}
	take := func(name string) json.RawMessage {
		member := members[name]
		delete(members, name)
		return member
	}
	claims := Claims{
		Issuer:    textOf(take("iss")),
		Subject:   textOf(take("sub")),
		ID:        textOf(take("jti")),
		ExpiresAt: timeOf(take("exp")),
		NotBefore: timeOf(take("nbf")),
		IssuedAt:  timeOf(take("iat")),
		Scopes:    scopesOf(textOf(take("scope"))),
		Grants:    grantsOf(take("grants")),
		Payload:   payload,
	}
	claims.Custom = unlessEmpty(members)
	return claims, nil
}

// unlessEmpty returns nil in place of a map that has nothing.
func unlessEmpty(members map[string]json.RawMessage) map[string]json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	return members
}

// textOf returns what a string of JSON says, "" if it is something else.
func textOf(member json.RawMessage) string {
	var text string
	if json.Unmarshal(member, &text) != nil {
		return ""
	}
	return text
}

// timeOf returns the time that a claim says, the zero Time if it is none. It reads what
// the library reads, with the precision with which the library compares.
func timeOf(member json.RawMessage) time.Time {
	number := string(member)
	if digits := textOf(member); digits != "" && strings.Trim(digits, "0123456789") == "" {
		number = digits
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return time.Time{}
	}
	const limit = 1 << 53
	whole, fraction := math.Modf(math.Max(-limit, math.Min(seconds, limit)))
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC()
}

// scopesOf takes a scope claim apart.
func scopesOf(claim string) []Scope {
	var scopes []Scope
	for _, text := range strings.Split(claim, " ") {
		if text != "" {
			scopes = append(scopes, newScope(text))
		}
	}
	return scopes
}

func newScope(text string) Scope {
	unread := Scope{Text: text}
	name, query, _ := strings.Cut(text, "?")
	parts := strings.Split(name, ":")
	if len(parts) != 3 || parts[0] != "scope" || parts[1] == "" || parts[2] == "" {
		return unread
	}
	pairs, readable := pairsOf(query)
	if !readable {
		return unread
	}
	scope := Scope{Text: text, Service: parts[1], Privilege: parts[2], Query: pairs}
	given := map[string]bool{}
	for _, pair := range pairs {
		if given[pair.Key] {
			return unread
		}
		given[pair.Key] = true
		switch name + "?" + pair.Key {
		case "scope:client:incoming?clientName", "scope:client:outgoing?clientName":
			scope.ClientName = pair.Value
		case "scope:client:outgoing?appSid":
			scope.ApplicationSID = pair.Value
		case "scope:stream:subscribe?path":
			scope.Path = pair.Value
		case "scope:client:outgoing?appParams", "scope:stream:subscribe?params":
			// None in place of those that cannot be read: Query has their text.
			scope.Params, _ = pairsOf(pair.Value)
		}
	}
	return scope
}

// pairsOf reads what a form of HTML would send (application/x-www-form-urlencoded), and
// reports whether all of it could be read; otherwise it returns nothing. Unlike
// [url.ParseQuery], it keeps the order.
func pairsOf(form string) ([]Param, bool) {
	var pairs []Param
	for _, text := range strings.Split(form, "&") {
		if text == "" {
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		key, readable := decoded(key)
		if !readable {
			return nil, false
		}
		value, readable = decoded(value)
		if !readable {
			return nil, false
		}
		pairs = append(pairs, Param{key, value})
	}
	return pairs, true
}

// decoded returns a key or a value of a form, and reports whether it could be read.
func decoded(encoded string) (string, bool) {
	text, err := url.QueryUnescape(encoded)
	return text, err == nil && utf8.ValidString(text)
}
