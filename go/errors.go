//go:build cgo

package captoken

import (
	"errors"
	"fmt"
)

// A Status says how a call ended. The numbers are those of the C library; later
// versions append to them. Negative ones are of this package alone.
type Status int32

// The statuses of the library. Some of them are for functions that only C has.
const (
	StatusOK                Status = 0  // no error
	StatusNullArgument      Status = 1  // C only: a NULL that must not be
	StatusEmptyArgument     Status = 2  // a text that must not be empty is ""
	StatusInvalidUTF8       Status = 3  // a text is not UTF-8
	StatusInvalidTTL        Status = 4  // not whole seconds from one to MaxTTL
	StatusInvalidTime       Status = 5  // before 1970, or after 2^53 - 1 seconds
	StatusBufferTooSmall    Status = 6  // C only: no room for the result
	StatusNoCredentials     Status = 7  // "", and nothing is configured
	StatusInvalidHandle     Status = 8  // C only: not an address of the library's
	StatusMissingScope      Status = 9  // C only: a parameter or filter before its permission
	StatusInvalidClientName Status = 10 // not a name that all of Twilio takes
	StatusReservedName      Status = 11 // a claim or grant that the library writes
	StatusInvalidJSON       Status = 12 // no JSON value; of a grant, no JSON object
	StatusUnsupported       Status = 13 // not for this kind of token
	StatusOutOfMemory       Status = 14 // memory ran out
	StatusInternal          Status = 15 // a bug in the library was stopped
	StatusTokenMalformed    Status = 16 // not a signed token, or without an expiry
	StatusTokenAlgorithm    Status = 17 // not signed with HS256
	StatusTokenSignature    Status = 18 // signed with another secret, or changed
	StatusTokenExpired      Status = 19 // expired
	StatusTokenNotYetValid  Status = 20 // not valid yet
	StatusInvalidRequest    Status = 21 // C only: cap_mint's request is not valid
)

// The statuses of this package.
const (
	StatusNUL    Status = -1 // a text has a NUL byte, which C cannot be given
	StatusClosed Status = -2 // the Token is closed
)

// String says what the status means, in one line of English without a full stop. Any
// number may be asked for, also one that is no status.
func (s Status) String() string {
	switch s {
	case StatusNUL:
		return "a text has a NUL byte"
	case StatusClosed:
		return "the Token is closed"
	case StatusInvalidTTL:
		// C has no fractions of a second, and its text nothing of them.
		return "the time to live is not in whole seconds, from one second to one day"
	default:
		return libStrerror(s)
	}
}

// An Error is what [errors.As] finds in the error of every call that fails.
type Error struct {
	Status Status

	// Whether a text that the status is about is a token that was handed in.
	ofToken bool

	// Whether a call failed between two pairs, so that the Token is unusable.
	broken bool
}

// Errors to compare with, by [errors.Is].
var (
	ErrEmptyArgument     error = &Error{Status: StatusEmptyArgument}
	ErrInvalidUTF8       error = &Error{Status: StatusInvalidUTF8}
	ErrInvalidTTL        error = &Error{Status: StatusInvalidTTL}
	ErrInvalidTime       error = &Error{Status: StatusInvalidTime}
	ErrNoCredentials     error = &Error{Status: StatusNoCredentials}
	ErrInvalidClientName error = &Error{Status: StatusInvalidClientName}
	ErrReservedName      error = &Error{Status: StatusReservedName}
	ErrInvalidJSON       error = &Error{Status: StatusInvalidJSON}
	ErrUnsupported       error = &Error{Status: StatusUnsupported}
	ErrOutOfMemory       error = &Error{Status: StatusOutOfMemory}
	ErrInternal          error = &Error{Status: StatusInternal}
	ErrTokenMalformed    error = &Error{Status: StatusTokenMalformed}
	ErrTokenAlgorithm    error = &Error{Status: StatusTokenAlgorithm}
	ErrTokenSignature    error = &Error{Status: StatusTokenSignature}
	ErrTokenExpired      error = &Error{Status: StatusTokenExpired}
	ErrTokenNotYetValid  error = &Error{Status: StatusTokenNotYetValid}
	ErrNUL               error = &Error{Status: StatusNUL}
	ErrClosed            error = &Error{Status: StatusClosed}
)

// ErrInvalidToken is what [errors.Is] finds where [Verify] refuses the token itself, and
// a server answers 401: malformed, of another algorithm or signature, expired or not yet
// valid, or with a NUL byte or not UTF-8, which are [ErrNUL] and [ErrInvalidUTF8] as
// well. Any other error is a failure of the program, also where it is the secret that is
// empty, has a NUL byte or is not UTF-8.
var ErrInvalidToken = errors.New("captoken: the token is not valid")

// Error says what the status means. It never contains a text that was given to the
// call, which might be the secret.
func (e *Error) Error() string {
	if e.ofToken {
		return "captoken: the token: " + e.Status.String()
	}
	if e.broken {
		return "captoken: the Token is unusable, close it: " + e.Status.String()
	}
	return "captoken: " + e.Status.String()
}

// Is reports whether target is an *Error of the same status, or [ErrInvalidToken] and
// this says what is wrong with a token.
func (e *Error) Is(target error) bool {
	if target == ErrInvalidToken {
		return e.ofToken || e.Status >= StatusTokenMalformed && e.Status <= StatusTokenNotYetValid
	}
	other, ok := target.(*Error)
	return ok && other != nil && other.Status == e.Status
}

// failure returns the error of a status, nil for StatusOK.
func failure(status Status) error {
	if status == StatusOK {
		return nil
	}
	return &Error{Status: status}
}

// A valueError is an [ErrInvalidJSON] that says which claim or grant it is about, and why.
type valueError struct {
	what string // "claim" or "grant"
	name string
	why  error // of json.Marshal, or of refusal
}

// refusal says why the library refuses what json.Marshal has written.
func refusal(what string, text []byte) error {
	if what == "grant" && text[0] != '{' {
		return fmt.Errorf("%s is not a JSON object", kindOf(text))
	}
	return errTooDeepOrHalf
}

var errTooDeepOrHalf = errors.New("nested deeper than 127, or half of a surrogate pair in a text")

// kindOf says what a compact JSON value is that is no object.
func kindOf(text []byte) string {
	switch text[0] {
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

func (e *valueError) Error() string {
	return fmt.Sprintf("captoken: %s %q: %v", e.what, e.name, e.why)
}

func (e *valueError) Unwrap() error {
	return e.why
}

func (e *valueError) Is(target error) bool {
	return (&Error{Status: StatusInvalidJSON}).Is(target)
}

func (e *valueError) As(target any) bool {
	own, ok := target.(**Error)
	if ok {
		*own = &Error{Status: StatusInvalidJSON}
	}
	return ok
}
