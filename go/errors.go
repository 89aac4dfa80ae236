//go:build cgo

package captoken

import (
	"errors"
	"fmt"
)

// A Status is the outcome of a call. The C library defines the numbers from 0; later
// versions append to them. Negative numbers belong to this package.
type Status int32

// The statuses of the C library. This package never returns those marked "C only".
const (
	StatusOK                Status = 0  // success
	StatusNullArgument      Status = 1  // C only: a required argument is NULL
	StatusEmptyArgument     Status = 2  // a required string is empty
	StatusInvalidUTF8       Status = 3  // a string is not valid UTF-8
	StatusInvalidTTL        Status = 4  // the time to live is not whole seconds from 1 to MaxTTL
	StatusInvalidTime       Status = 5  // a time is before 1970, or the time or the expiry is too late
	StatusBufferTooSmall    Status = 6  // C only: the buffer cannot hold the result and its NUL
	StatusNoCredentials     Status = 7  // an account SID or auth token is "" and none is configured
	StatusInvalidHandle     Status = 8  // C only: the handle is not one of this library
	StatusMissingScope      Status = 9  // C only: a parameter or filter was added before its permission
	StatusInvalidClientName Status = 10 // the client name is not 1 to 256 ASCII letters, digits and underscores
	StatusReservedName      Status = 11 // the library writes a claim or grant of this name itself
	StatusInvalidJSON       Status = 12 // the value is not JSON, or the grant is not a JSON object
	StatusUnsupported       Status = 13 // the call does not apply to this kind of token
	StatusOutOfMemory       Status = 14 // memory allocation failed
	StatusInternal          Status = 15 // a bug in the library
	StatusTokenMalformed    Status = 16 // the token is not a signed JSON Web Token, or has no valid expiry
	StatusTokenAlgorithm    Status = 17 // the token is not signed with HS256
	StatusTokenSignature    Status = 18 // the signature does not match: another secret, or a changed token
	StatusTokenExpired      Status = 19 // the token has expired
	StatusTokenNotYetValid  Status = 20 // the token is not valid yet
	StatusInvalidRequest    Status = 21 // C only: the request is not a JSON object as cap_mint documents it
)

// The statuses of this package.
const (
	StatusNUL    Status = -1 // a string contains a NUL byte, where C strings end
	StatusClosed Status = -2 // the Token is closed

	// The leeway is not whole seconds from 0 to 24 hours.
	StatusInvalidLeeway Status = -3
)

// String describes the status in one line of English without a full stop. The receiver
// may be any number.
func (s Status) String() string {
	switch s {
	case StatusNUL:
		return "a string contains a NUL byte"
	case StatusClosed:
		return "the Token is closed: create a new one"
	case StatusInvalidLeeway:
		return "leeway must be whole seconds from 0s to 24h"
	case StatusInvalidTTL:
		// The C library takes seconds, so its message does not mention fractions.
		return "ttl must be whole seconds from 1s to 24h, or 0 for the default"
	default:
		return libStrerror(s)
	}
}

// An Error is a failed call with its status. [errors.As] finds one in every error of this
// package.
type Error struct {
	Status Status

	// Whether the status is about the token that the caller passed to Verify.
	ofToken bool

	// Whether the Token is unusable, because a call failed between two pairs.
	broken bool
}

// Errors for comparison with [errors.Is].
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
	ErrInvalidLeeway     error = &Error{Status: StatusInvalidLeeway}
)

// ErrInvalidToken matches every error of [Verify] about the token, with [errors.Is]. A
// server answers 401 to these errors:
//
//   - [ErrTokenMalformed], [ErrTokenAlgorithm], [ErrTokenSignature], [ErrTokenExpired] and
//     [ErrTokenNotYetValid]
//   - [ErrNUL] and [ErrInvalidUTF8], if the secret is not the cause
//
// All other errors are failures of the program, such as an empty secret.
var ErrInvalidToken = errors.New("captoken: the token is not valid")

// Error describes the status. The message contains no argument of the call, because that
// might be the secret.
func (e *Error) Error() string {
	if e.ofToken {
		return "captoken: token: " + e.Status.String()
	}
	if e.broken {
		return "captoken: the Token is unusable, close it: " + e.Status.String()
	}
	return "captoken: " + e.Status.String()
}

// Is reports whether target is an *Error of the same status. It also matches
// [ErrInvalidToken] if the error is about the token.
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

// A valueError is an [ErrInvalidJSON] that names the claim or grant, and the reason.
type valueError struct {
	what string // "claim" or "grant"
	name string
	why  error // from json.Marshal or refusal
}

// refusal returns the reason why the library refuses the output of json.Marshal.
func refusal(what string, encoded []byte) error {
	if what == "grant" && encoded[0] != '{' {
		return fmt.Errorf("%s is not a JSON object", kindOf(encoded))
	}
	return errTooDeepOrUnpaired
}

var errTooDeepOrUnpaired = errors.New("nested more than 127 levels deep, or a string has an unpaired surrogate")

// kindOf returns the kind of a compact JSON value that is not an object.
func kindOf(encoded []byte) string {
	switch encoded[0] {
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
