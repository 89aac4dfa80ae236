//go:build cgo

package captoken

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Claims are the claims of a token. If a claim repeats, the last one counts.
//
// Times are in UTC. In the token, a time is a number or a string of digits, which
// twilio-java 4.x writes. A fraction of a second is read as a float64 and truncated to
// nanoseconds. Times more than 2^53 seconds before or after 1970 are limited to 2^53.
type Claims struct {
	// Issuer is the claim iss: in a capability token the account SID, in an access
	// token the SID of the API key. Issuer, Subject and ID are "" if the claim is
	// missing or not a string.
	Issuer string

	// Subject is the claim sub: in an access token the account SID.
	Subject string

	// ID is the claim jti, which access tokens have.
	ID string

	// ExpiresAt is the claim exp. Verify refuses tokens without it.
	ExpiresAt time.Time

	// NotBefore is the claim nbf. It is the zero Time if the claim is missing.
	NotBefore time.Time

	// IssuedAt is the claim iat. It is the zero Time if the claim is missing or not a time.
	IssuedAt time.Time

	// Scopes are the parts of the claim scope, in order. There are none if the claim is
	// missing or not a string.
	Scopes []Scope

	// Grants are the permissions of an access token: the claim grants. It is nil if the
	// claim is missing or not an object.
	Grants *Grants

	// Custom are the private claims: all claims without a field here, by name, as JSON.
	Custom map[string]json.RawMessage

	// Payload is the whole payload as it was signed. It shares no memory with the other
	// fields.
	Payload json.RawMessage
}

// newClaims parses the payload of a verified token. The library has validated the JSON
// and the claims exp and nbf. All other members can have any type.
func newClaims(payload []byte) (Claims, error) {
	// A map, because encoding/json matches the fields of a struct ignoring case. RawMessages,
	// because JSON has numbers that no Go type can represent.
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
		Issuer:    stringOf(take("iss")),
		Subject:   stringOf(take("sub")),
		ID:        stringOf(take("jti")),
		ExpiresAt: timeOf(take("exp")),
		NotBefore: timeOf(take("nbf")),
		IssuedAt:  timeOf(take("iat")),
		Scopes:    scopesOf(stringOf(take("scope"))),
		Grants:    grantsOf(take("grants")),
		Payload:   payload,
	}
	claims.Custom = unlessEmpty(members)
	return claims, nil
}

// unlessEmpty returns the map, or nil if it is empty.
func unlessEmpty(members map[string]json.RawMessage) map[string]json.RawMessage {
	if len(members) == 0 {
		return nil
	}
	return members
}

// stringOf decodes a JSON string. It returns "" for other values.
func stringOf(member json.RawMessage) string {
	var decoded string
	if json.Unmarshal(member, &decoded) != nil {
		return ""
	}
	return decoded
}

// timeOf parses a time claim. It returns the zero Time for values that are not a time. It
// accepts the same spellings as the library, with the same precision.
func timeOf(member json.RawMessage) time.Time {
	number := string(member)
	if digits := stringOf(member); digits != "" && strings.Trim(digits, "0123456789") == "" {
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
