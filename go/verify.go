//go:build cgo

package captoken

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
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

	// Custom are the claims that have no field here, by their names, as JSON: a
	// program's own, and those of access tokens such as grants.
	Custom map[string]json.RawMessage

	// Payload is all of it, byte for byte as it was signed.
	Payload json.RawMessage
}

// A Scope is one permission of a capability token:
//
//	scope:SERVICE:PRIVILEGE?KEY=VALUE&KEY=VALUE
//
// Text is as in the token, the other texts are decoded. A part of the claim that is
// not of this form, that cannot be decoded, or in which a key repeats, so that readers
// might differ about it, has only Text.
type Scope struct {
	Text string

	// Service and Privilege are "client" and "incoming", "client" and "outgoing", or
	// "stream" and "subscribe".
	Service, Privilege string

	// ClientName is the name that is called, or that outgoing calls come from.
	ClientName string

	// ApplicationSID is of the application that handles outgoing calls.
	ApplicationSID string

	// Path says which events may be followed.
	Path string

	// Params are the parameters of outgoing calls, or the filters of the events.
	Params []Param
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
func Verify(token, secret string, now time.Time) (Claims, error) {
	if hasNUL(token) || hasNUL(secret) {
		return Claims{}, failure(StatusNUL)
	}
	texts := join(token, secret)
	defer wipe(texts)
	// The payload is shorter than the token that spells it.
	buffer := make([]byte, len(token)+1)
	length, status := libVerify(texts, now.Unix(), buffer)
	if status != StatusOK {
		return Claims{}, failure(status)
	}
	return newClaims(buffer[:length])
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
		Payload:   payload,
	}
	if len(members) > 0 {
		claims.Custom = members
	}
	return claims, nil
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
	pairs, err := pairsOf(query)
	if err != nil {
		return unread
	}
	scope := Scope{Text: text, Service: parts[1], Privilege: parts[2]}
	given := map[string]bool{}
	for _, pair := range pairs {
		key := pair.Key
		if key == "params" {
			// Filters, which some of Twilio's libraries write as appParams, too.
			key = "appParams"
		}
		if given[key] {
			return unread
		}
		given[key] = true
		switch key {
		case "clientName":
			scope.ClientName = pair.Value
		case "appSid":
			scope.ApplicationSID = pair.Value
		case "path":
			scope.Path = pair.Value
		case "appParams":
			if scope.Params, err = pairsOf(pair.Value); err != nil {
				return unread
			}
		}
	}
	return scope
}

// pairsOf reads what a form of HTML would send (application/x-www-form-urlencoded).
// Unlike [url.ParseQuery], it keeps the order.
func pairsOf(form string) ([]Param, error) {
	var pairs []Param
	for _, text := range strings.Split(form, "&") {
		if text == "" {
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, err
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, Param{key, value})
	}
	return pairs, nil
}
