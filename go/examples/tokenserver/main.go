// Tokenserver is a small web server that mints tokens for browsers.
//
//	GET /token?client=alice
//
// answers
//
//	{"identity":"alice","token":"…","expires_at":1400003600}
//
// expires_at is in seconds since 1970. The environment has the credentials, and the SID of
// the application that handles outgoing calls:
//
//	export TWILIO_ACCOUNT_SID=AC... TWILIO_APP_SID=AP...
//	export TWILIO_API_KEY_SID=SK... TWILIO_API_KEY_SECRET=...
//	go run ./examples/tokenserver
//
// With an API key, the server mints access tokens. Without one, it mints capability tokens
// and needs TWILIO_AUTH_TOKEN. If both are set, it uses the API key. Half an API key is an
// error, because otherwise a typing mistake would change the token kind.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"captoken"
)

// A browser requests a new token when the old one expires. A stolen token is valid until
// then, so keep this short.
const ttl = time.Hour

const readHeaderTimeout = 5 * time.Second

func main() {
	address := flag.String("addr", "localhost:8080", "host and port to listen on")
	flag.Parse()
	if err := run(*address); err != nil {
		log.Fatal(err)
	}
}

// run serves until SIGINT or SIGTERM.
func run(address string) error {
	settings, err := readEnvironment()
	if err != nil {
		return err
	}
	// Check the credentials now, not on the first request.
	token, err := settings.newToken()
	if err != nil {
		return err
	}
	token.Close()

	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s, minting %s", listener.Addr(), settings.kind)
	server := &http.Server{
		Handler:           newHandler(settings, time.Now),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-signals.Done():
	}

	// A second signal now ends the program immediately.
	stop()
	log.Print("finishing the requests in progress")
	patience, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return server.Shutdown(patience)
}

// settings are the values from the environment. They have an API key or an auth token.
type settings struct {
	accountSID, applicationSID string
	kind                       string // "access tokens" or "capability tokens"
	apiKeySID, apiKeySecret    string
	authToken                  string
}

// readEnvironment returns the settings, or an error that names every missing variable.
func readEnvironment() (settings, error) {
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

// newToken returns a Token of the configured kind. The rest of the program is the same for
// both token kinds.
func (s settings) newToken() (*captoken.Token, error) {
	if s.apiKeySID != "" {
		return captoken.NewAccess(s.accountSID, s.apiKeySID, s.apiKeySecret)
	}
	return captoken.New(s.accountSID, s.authToken)
}

// newHandler returns the handler of all requests.
func newHandler(settings settings, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/token", tokenHandler{settings, now})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, failure{"not found"})
	})
	return mux
}

type tokenHandler struct {
	settings settings
	now      func() time.Time
}

func (h tokenHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		answer(w, http.StatusMethodNotAllowed, failure{"only GET is allowed"})
		return
	}
	// A real application takes the name from the user's login. This example mints a token
	// for any name, so every visitor can receive the calls of every client.
	name := r.URL.Query().Get("client")
	if captoken.CheckClientName(name) != nil {
		answer(w, http.StatusBadRequest, failure{"client must be 1 to 256 ASCII letters, digits and underscores"})
		return
	}
	now := h.now()
	token, err := h.settings.mint(name, now)
	if err != nil {
		log.Printf("cannot mint a token for %s: %v", name, err)
		answer(w, http.StatusInternalServerError, failure{"no token could be made"})
		return
	}
	answer(w, http.StatusOK, success{name, token, now.Unix() + int64(ttl/time.Second)})
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
	return token.GenerateAt(now, ttl)
}

type success struct {
	Identity  string `json:"identity"`
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expires_at"`
}

type failure struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, status int, body interface{}) {
	// A token is for one browser and expires, so no cache may store it.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("cannot send the answer: %v", err)
	}
}
