//go:build cgo

package captoken

import (
	"bytes"
	"encoding/json"
)

// Grants are the identity and the permissions of an access token.
//
// A repeated name makes an object ambiguous, so such an object counts as missing. This
// applies to the claim grants, the voice grant, and its members incoming, outgoing and
// params. The Payload of [Claims] contains them in any case.
type Grants struct {
	// Identity is the client name of the token's holder. It is "" if it is missing or not
	// a string.
	Identity string

	// Voice is the voice grant. It is nil if it is missing or not an object.
	Voice *VoiceGrant

	// Others are all other grants by name, such as video and chat. Each is any JSON value.
	Others map[string]json.RawMessage
}

// A VoiceGrant lists the calls that an access token permits. A string is "" if it is
// missing or not a string in the token.
type VoiceGrant struct {
	// Incoming reports whether incoming calls are allowed: incoming.allow is true.
	Incoming bool

	// ApplicationSID is the SID of the application that handles outgoing calls:
	// outgoing.application_sid.
	ApplicationSID string

	// Params are the parameters of outgoing calls: outgoing.params, a JSON object exactly
	// as in the token. Its values are strings in tokens of this package, and any JSON in
	// those of Twilio's libraries. It is nil if it is missing or not an object.
	Params json.RawMessage

	// PushCredentialSID is the SID of the credential for push notifications:
	// push_credential_sid.
	PushCredentialSID string

	// EndpointID distinguishes devices that share an identity: endpoint_id. Twilio's
	// libraries can write it; this package cannot.
	EndpointID string
}

// grantsOf parses the claim grants.
func grantsOf(claim json.RawMessage) *Grants {
	members := objectOf(claim)
	if members == nil {
		return nil
	}
	grants := &Grants{Identity: stringOf(members["identity"]), Voice: voiceOf(members["voice"])}
	delete(members, "identity")
	delete(members, "voice")
	grants.Others = unlessEmpty(members)
	return grants
}

func voiceOf(grant json.RawMessage) *VoiceGrant {
	members := objectOf(grant)
	if members == nil {
		return nil
	}
	incoming, outgoing := objectOf(members["incoming"]), objectOf(members["outgoing"])
	voice := &VoiceGrant{
		Incoming:          string(incoming["allow"]) == "true",
		ApplicationSID:    stringOf(outgoing["application_sid"]),
		PushCredentialSID: stringOf(members["push_credential_sid"]),
		EndpointID:        stringOf(members["endpoint_id"]),
	}
	if params := outgoing["params"]; objectOf(params) != nil {
		voice.Params = params
	}
	return voice
}

// objectOf returns the members of a JSON object. It returns nil for other values, and for
// an object with a repeated name.
func objectOf(member json.RawMessage) map[string]json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(member))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isString := token.(string)
		var value json.RawMessage
		if err != nil || !isString || members[name] != nil || decoder.Decode(&value) != nil {
			return nil
		}
		members[name] = value
	}
	return members
}
