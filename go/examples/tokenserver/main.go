// Tokenserver is a small web server that gives browsers their capability tokens.
//
//	GET /token?client=alice
//
// answers
//
//	{"identity":"alice","token":"…","expires_at":1400003600}
//
// where expires_at is in seconds since 1970. The credentials, and the application that
// handles outgoing calls, come from the environment:
//
//	export TWILIO_ACCOUNT_SID=AC... TWILIO_AUTH_TOKEN=... TWILIO_APP_SID=AP...
//	go run ./examples/tokenserver
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

// A browser asks again when its token expires. Until then, a token that has been
// stolen is of use.
const ttl = time.Hour

func main() {
	address := flag.String("addr", "localhost:8080", "host and port to listen on")
	flag.Parse()
	if err := run(*address); err != nil {
		log.Fatal(err)
	}
}

// run serves until the program is told to end.
func run(address string) error {
	environment, err := lookUp("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_APP_SID")
	if err != nil {
		return err
	}
	// From here on no part of the program needs to know the credentials.
	if err := captoken.Configure(environment[0], environment[1]); err != nil {
		return err
	}
	defer captoken.Configure("", "")

	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s", listener.Addr())
	server := &http.Server{
		Handler:           newHandler(environment[2], time.Now),
		ReadHeaderTimeout: 5 * time.Second,
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

	// A second signal ends the program at once.
	stop()
	log.Print("finishing the requests that are under way")
	patience, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return server.Shutdown(patience)
}

// lookUp returns the values of environment variables, or an error that names those
// that are not set.
func lookUp(names ...string) ([]string, error) {
	var values, missing []string
	for _, name := range names {
		value := os.Getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		values = append(values, value)
	}
	if missing != nil {
		return nil, fmt.Errorf("set in the environment: %s", strings.Join(missing, ", "))
	}
	return values, nil
}

// newHandler returns what answers requests. The credentials are configured.
func newHandler(applicationSID string, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/token", tokenHandler{applicationSID, now})
	return mux
}

type tokenHandler struct {
	applicationSID string
	now            func() time.Time
}

func (h tokenHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		answer(w, http.StatusMethodNotAllowed, failure{"only GET is allowed"})
		return
	}
	// In a real application the name comes from the login. Here, everybody gets a
	// token for any name, and whoever has it receives the calls to that name.
	name := r.URL.Query().Get("client")
	if captoken.CheckClientName(name) != nil {
		answer(w, http.StatusBadRequest, failure{"client must be 1 to 256 ASCII letters, digits and underscores"})
		return
	}
	now := h.now()
	token, err := mint(name, h.applicationSID, now)
	if err != nil {
		log.Printf("no token for %s: %v", name, err)
		answer(w, http.StatusInternalServerError, failure{"no token could be made"})
		return
	}
	answer(w, http.StatusOK, success{name, token, now.Unix() + int64(ttl/time.Second)})
}

// mint makes the token of a client that can be called, and can call the application,
// which is told who calls.
func mint(clientName, applicationSID string, now time.Time) (string, error) {
	token, err := captoken.New("", "")
	if err != nil {
		return "", err
	}
	defer token.Close()
	if err := token.AllowIncoming(clientName); err != nil {
		return "", err
	}
	if err := token.AllowOutgoing(applicationSID, captoken.Param{Key: "client", Value: clientName}); err != nil {
		return "", err
	}
	// The same time as in the answer, so that the browser is told the true expiry.
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
	// A token is for one browser, and expires.
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("no answer: %v", err)
	}
}
