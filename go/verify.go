//go:build cgo

package captoken

import (
	"time"
	"unicode/utf8"
)

// Verify checks a token and returns its claims. It accepts the tokens of this package and
// those of Twilio's libraries.
//
// The secret is the auth token for a capability token, and the API key secret for an
// access token. The token must be valid at the time now, rounded down to the second.
// Servers pass [time.Now].
//
// The signature must be the HMAC-SHA256 of header and payload; no header selects another
// algorithm. It is compared in constant time. The token must have an expiry, and is
// refused from that second on.
//
// If a claim repeats, the last one counts, as a whole: objects are not merged. A token that
// repeats exp or nbf is malformed. Names are compared exactly: Exp is a private claim.
//
// Errors about the token match [ErrInvalidToken]; a server answers 401 to them:
//
//   - [ErrTokenMalformed], [ErrTokenAlgorithm], [ErrTokenExpired] or
//     [ErrTokenNotYetValid]
//   - [ErrTokenSignature], also if the secret is not the one that signed the token
//   - [ErrNUL] or [ErrInvalidUTF8], if the secret is not the cause
//
// Other errors are failures of the program:
//
//   - [ErrEmptyArgument], [ErrNUL] or [ErrInvalidUTF8] for the secret
//   - [ErrInvalidTime] if now is before 1970 or more than 2^53 - 1 seconds after it
//
// [ErrNUL] takes precedence over other errors. See [VerifyWithLeeway] if clocks differ.
func Verify(token, secret string, now time.Time) (Claims, error) {
	return VerifyWithLeeway(token, secret, now, 0)
}

// VerifyWithLeeway is [Verify] for tokens of a server whose clock may differ. It accepts a
// token also if it becomes valid at most leeway after now, or if it expired less than leeway
// before. The token must live longer than the leeway.
//
// leeway is in whole seconds, from 0 to 24 hours. For other values, VerifyWithLeeway returns
// [ErrInvalidLeeway].
func VerifyWithLeeway(token, secret string, now time.Time, leeway time.Duration) (Claims, error) {
	if hasNUL(token) || hasNUL(secret) {
		return Claims{}, &Error{Status: StatusNUL, ofToken: !hasNUL(secret)}
	}
	if leeway < 0 || leeway > MaxTTL || leeway%time.Second != 0 {
		return Claims{}, failure(StatusInvalidLeeway)
	}
	joined := join([]string{token, secret}, nil)
	defer joined.release()
	// The payload is shorter than its token. The caller gets a copy, because a slice of
	// the buffer would keep the whole buffer in memory.
	buffer := make([]byte, len(token)+1)
	length, status := verifyAround(joined.bytes, now.Unix(), int64(leeway/time.Second), buffer)
	switch status {
	case StatusOK:
		payload := make([]byte, length)
		copy(payload, buffer)
		return newClaims(payload)
	case StatusInvalidUTF8:
		return Claims{}, &Error{Status: status, ofToken: utf8.ValidString(secret)}
	default:
		return Claims{}, failure(status)
	}
}

// verifyAround verifies at now, and otherwise at the times at which the comment of
// cap_verify() in captoken.h asks again.
func verifyAround(joined []byte, now, leeway int64, buffer []byte) (int, Status) {
	length, status := libVerify(joined, now, buffer)
	again := now
	switch status {
	case StatusTokenNotYetValid:
		again = now + leeway
	case StatusTokenExpired:
		if again = now - leeway; again < 0 {
			again = 0
		}
	}
	if again == now {
		return length, status
	}
	length, second := libVerify(joined, again, buffer)
	switch second {
	case StatusTokenNotYetValid, StatusTokenExpired, StatusInvalidTime:
		// The token lives shorter than the leeway, so the first status is the reason.
		return length, status
	default:
		return length, second
	}
}
