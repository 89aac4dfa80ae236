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
// that can be wrong with a token. A call that fails has changed nothing, with the
// exception below. Any call may also return [ErrInternal], if the library stops a bug.
//
// [Token.AllowOutgoing] and [Token.AllowEventStream] add their pairs one by one. If
// memory runs out between two of them, the Token is unusable: every later call returns
// an error that is [ErrOutOfMemory] and says so. Close still works. A bug that is stopped
// there has the same effect, with [ErrInternal].
//
// # Concurrency
//
// All functions and methods are safe for concurrent use. Calls of Generate run
// concurrently. A method that changes a Token takes its lock exclusively.
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
	if hasNUL(accountSID, authToken) {
		return failure(StatusNUL)
	}
	credentials := join([]string{accountSID, authToken}, nil)
	defer credentials.release()
	return failure(libConfigure(credentials.bytes))
}

// A Token says for which account tokens are minted, of which kind, and what they allow.
// It comes from [New] or [NewAccess]; the zero Token is a closed one. Copies of a Token
// are the same Token.
//
// If memory runs out between two parameters of [Token.AllowOutgoing] or two filters of
// [Token.AllowEventStream], the Token is unusable: every later call returns an error that
// is [ErrOutOfMemory]. [Token.Close] still works.
type Token struct {
	// A pointer, so that copying a Token cannot make two owners of one handle.
	shared *shared
}

// shared is what the copies of a Token have in common.
type shared struct {
	mu sync.RWMutex

	// nil once the Token is closed.
	handle *handle

	// What made the Token unusable, otherwise StatusOK.
	broken Status
}

// closed is what a zero Token uses. It never has a handle.
var closed shared

// New returns a Token for the capability tokens of an account, which allows nothing yet.
// For each argument that is "", it takes what [Configure] has set.
//
// Close the Token when it is not needed any more. One that is forgotten is closed
// some time after the garbage collector has found it.
//
// The errors are [ErrNUL], which is looked for first, [ErrNoCredentials] ("", and
// nothing is configured), [ErrInvalidUTF8] and [ErrOutOfMemory].
func New(accountSID, authToken string) (*Token, error) {
	return newToken(libNew, accountSID, authToken)
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

// AllowIncoming lets the browser or phone that holds the token be called, under a
// client name (<Client> in TwiML). Calls that it makes come from that name, too.
//
// A second call replaces the name. In an access token, it is the one name, the identity,
// for all that the token allows.
//
// The errors are [ErrEmptyArgument], [ErrInvalidUTF8], [ErrNUL], [ErrClosed] and
// [ErrOutOfMemory].
func (t *Token) AllowIncoming(clientName string) error {
	return t.change(libAllowIncoming, clientName)
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
	return t.change(libSetClientName, clientName)
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
	joined := join([]string{clientName}, nil)
	defer joined.release()
	return failure(libCheckClientName(joined.bytes))
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
// [ErrClosed] and [ErrOutOfMemory]. If memory runs out between two parameters, the Token
// is unusable: every later call returns an error that is ErrOutOfMemory. Close still
// works.
func (t *Token) AllowOutgoing(applicationSID string, params ...Param) error {
	return t.allow(libAllowOutgoing, []string{applicationSID}, params)
}

// AllowEventStream lets whoever holds the token follow the account's events: those that
// match the filters, or all of them. The order of filters is kept, and a key may repeat.
//
// A second call replaces all filters.
//
// The errors are [ErrInvalidUTF8], [ErrNUL], [ErrUnsupported] (an access token, which has
// no such permission), [ErrClosed] and [ErrOutOfMemory]. If memory runs out between two
// filters, the Token is unusable: every later call returns an error that is
// ErrOutOfMemory. Close still works.
func (t *Token) AllowEventStream(filters ...Param) error {
	return t.allow(libAllowEventStream, nil, filters)
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

// change calls a function of the library with these strings.
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

// refusal is the error of every method if the Token is closed or unusable, otherwise nil.
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
	s := t.open()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handle != nil {
		s.handle.close()
		s.handle = nil
	}
	return nil
}

// open returns what to lock.
func (t *Token) open() *shared {
	if t == nil || t.shared == nil {
		return &closed
	}
	return t.shared
}
