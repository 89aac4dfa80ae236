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
//
// These are optional; docs/token-servers.md explains them:
//
//	export TOKEN_HOSTS=example.com TOKEN_ORIGINS=https://www.example.com
//	export TOKEN_TTL=3600 TOKEN_LIMIT=60 TOKEN_CONNECTIONS=50
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// readTimeout limits a whole request, also if the client sends a byte a second.
const readTimeout = 10 * time.Second

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
	if err := settings.check(); err != nil {
		return err
	}

	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s, minting %s", listener.Addr(), settings.kind)
	server := &http.Server{
		Handler:        newHandler(settings, time.Now),
		ReadTimeout:    readTimeout,
		WriteTimeout:   10 * time.Second,
		MaxHeaderBytes: 16 << 10,
	}
	// Also for the answers that net/http gives itself.
	server.SetKeepAlivesEnabled(false)
	answerAllOptions(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(newBoundedListener(listener, settings.connections)) }()
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
