package main

import (
	"encoding/json"
	"log"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"captoken"
)

// handler answers all requests.
type handler struct {
	settings settings
	limiter  *limiter
	now      func() time.Time
}

func newHandler(settings settings, now func() time.Time) http.Handler {
	return handler{settings, newLimiter(settings.limit), now}
}

type success struct {
	Identity  string `json:"identity"`
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expires_at"`
}

type failure struct {
	Error string `json:"error"`
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	// A token is for one browser and expires, so no cache may store it.
	header.Set("Cache-Control", "no-store")
	// A browser asks again only when its token expires, and an open connection occupies one of
	// maxConnections.
	header.Set("Connection", "close")
	header.Set("Vary", "Origin")
	header.Set("X-Content-Type-Options", "nosniff")
	if origin := r.Header.Get("Origin"); h.settings.allowsOrigin(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
	}

	status, body := h.decide(r, header)
	if body == nil {
		w.WriteHeader(status)
		return
	}
	header.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Printf("cannot send the answer: %v", err)
	}
}

// decide returns the status and the body of the answer, and adds to its header.
func (h handler) decide(r *http.Request, header http.Header) (int, interface{}) {
	now := h.now()
	if wait := h.limiter.wait(r.RemoteAddr, now); wait > 0 {
		header.Set("Retry-After", strconv.Itoa(wait))
		return http.StatusTooManyRequests, failure{"too many requests"}
	}
	// As sent: the decoded path hides differences that a proxy may see.
	if path, _, _ := strings.Cut(r.RequestURI, "?"); path != "/token" {
		return http.StatusNotFound, failure{"not found"}
	}
	if r.Host == "" {
		return http.StatusBadRequest, failure{"send one Host header"}
	}
	if !h.settings.allowsHost(r.Host) {
		return http.StatusForbidden, failure{"this host is not in TOKEN_HOSTS"}
	}
	if r.Method == http.MethodOptions && h.settings.allowsOrigin(r.Header.Get("Origin")) {
		header.Set("Access-Control-Allow-Methods", http.MethodGet)
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		return http.StatusNoContent, nil
	}
	if r.Method != http.MethodGet {
		header.Set("Allow", http.MethodGet)
		return http.StatusMethodNotAllowed, failure{"only GET is allowed"}
	}
	if r.ContentLength != 0 {
		return http.StatusBadRequest, failure{"send no body"}
	}

	// A real application takes the name from the user's login. This example mints a token
	// for any name, so every visitor can receive the calls of every client.
	names := clients(r.URL.RawQuery)
	if len(names) > 1 {
		return http.StatusBadRequest, failure{"client is given more than once"}
	}
	if len(names) == 0 || captoken.CheckClientName(names[0]) != nil {
		return http.StatusBadRequest, failure{"client must be 1 to 256 ASCII letters, digits and underscores"}
	}
	token, err := h.settings.mint(names[0], now)
	if err != nil {
		log.Printf("cannot mint a token for %s: %v", names[0], err)
		return http.StatusInternalServerError, failure{"no token could be made"}
	}
	return http.StatusOK, success{names[0], token, now.Unix() + int64(h.settings.ttl/time.Second)}
}

// clients returns all values of the parameter client. url.Values.Get returns the first of
// several, and another program that checks the name may read the last. A value with a wrong
// escape is returned as it is, and is no client name.
func clients(query string) []string {
	var values []string
	for _, pair := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err != nil || name != "client" {
			continue
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			value = unescaped
		}
		values = append(values, value)
	}
	return values
}
