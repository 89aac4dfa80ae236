//go:build cgo

package captoken

import (
	"bytes"
	"encoding/json"
)

// Grants are the permissions of an access token, and who has them.
//
// An object here in which a name repeats is taken for none, as readers might differ about
// it: the grants themselves, the voice grant, and incoming, outgoing and params in it.
// The Payload of [Claims] has their text.
type Grants struct {
	// Identity is the client name of whoever holds the token. It is "" if it is missing
	// or no text.
	Identity string

	// Voice is the grant voice, nil if it is missing or not an object.
	Voice *VoiceGrant

	// Others are the other grants by their names, such as video and chat, as JSON of any
	// kind.
	Others map[string]json.RawMessage
}

// A VoiceGrant says which calls the holder of an access token may take and make. A text is
// "" if it is missing or no text.
type VoiceGrant struct {
	// Incoming says that the holder may be called: that incoming.allow is true.
	Incoming bool

	// ApplicationSID is of the application that handles outgoing calls:
	// outgoing.application_sid.
	ApplicationSID string

	// Params are the parameters of outgoing calls, an object of JSON as it is in the
	// token: outgoing.params. This package writes texts into it, Twilio's libraries
	// whatever they were given. It is nil if it is missing or not an object.
	Params json.RawMessage

	// PushCredentialSID is of the credential with which phones are told of calls:
	// push_credential_sid.
	PushCredentialSID string

	// EndpointID tells this device from others of the same identity: endpoint_id, which
	// Twilio's libraries can write, and this package does not.
	EndpointID string
}

// grantsOf takes a grants claim apart.
func grantsOf(claim json.RawMessage) *Grants {
	members := objectOf(claim)
	if members == nil {
		return nil
	}
	grants := &Grants{Identity: textOf(members["identity"]), Voice: voiceOf(members["voice"])}
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
		ApplicationSID:    textOf(outgoing["application_sid"]),
		PushCredentialSID: textOf(members["push_credential_sid"]),
		EndpointID:        textOf(members["endpoint_id"]),
	}
	if params := outgoing["params"]; objectOf(params) != nil {
		voice.Params = params
	}
	return voice
}

// objectOf returns the members of an object, nil if it is something else, or if a name
// repeats in it.
func objectOf(member json.RawMessage) map[string]json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(member))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isText := token.(string)
		var value json.RawMessage
		if err != nil || !isText || members[name] != nil || decoder.Decode(&value) != nil {
			return nil
		}
		members[name] = value
	}
	return members
}
