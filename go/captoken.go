//go:build cgo

// Package captoken mints and verifies Twilio Client tokens.
//
// Such a token is a JSON Web Token that is signed with HS256. It lets a browser or phone
// receive calls under a client name and place calls through a TwiML application. A
// [Token] collects these permissions for one account and mints any number of tokens:
//
//	token, err := captoken.New(accountSID, authToken)
//	if err != nil {
//		return err
//	}
//	defer token.Close()
//	if err := token.AllowIncoming("alice"); err != nil {
//		return err
//	}
//	if err := token.AllowOutgoing(applicationSID); err != nil {
//		return err
//	}
//	jwt, err := token.Generate(captoken.DefaultTTL)
//
// [Verify] checks a token and returns its claims. It accepts the tokens of this package
// and those of Twilio's libraries.
//
// # Token kinds
//
// [New] is for capability tokens. A capability token lists its permissions in the claim
// scope, and is signed with the account's auth token.
//
// [NewAccess] is for access tokens, which Twilio recommends. They work in
// all of Twilio's regions and with its libraries for phones. An access token lists its
// permissions in the claim grants, and is signed with the secret of an API key. Create
// the key in the Twilio console; a restricted key does not work.
//
// To migrate, replace the call of New. The account SID, the application SID and the
// client names stay the same:
//
//	token, err := captoken.NewAccess(accountSID, apiKeySID, apiKeySecret)
//
// Access tokens differ as follows:
//
//   - An access token has a single name, its identity. It applies to calls in both
//     directions and to all other permissions. [Token.AllowIncoming] and
//     [Token.SetClientName] both set it; the last call decides.
//   - The parameters of [Token.AllowOutgoing] are the members of a JSON object, so keys
//     are unique. Values are strings; to pass an object, encode it as JSON in one
//     parameter.
//   - Three methods work on access tokens only: [Token.SetRegion],
//     [Token.SetPushCredential] and [Token.AddGrant]. [Token.AllowEventStream] works on
//     capability tokens only. With the other token kind, they return [ErrUnsupported].
//   - [Token.AddClaim] also reserves the names jti, sub and grants.
//
// # Strings
//
// Every string is UTF-8 without a NUL byte. It reaches Twilio unchanged, neither trimmed
// nor normalised. SIDs, secrets, regions, and the names of clients, claims and grants
// must not be empty. Their form is not checked, as in Twilio's own libraries. Call
// [CheckClientName] for client names that come from users.
//
// # Errors
//
// [errors.As] finds an [*Error] in every error. [errors.Is] compares an error with the
// variables whose names begin with Err. [ErrInvalidToken] matches every error of [Verify]
// that is about the token. A failed call changes nothing, with one exception below.
//
// These errors are possible everywhere, so most functions list only the others:
//
//   - [ErrInvalidUTF8] and [ErrNUL] from a function that takes strings
//   - [ErrEmptyArgument] from a function that takes strings which must not be empty
//   - [ErrClosed] from every method of a closed Token, except Close
//   - [ErrOutOfMemory], if memory runs out
//   - [ErrInternal], if the library catches a bug
//
// [Token.AllowOutgoing] and [Token.AllowEventStream] add their pairs one by one. If
// memory runs out between two pairs, the Token becomes unusable: every later call returns
// an error that is [ErrOutOfMemory] and says so. Close still works. A bug that is caught
// between two pairs has the same effect, with [ErrInternal].
//
// # Concurrency
//
// All functions and methods are safe for concurrent use. Calls of Generate run
// concurrently. A method that changes a Token takes its lock exclusively.
//
// # Secrets
//
// The auth token gives access to the whole account. The secret of an API key suffices to
// mint any access token of that key. Neither this package nor the library stores them. A
// Token holds the HMAC states derived from its secret, outside Go's memory, and Close
// wipes these. The copies of the secret that a call makes are wiped before it returns.
//
// This package cannot wipe:
//
//   - the caller's string
//   - CPU registers
//   - the registers that Go saves in memory when a signal interrupts a goroutine
//
// # Building
//
// The package calls a C library through cgo. By default it links the archive for
// its platform in the package's folder, such as libcaptoken_linux_amd64.a. "make go-lib" in the
// library's repository puts it there, together with captoken.h. With the build tag captoken_pkgconfig, the package links the
// installed library, as pkg-config describes it.
package captoken

