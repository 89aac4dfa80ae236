//go:build cgo

// Package captoken mints and checks the tokens with which a web page or a phone
// registers with Twilio Client.
//
// Such a token is a JSON Web Token, signed with HS256. It says under which client name
// the browser may be called, and which application handles the calls that it makes. A
// [Token] collects these permissions for one account and mints any number of tokens from
// them:
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
// [Verify] checks a token and says what is in it, whether this package or one of
// Twilio's libraries has made it.
//
// # Two kinds of tokens
//
// A capability token, which [New] is for, says what it allows in its claim scope, and is
// signed with the account's auth token. An access token, which [NewAccess] is for, is its
// successor: Twilio recommends it, and it works in all of Twilio's regions and with its
// libraries for phones. It says what it allows in its claim grants, and is signed with
// the secret of an API key, which the Twilio console makes (not one of its restricted
// keys).
//
// A program moves from one kind to the other by one call. All that follows stays as it
// is, with the account SID, the application SID and the client names that it has:
//
//	token, err := captoken.NewAccess(accountSID, apiKeySID, apiKeySecret)
//
// An access token differs in this:
//
//   - It has one name, its identity, for calls in both directions and for all else that
//     it allows: of [Token.AllowIncoming] and [Token.SetClientName], the one that was
//     called last decides.
//   - The parameters of [Token.AllowOutgoing] are members of a JSON object, in which no
//     key repeats. Their values are texts here, too, although Twilio's newer libraries
//     can nest them: an object that is to reach the application goes into one parameter,
//     as JSON.
//   - It cannot let anybody follow events. Instead of that, [Token.SetRegion],
//     [Token.SetPushCredential] and [Token.AddGrant] are for access tokens alone. A
//     method that is not for this kind of token returns [ErrUnsupported].
//   - [Token.AddClaim] refuses the names of its claims as well: jti, sub and grants.
//
// # Text
//
// Every text is UTF-8 without a NUL byte. It is neither trimmed nor normalised, and
// arrives at Twilio as it is. SIDs, secrets, regions, and the names of clients, claims
// and grants must not be empty; what they look like is not checked, as in Twilio's own
// libraries. Where a client name comes from a user, [CheckClientName] tells whether
// all of Twilio takes it.
//
// # Errors
//
// [errors.As] finds an [*Error] in every error. Tell them apart with [errors.Is] and the
// variables whose names begin with Err; of [Verify], [ErrInvalidToken] stands for all
// that can be wrong with a token. A call that fails has changed nothing. Besides those
// that are named, any call may return [ErrInternal], for a bug in the library that was
// stopped.
//
// [Token.AllowIncoming], [Token.SetClientName], [Token.AllowOutgoing] and
// [Token.AllowEventStream] check their texts at once; the rest is done when the next
// token is minted. Should memory run out there, it is [Token.Generate] that returns
// [ErrOutOfMemory], and tries again when it is called again: no token has only some of
// what it should say.
//
// # Concurrency
//
// All functions and methods may be called by any number of goroutines at once. Calls
// of Generate run side by side; those that change a Token have it for themselves, and so
// have the first two of Generate after a change.
//
// # The secret
//
// Whoever has the auth token can use the whole account, and whoever has the secret of an
// API key can mint any access token of it. Neither this package nor the library keeps the
// one or the other: a Token holds what HMAC derives from it, outside of Go's memory, and
// Close wipes that. The copies of the secret that a call makes are wiped before it
// returns. What cannot be wiped from here: your own string, processor registers, and
// what Go saves of these in memory when a signal interrupts a goroutine.
//
// # Building
//
// The package calls a C library through cgo. By default it links libcaptoken.a of its
// own folder, where "make go-lib" in the library's repository puts it, together with
// captoken.h. With the build tag captoken_pkgconfig it links the library that is
// installed, as pkg-config describes it.
package captoken

