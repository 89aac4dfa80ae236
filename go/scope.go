//go:build cgo

package captoken

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// A Scope is one permission of a capability token:
//
//	scope:SERVICE:PRIVILEGE?KEY=VALUE&KEY=VALUE
//
// Text is exactly as in the token; all other strings are decoded. Only Text is set if:
//
//   - the part of the claim does not have this form
//   - its percent-encoding is broken or does not decode to UTF-8
//   - a key repeats, which makes it ambiguous
type Scope struct {
	Text string

	// Service and Privilege are "client" and "incoming", "client" and "outgoing", or
	// "stream" and "subscribe". With other values, the fields below are empty, except
	// Query.
	Service, Privilege string

	// ClientName is the client name of incoming or outgoing calls: the key clientName of
	// client:incoming and client:outgoing.
	ClientName string

	// ApplicationSID is the SID of the application that handles outgoing calls: the key
	// appSid of client:outgoing.
	ApplicationSID string

	// Path selects the events that may be followed: the key path of stream:subscribe.
	Path string

	// Params are the parameters of outgoing calls or the filters of an event stream: the
	// key appParams of client:outgoing, or the key params of stream:subscribe. Their
	// pairs are encoded a second time inside the value.
	//
	// Params is nil if there are no pairs, and also if the inner encoding is broken or
	// does not decode to UTF-8. Query has the value in any case.
	//
	// Some of Twilio's libraries have a bug: they write filters under appParams, and
	// the stream may be unfiltered. Such filters are in Query only.
	Params []Param

	// Query has every key of the query with its value, decoded once, in order. A key
	// without "=" has the value "".
	Query []Param
}

// scopesOf parses the claim scope.
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
	pairs, valid := pairsOf(query)
	if !valid {
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
			// nil if they cannot be decoded: Query has the encoded value.
			scope.Params, _ = pairsOf(pair.Value)
		}
	}
	return scope
}

// pairsOf decodes application/x-www-form-urlencoded pairs. It reports whether all of them
// are valid; otherwise it returns none. Unlike [url.ParseQuery], it keeps the order.
func pairsOf(form string) ([]Param, bool) {
	var pairs []Param
	for _, pair := range strings.Split(form, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, valid := decoded(key)
		if !valid {
			return nil, false
		}
		value, valid = decoded(value)
		if !valid {
			return nil, false
		}
		pairs = append(pairs, Param{key, value})
	}
	return pairs, true
}

// decoded decodes a key or a value, and reports whether it is valid.
func decoded(encoded string) (string, bool) {
	s, err := url.QueryUnescape(encoded)
	return s, err == nil && utf8.ValidString(s)
}