import (
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Times to live.
const (
	// DefaultTTL is one hour, the default of Twilio's own libraries.
	DefaultTTL = time.Hour

	// MaxTTL is one day, the longest time to live that Twilio accepts.
	MaxTTL = 24 * time.Hour
)

// Version returns the version of the library that is linked, such as "1.2.3".
func Version() string {
	return libVersion()
}

// Configure sets the default credentials of [New] for the whole process. Existing
// Tokens keep theirs.
//
// Configure("", "") clears the defaults and wipes them from memory. If only one argument
// is "", the error is [ErrEmptyArgument]. [ErrNUL] takes precedence over other errors.
func Configure(accountSID, authToken string) error {
	if hasNUL(accountSID, authToken) {
		return failure(StatusNUL)
	}
	credentials := join([]string{accountSID, authToken}, nil)
	defer credentials.release()
	return failure(libConfigure(credentials.bytes))
}

// A Token mints tokens for one account, with the permissions that it holds. [New] and
// [NewAccess] return one; the zero Token is closed. Copies of a Token are the same Token.
//
// If memory runs out between two parameters of [Token.AllowOutgoing] or two filters of
// [Token.AllowEventStream], the Token becomes unusable. Every later call returns an error
// that is [ErrOutOfMemory]; [Token.Close] still works.
type Token struct {
	// A pointer, so that copying a Token cannot make two owners of one handle.
	shared *shared
}

// shared is the state that all copies of a Token share.
type shared struct {
	mu sync.RWMutex

	// nil once the Token is closed.
	handle *handle

	// The status that made the Token unusable, otherwise StatusOK.
	broken Status
}

// closed is the state of every zero Token. It never has a handle.
var closed shared

// New returns a Token for the capability tokens of an account, without permissions. For
// each argument that is "", it uses the default that [Configure] has set.
//
// Close the Token after use. If the caller drops a Token without closing it, a finalizer
// closes it after a garbage collection.
//
// New returns [ErrNoCredentials] if an argument is "" and no default is configured.
// [ErrNUL] takes precedence over other errors.
func New(accountSID, authToken string) (*Token, error) {
	return newToken(libNew, accountSID, authToken)
}

// NewAccess returns a Token for the access tokens of an account, without permissions. The
// secret of the API key signs them. The defaults of [Configure] are not used.
//
// All methods except [Token.AllowEventStream] work on it; their comments name the
// differences. Close this Token, too. [ErrNUL] takes precedence over other errors.
func NewAccess(accountSID, apiKeySID, apiKeySecret string) (*Token, error) {
	return newToken(libNewAccess, accountSID, apiKeySID, apiKeySecret)
}

func newToken(call func(joined []byte) (uintptr, Status), strs ...string) (*Token, error) {
	if hasNUL(strs...) {
		return nil, failure(StatusNUL)
	}
	credentials := join(strs, nil)
	defer credentials.release()
	address, status := call(credentials.bytes)
	if status != StatusOK {
		return nil, failure(status)
	}
	// One allocation instead of two.
	made := &struct {
		token  Token
		shared shared
	}{shared: shared{handle: newHandle(address)}}
	made.token.shared = &made.shared
	return &made.token, nil
}

// AllowIncoming allows incoming calls to a client name (<Client> in TwiML). Outgoing
// calls use the name as well.
//
// A later call replaces the name. In an access token, AllowIncoming sets the identity.
func (t *Token) AllowIncoming(clientName string) error {
	return t.change(libAllowIncoming, clientName)
}

// SetClientName sets the client name of outgoing calls without allowing incoming ones.
//
// By default, outgoing calls use the name of [Token.AllowIncoming], if it was called. If
// both methods are called, the last call decides the name of outgoing calls.
//
// In an access token, SetClientName sets the identity, which is also the name for incoming
// calls if they are allowed.
func (t *Token) SetClientName(clientName string) error {
	return t.change(libSetClientName, clientName)
}

// CheckClientName checks that every Twilio product accepts a client name. Such a name has
// 1 to 256 ASCII letters, digits and underscores. With other names, calls may fail with
// Twilio's error 31105.
//
// No other function of this package checks this. Call CheckClientName for names that come
// from users. It returns [ErrInvalidClientName] for other names.
func CheckClientName(clientName string) error {
	if hasNUL(clientName) {
		return failure(StatusNUL)
	}
	joined := join([]string{clientName}, nil)
	defer joined.release()
	return failure(libCheckClientName(joined.bytes))
}

// A Param is a parameter of outgoing calls or a filter of an event stream. Key and value
// are any strings and may be "". In the Query of a [Scope] it is a key with its value.
//
// To pass an object, encode it as JSON in the value; the application decodes it.
type Param struct {
	Key, Value string
}

// AllowOutgoing allows outgoing calls, which the application with this SID handles. Twilio
// passes the parameters to the application with every call. The holder of the token cannot
// change them. Their order is kept, and a key may repeat.
//
// A later call replaces the application and all parameters.
//
// In an access token, keys are unique: a repeated key keeps its position and takes the last
// value.
//
// If memory runs out between two parameters, the Token becomes unusable. Every later call
// returns an error that is [ErrOutOfMemory]; Close still works.
func (t *Token) AllowOutgoing(applicationSID string, params ...Param) error {
	return t.allow(libAllowOutgoing, []string{applicationSID}, params)
}

// AllowEventStream allows following the events of the account that match the filters.
// Without filters, it allows all events. The order of filters is kept, and a key may
// repeat.
//
// A later call replaces all filters.
//
// It returns [ErrUnsupported] for access tokens, which have no such permission. If memory
// runs out between two filters, the Token becomes unusable. Every later call returns an
// error that is [ErrOutOfMemory]; Close still works.
func (t *Token) AllowEventStream(filters ...Param) error {
	return t.allow(libAllowEventStream, nil, filters)
}

// AddClaim adds a private claim, so that one token also serves the program's API.
// A repeated name keeps its position and takes the new value. Private claims precede the
// claims of the library.
//
// [json.Marshal] encodes the value before the Token is locked. Bytes in a string that are
// not UTF-8 become U+FFFD. For a [json.RawMessage], the order of keys, repeated keys and
// the spelling of numbers are kept.
//
// AddClaim returns:
//
//   - [ErrInvalidJSON] if json.Marshal fails. Its message names the claim, and
//     [errors.As] and [errors.Is] also find the error of json.Marshal.
//   - [ErrInvalidJSON] if the value is nested more than 127 levels deep, or if a
//     RawMessage has an unpaired surrogate
//   - [ErrReservedName] for scope, iss, exp, nbf and iat, and in an access token also for
//     jti, sub and grants
//   - [ErrEmptyArgument] or [ErrNUL] for the name
//   - [ErrInvalidUTF8] for the name or a RawMessage
func (t *Token) AddClaim(name string, value any) error {
	return t.add(libAddClaim, "claim", name, value)
}

// AddGrant adds a grant for another Twilio product to an access token. These are the
// fields that Twilio's own libraries write:
//
//	video         room
//	chat          service_sid, endpoint_id, deployment_role_sid, push_credential_sid
//	data_sync     service_sid, endpoint_id
//	task_router   workspace_sid, worker_sid, role
//	player        the response of Twilio's API for a playback grant, as a json.RawMessage
//
// Any other name is accepted, except identity and voice, which other methods write. A
// repeated name keeps its position and takes the new value.
//
// The grant is a struct, a map, or any other value that [json.Marshal] encodes as an
// object. It is encoded like the value of [Token.AddClaim], and its content is not checked.
// An empty struct or map is encoded as {}. A nil map or pointer is encoded as null, which
// is not an object and is refused.
//
// AddGrant returns:
//
//   - [ErrInvalidJSON] if the grant is not an object, or for a reason that AddClaim lists.
//     Its message names the grant and the reason.
//   - [ErrReservedName] for identity and voice
//   - [ErrUnsupported] for capability tokens
//   - [ErrEmptyArgument] or [ErrNUL] for the name
//   - [ErrInvalidUTF8] for the name or a RawMessage
func (t *Token) AddGrant(name string, grant any) error {
	return t.add(libAddGrant, "grant", name, grant)
}

// add adds a claim or a grant.
func (t *Token) add(call func(address uintptr, joined []byte) Status, what, name string, value any) error {
	// Without the lock: a MarshalJSON may call methods of this Token.
	encoded, err := json.Marshal(value)
	if err != nil {
		return &valueError{what, name, err}
	}
	err = t.change(call, name, string(encoded))
	if errors.Is(err, ErrInvalidJSON) {
		return &valueError{what, name, refusal(what, encoded)}
	}
	return err
}

// SetRegion sets the Twilio region for which an access token is valid, such as "ie1".
// By default, it is the one in the United States. A later call replaces the region.
//
// Each region has separate API keys and applications. Pass SIDs from that region to
// [NewAccess] and [Token.AllowOutgoing].
//
// It returns [ErrUnsupported] for capability tokens, which work in the United States only.
func (t *Token) SetRegion(region string) error {
	return t.change(libSetRegion, region)
}

// SetPushCredential sets the SID of the credential for push notifications. Twilio uses it
// to announce calls to a phone. A later call replaces it.
//
// It returns [ErrUnsupported] for capability tokens, which cannot hold it.
func (t *Token) SetPushCredential(pushCredentialSID string) error {
	return t.change(libSetPushCredential, pushCredentialSID)
}

// SetNotBefore sets the time from which tokens are valid (the claim nbf). It is rounded
// down to the second. The zero Time removes the claim, and so does the first second of
// 1970, which means "none" in C.
//
// By default, tokens have no nbf and are valid immediately. Twilio's newer libraries set
// it to the current time; such tokens fail if the local clock is ahead of Twilio's. The
// time to live starts when a token is minted, not at nbf.
//
// It returns [ErrInvalidTime] if the time is before 1970, or more than 2^53 - 1 seconds
// after it.
func (t *Token) SetNotBefore(notBefore time.Time) error {
	seconds := int64(0)
	if !notBefore.IsZero() {
		seconds = notBefore.Unix()
	}
	return t.change(func(address uintptr, _ []byte) Status {
		return libSetNotBefore(address, seconds)
	})
}

// change calls a function of the library with these strings, under the exclusive lock.
func (t *Token) change(call func(address uintptr, joined []byte) Status, strs ...string) error {
	s := t.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(); err != nil {
		return err
	}
	if hasNUL(strs...) {
		return failure(StatusNUL)
	}
	joined := join(strs, nil)
	defer joined.release()
	return failure(call(s.handle.address, joined.bytes))
}

// allow calls a function of the library that sets a permission and adds its pairs. sids
// holds the application SID, if the permission has one.
func (t *Token) allow(call func(address uintptr, joined []byte, pairs int) (status Status, broken bool),
	sids []string, pairs []Param) error {
	s := t.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(); err != nil {
		return err
	}
	if status := checkPermission(sids, pairs); status != StatusOK {
		return failure(status)
	}
	joined := join(sids, pairs)
	defer joined.release()
	status, broken := call(s.handle.address, joined.bytes, len(pairs))
	if broken {
		s.broken = status
		return s.refusal()
	}
	return failure(status)
}

// refusal returns the error of a closed or unusable Token, otherwise nil.
func (s *shared) refusal() error {
	switch {
	case s.handle == nil:
		return failure(StatusClosed)
	case s.broken != StatusOK:
		return &Error{Status: s.broken, broken: true}
	default:
		return nil
	}
}

// Generate mints a token with the current permissions, which expires after ttl. The
// system clock gives the current time.
//
// ttl is in whole seconds, from one second to [MaxTTL]; 0 means [DefaultTTL]. For other
// values, Generate returns [ErrInvalidTTL]. If the system clock is before 1970, it returns
// [ErrInvalidTime].
func (t *Token) Generate(ttl time.Duration) (string, error) {
	return t.generate(clock{}, ttl)
}

// GenerateAt mints a token like [Token.Generate], but at the time now. The time is rounded
// down to the second. The same Token, time and ttl give the same token, for use in tests.
//
// It returns [ErrInvalidTime] if now is before 1970. It also does if now or the expiry is
// more than 2^53 - 1 seconds after 1970.
func (t *Token) GenerateAt(now time.Time, ttl time.Duration) (string, error) {
	return t.generate(clock{stopped: true, seconds: now.Unix()}, ttl)
}

// A clock is the system clock, or one stopped at a time in seconds.
type clock struct {
	stopped bool
	seconds int64
}

func (t *Token) generate(clock clock, ttl time.Duration) (string, error) {
	s, seconds := t.open(), wholeSeconds(ttl)
	s.mu.RLock()
	// Deferred, so that s keeps the handle reachable until C returns. Otherwise its
	// finalizer could free it during the call.
	defer s.mu.RUnlock()
	if err := s.refusal(); err != nil {
		return "", err
	}
	space := newScratch(scratchSize)
	defer space.release()
	buffer := space.bytes[:scratchSize]
	for {
		length, status := libGenerate(s.handle.address, clock, seconds, buffer)
		switch status {
		case StatusOK:
			return string(buffer[:length]), nil
		case StatusBufferTooSmall:
			buffer = make([]byte, length+1)
		default:
			return "", failure(status)
		}
	}
}

// wholeSeconds returns a time to live in seconds. For fractions of a second it returns 0,
// which the library refuses.
func wholeSeconds(ttl time.Duration) int64 {
	switch {
	case ttl == 0:
		return int64(DefaultTTL / time.Second)
	case ttl%time.Second != 0:
		return 0
	default:
		return int64(ttl / time.Second)
	}
}

// Close frees the Token and wipes its secret from memory. Calls in progress finish first;
// later ones return [ErrClosed]. Close may be called repeatedly and always returns nil.
func (t *Token) Close() error {
	s := t.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle != nil {
		s.handle.close()
		s.handle = nil
	}
	return nil
}

// open returns the shared state, for the caller to lock.
func (t *Token) open() *shared {
	if t == nil || t.shared == nil {
		return &closed
	}
	return t.shared
}