import (
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Times to live.
const (
	// DefaultTTL is the default of Twilio's own libraries, an hour.
	DefaultTTL = time.Hour

	// MaxTTL is the most that Twilio accepts, a day.
	MaxTTL = 24 * time.Hour
)

// Version returns the version of the library that runs, as in "1.2.3".
func Version() string {
	return libVersion()
}

// Configure sets the account SID and the auth token that [New] takes where it is
// given "", for the whole process. Tokens that exist stay as they are.
//
// Configure("", "") clears what was set, and wipes it from memory.
//
// The errors are [ErrNUL], which is looked for first, [ErrEmptyArgument] (only one is
// ""), [ErrInvalidUTF8] and [ErrOutOfMemory].
func Configure(accountSID, authToken string) error {
	if hasNUL(accountSID) || hasNUL(authToken) {
		return failure(StatusNUL)
	}
	texts := join(nil, accountSID, authToken)
	defer wipe(texts)
	return failure(libConfigure(texts))
}

// A Token says for which account tokens are minted, of which kind, and what they allow.
// It comes from [New] or [NewAccess]; the zero Token is a closed one. Copies of a Token
// are the same Token.
type Token struct {
	// Behind a pointer, so that copying a Token cannot make two owners of one object.
	handle *handle
}

// A handle owns an object.
type handle struct {
	mu sync.RWMutex

	// nil once the Token is closed.
	object *object
}

// closed is what a zero Token uses. It is never opened.
var closed handle

// New returns a Token for the capability tokens of an account, which allows nothing yet.
// For each argument that is "", it takes what [Configure] has set.
//
// Close the Token when it is not needed any more. One that is forgotten is closed
// some time after the garbage collector has found it.
//
// The errors are [ErrNUL], which is looked for first, [ErrNoCredentials] ("", and
// nothing is configured), [ErrInvalidUTF8] and [ErrOutOfMemory].
func New(accountSID, authToken string) (*Token, error) {
	return newToken(libNew, false, accountSID, authToken)
}

// NewAccess returns a Token for the access tokens of an account, which allows nothing
// yet. The secret of the API key signs them. What [Configure] has set plays no part.
//
// All methods but [Token.AllowEventStream] work as they do with a Token of [New], or say
// where an access token differs. Close this one, too.
//
// The errors are [ErrNUL], which is looked for first, [ErrEmptyArgument],
// [ErrInvalidUTF8] and [ErrOutOfMemory].
func NewAccess(accountSID, apiKeySID, apiKeySecret string) (*Token, error) {
	return newToken(libNewAccess, true, accountSID, apiKeySID, apiKeySecret)
}

func newToken(call func(texts []byte) (uintptr, Status), access bool, credentials ...string) (*Token, error) {
	for _, credential := range credentials {
		if hasNUL(credential) {
			return nil, failure(StatusNUL)
		}
	}
	o, status := newObject(call, access, credentials)
	if status != StatusOK {
		return nil, failure(status)
	}
	// One allocation instead of two.
	made := &struct {
		token  Token
		handle handle
	}{handle: handle{object: o}}
	made.token.handle = &made.handle
	return &made.token, nil
}

// AllowIncoming lets the browser or phone that holds the token be called, under a
// client name (<Client> in TwiML). Calls that it makes come from that name, too.
//
// A second call replaces the name. In an access token, it is the one name, the identity,
// for all that the token allows.
//
// The errors are [ErrEmptyArgument], [ErrInvalidUTF8], [ErrNUL], [ErrClosed] and
// [ErrOutOfMemory].
func (t *Token) AllowIncoming(clientName string) error {
	return t.allow(wishIncoming, clientName, 0, nil)
}

// SetClientName has outgoing calls come from a client name without letting anybody
// call it.
//
// Without it, outgoing calls come from the name of [Token.AllowIncoming], if there is
// one. Of the two methods, the one that was called last decides about outgoing calls;
// this one leaves open or closed who may be called.
//
// An access token has one name, the identity: this method sets it for all that the token
// allows. Where incoming calls are allowed, they reach the name that was set last.
//
// The errors are [ErrEmptyArgument], [ErrInvalidUTF8], [ErrNUL], [ErrClosed] and
// [ErrOutOfMemory].
func (t *Token) SetClientName(clientName string) error {
	return t.allow(wishClientName, clientName, 0, nil)
}

// CheckClientName tells whether all of Twilio takes a client name: one of 1 to 256
// ASCII letters, digits and underscores. With other names, calls may fail (Twilio's
// error 31105). Nothing else in this package asks.
//
// The errors are [ErrInvalidClientName], [ErrEmptyArgument], [ErrInvalidUTF8] and
// [ErrNUL].
func CheckClientName(clientName string) error {
	if hasNUL(clientName) {
		return failure(StatusNUL)
	}
	return failure(libCheckClientName(join(nil, clientName)))
}

// A Param is a parameter that Twilio hands to the application with every outgoing
// call, or a filter of an event stream. Key and value may be any text, also "". In the
// Query of a [Scope] it is one key and its value.
//
// An object goes into a value as a text: as JSON, which the application decodes.
type Param struct {
	Key, Value string
}

// AllowOutgoing lets the browser or phone that holds the token make calls, which the
// application with this SID handles. It receives the parameters with every call;
// whoever holds the token cannot change them. Their order is kept, and a key may
// repeat.
//
// A second call replaces the application and all parameters.
//
// In an access token no key repeats: one that is given again keeps its place and takes
// the last value.
//
// The errors are [ErrEmptyArgument] (the SID), [ErrInvalidUTF8], [ErrNUL],
// [ErrClosed] and [ErrOutOfMemory].
func (t *Token) AllowOutgoing(applicationSID string, params ...Param) error {
	return t.allow(wishOutgoing, applicationSID, wishParam, params)
}

// AllowEventStream lets whoever holds the token follow the account's events: those that
// match the filters, or all of them. The order of filters is kept, and a key may repeat.
//
// A second call replaces all filters.
//
// The errors are [ErrInvalidUTF8], [ErrNUL], [ErrUnsupported] (an access token, which has
// no such permission), [ErrClosed] and [ErrOutOfMemory].
func (t *Token) AllowEventStream(filters ...Param) error {
	return t.allow(wishEventStream, "", wishFilter, filters)
}

// AddClaim adds a claim of the program's own: with it, one token serves the program's
// own interface, too. A claim that is added again keeps its place and takes the new
// value. Claims come before those of the library.
//
// The value is written as [json.Marshal] writes it, before the Token is looked at. Bytes
// in a string that are not UTF-8 become U+FFFD. Of a [json.RawMessage], the order of
// keys, keys that repeat and the spelling of numbers are kept.
//
// The errors are [ErrInvalidJSON] (json.Marshal fails, more than 127 arrays and objects
// stand inside each other, or a RawMessage has half of a surrogate pair),
// [ErrEmptyArgument] (the name), [ErrReservedName] (scope, iss, exp, nbf and iat; in an
// access token also jti, sub and grants), [ErrInvalidUTF8] (the name, or a RawMessage),
// [ErrNUL] (the name), [ErrClosed] and [ErrOutOfMemory]. The text of ErrInvalidJSON names
// the claim, and where json.Marshal has failed, [errors.As] and [errors.Is] find its
// error, too.
func (t *Token) AddClaim(name string, value any) error {
	return t.add(libAddClaim, "claim", name, value)
}

// AddGrant adds a grant to an access token: what its holder may do besides calling. Its
// fields are those that Twilio's own libraries write:
//
//	video         room
//	chat          service_sid, endpoint_id, deployment_role_sid, push_credential_sid
//	data_sync     service_sid, endpoint_id
//	task_router   workspace_sid, worker_sid, role
//	player        what Twilio's API returns for a playback grant, as a json.RawMessage
//
// The name may be any other, too, but not identity and voice, which the methods above
// write. A grant that is added again keeps its place and takes the new value.
//
// The value is a struct or a map, or whatever [json.Marshal] writes as an object, and is
// written as [Token.AddClaim] writes it. What is in it is not checked. An empty struct or
// map is {}; a nil map or pointer is null in JSON, which is no object and refused.
//
// The errors are [ErrInvalidJSON] (not an object, or what AddClaim refuses),
// [ErrEmptyArgument] (the name), [ErrReservedName] (identity and voice),
// [ErrInvalidUTF8] (the name, or a RawMessage), [ErrNUL] (the name), [ErrUnsupported] (a
// capability token), [ErrClosed] and [ErrOutOfMemory]. The text of ErrInvalidJSON names
// the grant and says why.
func (t *Token) AddGrant(name string, grant any) error {
	return t.add(libAddGrant, "grant", name, grant)
}

// add adds a claim or a grant.
func (t *Token) add(call func(address uintptr, texts []byte) Status, what, name string, value any) error {
	// Without the lock: a MarshalJSON may call methods of this Token.
	text, err := json.Marshal(value)
	if err != nil {
		return &valueError{what, name, err}
	}
	err = t.change(call, name, string(text))
	if errors.Is(err, ErrInvalidJSON) {
		return &valueError{what, name, refusal(what, text)}
	}
	return err
}

// SetRegion sets the region of Twilio's that takes an access token, such as "ie1".
// Without it, that is the one in the United States. A second call replaces the region.
//
// A region has API keys and applications of its own: those of [NewAccess] and
// [Token.AllowOutgoing] must be from there.
//
// The errors are [ErrEmptyArgument], [ErrInvalidUTF8], [ErrNUL], [ErrUnsupported] (a
// capability token, which works in the United States alone), [ErrClosed] and
// [ErrOutOfMemory].
func (t *Token) SetRegion(region string) error {
	return t.change(libSetRegion, region)
}

// SetPushCredential has calls announced to a phone by push notifications, which are sent
// with the credential that has this SID. A second call replaces it.
//
// The errors are [ErrEmptyArgument], [ErrInvalidUTF8], [ErrNUL], [ErrUnsupported] (a
// capability token, which has no place for it), [ErrClosed] and [ErrOutOfMemory].
func (t *Token) SetPushCredential(pushCredentialSID string) error {
	return t.change(libSetPushCredential, pushCredentialSID)
}

// SetNotBefore sets when tokens begin to be valid (the claim nbf), rounded down to the
// second. The zero Time removes what was set; so does the first second of 1970, which
// stands for none in C.
//
// Without it, a token says nothing about it and is valid at once. Twilio's newer
// libraries say that it begins now, and tokens fail where the clock that made them is
// ahead of Twilio's. The time to live is not counted from here but from when a token is
// generated.
//
// The errors are [ErrInvalidTime] (before 1970, or more than 2^53 - 1 seconds after)
// and [ErrClosed].
func (t *Token) SetNotBefore(notBefore time.Time) error {
	seconds := int64(0)
	if !notBefore.IsZero() {
		seconds = notBefore.Unix()
	}
	return t.change(func(address uintptr, _ []byte) Status {
		return libSetNotBefore(address, seconds)
	})
}

// change makes a change that the library may refuse.
func (t *Token) change(call func(address uintptr, texts []byte) Status, texts ...string) error {
	h := t.open()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.object == nil {
		return failure(StatusClosed)
	}
	return failure(h.object.change(call, texts))
}

// allow sets a permission or a name, and a permission's pairs.
func (t *Token) allow(kind byte, name string, kindOfPair byte, pairs []Param) error {
	h := t.open()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.object == nil {
		return failure(StatusClosed)
	}
	return failure(h.object.allow(kind, name, kindOfPair, pairs))
}

// Generate mints a token. It expires after ttl, counted from now by the system clock.
// It says what the Token allows at the moment, and leaves that as it is.
//
// ttl is in whole seconds, from one second to [MaxTTL]; 0 stands for [DefaultTTL].
//
// The errors are [ErrInvalidTTL], [ErrInvalidTime] (the clock is before 1970),
// [ErrClosed] and [ErrOutOfMemory].
func (t *Token) Generate(ttl time.Duration) (string, error) {
	return t.generate(clock{}, ttl)
}

// GenerateAt does what [Token.Generate] does, as if it were called at the time now,
// rounded down to the second. The same Token, time and ttl give the same token: that
// makes it a function for tests.
//
// [ErrInvalidTime] means here that now is before 1970, or that it or the expiry is
// more than 2^53 - 1 seconds after.
func (t *Token) GenerateAt(now time.Time, ttl time.Duration) (string, error) {
	return t.generate(clock{stopped: true, seconds: now.Unix()}, ttl)
}

// A clock is the system's, or one stopped at a number of seconds since 1970.
type clock struct {
	stopped bool
	seconds int64
}

func (t *Token) generate(clock clock, ttl time.Duration) (string, error) {
	h, seconds := t.open(), wholeSeconds(ttl)
	token, status, minted := h.mint(clock, seconds)
	if !minted {
		token, status = h.mintChanged(clock, seconds)
	}
	return token, failure(status)
}

// mint mints a token side by side with others.
func (h *handle) mint(clock clock, ttl int64) (token string, status Status, minted bool) {
	h.mu.RLock()
	// Behind the last use of the object, this also keeps its finalizer waiting.
	defer h.mu.RUnlock()
	if h.object == nil {
		return "", StatusClosed, true
	}
	return h.object.mint(clock, ttl)
}

func (h *handle) mintChanged(clock clock, ttl int64) (string, Status) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.object == nil {
		return "", StatusClosed
	}
	return h.object.mintChanged(clock, ttl)
}

// wholeSeconds returns a time to live as the library takes it. Its answer to 0 is
// right for fractions of a second, too.
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

// Close frees the Token and wipes its secret from memory. Calls that are under way
// finish first; later ones return [ErrClosed]. Close itself may be called again, and
// always returns nil.
func (t *Token) Close() error {
	h := t.open()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.object != nil {
		h.object.close()
		h.object = nil
	}
	return nil
}

// open returns the handle to lock.
func (t *Token) open() *handle {
	if t == nil || t.handle == nil {
		return &closed
	}
	return t.handle
}
