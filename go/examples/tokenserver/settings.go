package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"captoken"
)

// settings are the values from the environment. They have an API key or an auth token.
type settings struct {
	accountSID, applicationSID string
	kind                       string // "access tokens" or "capability tokens"
	apiKeySID, apiKeySecret    string
	authToken                  string
	hosts, origins             []string
	ttl                        time.Duration
	limit                      int // requests a minute from one address
	connections                int // concurrent connections from one address
}

// readEnvironment returns the settings, or an error that names every missing variable or
// the first wrong one.
func readEnvironment() (settings, error) {
	read, err := readCredentials()
	if err != nil {
		return settings{}, err
	}
	if read.hosts, err = readHosts(); err != nil {
		return settings{}, err
	}
	if read.origins, err = readOrigins(); err != nil {
		return settings{}, err
	}
	seconds, err := readNumber("TOKEN_TTL", int(captoken.MaxTTL/time.Second), int(captoken.DefaultTTL/time.Second))
	if err != nil {
		return settings{}, err
	}
	read.ttl = time.Duration(seconds) * time.Second
	if read.limit, err = readNumber("TOKEN_LIMIT", 1000000, 60); err != nil {
		return settings{}, err
	}
	if read.connections, err = readNumber("TOKEN_CONNECTIONS", maxConnections, 50); err != nil {
		return settings{}, err
	}
	return read, nil
}

func readCredentials() (settings, error) {
	var missing []string
	get := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	read := settings{accountSID: get("TWILIO_ACCOUNT_SID"), applicationSID: get("TWILIO_APP_SID")}
	if os.Getenv("TWILIO_API_KEY_SID") != "" || os.Getenv("TWILIO_API_KEY_SECRET") != "" {
		read.kind = "access tokens"
		read.apiKeySID, read.apiKeySecret = get("TWILIO_API_KEY_SID"), get("TWILIO_API_KEY_SECRET")
	} else {
		read.kind = "capability tokens"
		read.authToken = os.Getenv("TWILIO_AUTH_TOKEN")
		if read.authToken == "" {
			missing = append(missing, "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN")
		}
	}
	if missing != nil {
		return settings{}, fmt.Errorf("missing environment variables: %s", strings.Join(missing, ", "))
	}
	return read, nil
}

// readNumber reads a number from 1 to most.
func readNumber(name string, most, fallback int) (int, error) {
	value := os.Getenv(name)
	if value == "" {
		return fallback, nil
	}
	number, err := strconv.ParseUint(value, 10, 31)
	if err != nil || number < 1 || number > uint64(most) {
		return 0, fmt.Errorf("%s: write a number from 1 to %d", name, most)
	}
	return int(number), nil
}

// check returns an error if the credentials can never work.
func (s settings) check() error {
	_, err := s.mint("alice", time.Now())
	if err == nil {
		return nil
	}
	secret := "TWILIO_AUTH_TOKEN"
	if s.apiKeySID != "" {
		secret = "TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET"
	}
	return fmt.Errorf("TWILIO_ACCOUNT_SID, %s, TWILIO_APP_SID: %w", secret, err)
}

// newToken returns a Token of the configured kind. The rest of the program is the same for
// both token kinds.
func (s settings) newToken() (*captoken.Token, error) {
	if s.apiKeySID != "" {
		return captoken.NewAccess(s.accountSID, s.apiKeySID, s.apiKeySecret)
	}
	return captoken.New(s.accountSID, s.authToken)
}

// mint returns a token that allows incoming and outgoing calls. The parameter client tells
// the application who calls.
func (s settings) mint(clientName string, now time.Time) (string, error) {
	token, err := s.newToken()
	if err != nil {
		return "", err
	}
	defer token.Close()
	if err := token.AllowIncoming(clientName); err != nil {
		return "", err
	}
	if err := token.AllowOutgoing(s.applicationSID, captoken.Param{Key: "client", Value: clientName}); err != nil {
		return "", err
	}
	// The time of the answer, so that expires_at matches the token.
	return token.GenerateAt(now, s.ttl)
}
