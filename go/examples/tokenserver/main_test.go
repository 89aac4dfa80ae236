package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"captoken"
)

// Every wait ends with an event. After this time, the event is not going to happen, even on a
// busy machine.
const patience = 2 * time.Minute

const applicationSID = "APabe7650f654fc34655fc81ae71caa3ff"

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The environments for both token kinds.
var (
	capability = map[string]string{
		"TWILIO_ACCOUNT_SID": "AC123123", "TWILIO_APP_SID": applicationSID, "TWILIO_AUTH_TOKEN": "secret",
	}
	access = map[string]string{
		"TWILIO_ACCOUNT_SID": "AC123123", "TWILIO_APP_SID": applicationSID,
		"TWILIO_API_KEY_SID": "SK123123", "TWILIO_API_KEY_SECRET": "secret of the key",
	}
	kinds = map[string]map[string]string{"capability tokens": capability, "access tokens": access}
)

// All environment variables that the program reads.
var variables = []string{
	"TWILIO_ACCOUNT_SID", "TWILIO_APP_SID", "TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET",
	"TOKEN_HOSTS", "TOKEN_ORIGINS", "TOKEN_TTL", "TOKEN_LIMIT", "TOKEN_CONNECTIONS",
}

// set sets the program's variables in this process until the test ends. It clears those
// that are missing from environment.
func set(t *testing.T, environment map[string]string) {
	t.Helper()
	for _, name := range variables {
		t.Setenv(name, environment[name])
	}
}

func read(t *testing.T, environment map[string]string) settings {
	t.Helper()
	set(t, environment)
	read, err := readEnvironment()
	check(t, err)
	return read
}

// checkToken checks an answer with a token of this kind for a client, without the library.
func checkToken(t *testing.T, body []byte, kind, client string) (expiresAt int64) {
	t.Helper()
	var shape map[string]json.RawMessage
	check(t, json.Unmarshal(body, &shape))
	var answer success
	check(t, json.Unmarshal(body, &answer))
	if len(shape) != 3 || answer.Identity != client {
		t.Fatalf("the answer is %s", body)
	}
	parts := strings.Split(answer.Token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token is %s", answer.Token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	check(t, err)
	var claims struct{ Exp int64 }
	check(t, json.Unmarshal(payload, &claims))
	exp := claims.Exp
	secret := "secret"
	want := fmt.Sprintf(`{"scope":"scope:client:incoming?clientName=%s scope:client:outgoing?appSid=%s`+
		`&appParams=client%%3D%s&clientName=%s","iss":"AC123123","exp":%d}`, client, applicationSID, client, client, exp)
	if kind == "access tokens" {
		secret = "secret of the key"
		want = fmt.Sprintf(`{"jti":"SK123123-%d","iss":"SK123123","sub":"AC123123","exp":%d,"grants":{"identity":"%s",`+
			`"voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"%s","params":{"client":"%s"}}}}}`,
			exp-3600, exp, client, applicationSID, client)
	}
	if string(payload) != want {
		t.Errorf("the payload is %s, not %s", payload, want)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) != parts[2] {
		t.Errorf("the token is not signed with the secret of %s", kind)
	}
	if answer.ExpiresAt != exp {
		t.Errorf("expires_at is %d, exp is %d", answer.ExpiresAt, exp)
	}
	return answer.ExpiresAt
}

// ask returns the answer to a request from a browser on this machine.
func ask(handler http.Handler, method, target string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	request.Host = "localhost:8080"
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder
}

// Protects: every request gets the right answer.
func TestRequestsGetTheRightAnswer(t *testing.T) {
	for kind, environment := range kinds {
		testAnswers(t, kind, read(t, environment))
	}
}

func testAnswers(t *testing.T, kind string, settings settings) {
	now := time.Unix(1400000000, 999999999)
	handler := newHandler(settings, func() time.Time { return now })
	long := strings.Repeat("x", 256)
	tests := []struct {
		method, target string
		status         int
		client         string
	}{
		{"GET", "/token?client=alice", 200, "alice"},
		{"GET", "/token?client=Alice_99", 200, "Alice_99"},
		{"GET", "/token?client=" + long, 200, long},
		{"GET", "/token?client=x" + long, 400, ""},
		{"GET", "/token", 400, ""},
		{"GET", "/token?client=", 400, ""},
		{"GET", "/token?client=a-b", 400, ""},
		{"GET", "/token?client=a%20b", 400, ""},
		{"GET", "/token?client=alice%0A", 400, ""},
		{"GET", "/token?client=a%00b", 400, ""},
		{"GET", "/token?client=%C3%A9", 400, ""},
		{"GET", "/token?client=%zz", 400, ""},
		{"POST", "/token?client=alice", 405, ""},
		{"HEAD", "/token?client=alice", 405, ""},
		{"DELETE", "/token?client=alice", 405, ""},
		{"GET", "/", 404, ""},
		{"GET", "/token/?client=alice", 404, ""},
	}
	for _, test := range tests {
		recorder := ask(handler, test.method, test.target)
		name := kind + ": " + test.method + " " + test.target
		if recorder.Code != test.status {
			t.Errorf("%s: %d, not %d", name, recorder.Code, test.status)
			continue
		}
		if recorder.Header().Get("Cache-Control") != "no-store" ||
			recorder.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: the header is %v", name, recorder.Header())
		}
		if allow := recorder.Header().Get("Allow"); (allow == "GET") != (test.status == 405) {
			t.Errorf("%s: allowed is %q", name, allow)
		}
		if test.status == 200 {
			if at := checkToken(t, recorder.Body.Bytes(), kind, test.client); at != now.Unix()+3600 {
				t.Errorf("%s: expires_at is %d", name, at)
			}
			continue
		}
		var answer map[string]string
		check(t, json.Unmarshal(recorder.Body.Bytes(), &answer))
		if len(answer) != 1 || answer["error"] == "" {
			t.Errorf("%s: the answer is %s", name, recorder.Body)
		}
	}
}

// Protects: the environment decides when tokens expire, and no request does.
func TestEnvironmentDecidesTheTimeToLive(t *testing.T) {
	now := time.Unix(1400000000, 999999999)
	with := func(value string) map[string]string {
		environment := map[string]string{"TOKEN_TTL": value}
		for name, value := range capability {
			environment[name] = value
		}
		return environment
	}
	for value, ttl := range map[string]int64{
		"": 3600, "1": 1, "60": 60, strings.Repeat("0", 400) + "60": 60, "86400": 86400,
	} {
		handler := newHandler(read(t, with(value)), func() time.Time { return now })
		for _, more := range []string{"", "&ttl=5", "&TOKEN_TTL=5"} {
			recorder := ask(handler, "GET", "/token?client=alice"+more)
			at := checkToken(t, recorder.Body.Bytes(), "capability tokens", "alice")
			if at != now.Unix()+ttl {
				t.Errorf("TOKEN_TTL=%q: %s: expires_at is %d", value, more, at)
			}
		}
	}
	for _, value := range []string{"0", "-1", "+60", " 60", "60\n", "6_0", "0x3c", "86401", strings.Repeat("1", 400)} {
		set(t, with(value))
		_, err := readEnvironment()
		if err == nil || err.Error() != "TOKEN_TTL: write a number from 1 to 86400" {
			t.Errorf("TOKEN_TTL=%q: the error is %v", value, err)
		}
	}
}

// Protects: if the library refuses to mint, the answer is 500 without the reason.
func TestMintingErrorsStayOnTheServer(t *testing.T) {
	settings := read(t, access)
	settings.applicationSID = "\xff"
	recorder := ask(newHandler(settings, time.Now), "GET", "/token?client=alice")
	if body := recorder.Body.String(); recorder.Code != 500 || strings.TrimSpace(body) != `{"error":"no token could be made"}` {
		t.Errorf("%d: %s", recorder.Code, body)
	}
}

// build compiles the program.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	tool := filepath.Join(runtime.GOROOT(), "bin", "go")
	if _, err := os.Stat(tool); err != nil {
		tool = "go"
	}
	program := filepath.Join(t.TempDir(), "tokenserver")
	command := exec.Command(tool, "build", "-o", program, ".")
	command.Env = append(buildEnvironment(), "GOTOOLCHAIN=local", "GOPROXY=off", "GOFLAGS=", "CGO_ENABLED=1")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return program
}

// buildEnvironment returns the environment of this process, without the variables that could
// lead to another installation of captoken.
func buildEnvironment() []string {
	var all []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case name == "CPATH", name == "C_INCLUDE_PATH", name == "LIBRARY_PATH", strings.HasPrefix(name, "CGO_"):
		default:
			all = append(all, variable)
		}
	}
	return all
}

// environ returns the environment of this process, with these values for the program's
// variables.
func environ(environment map[string]string) []string {
	all := os.Environ()
	for _, name := range variables {
		all = append(all, name+"="+environment[name])
	}
	return all
}

// Protects: the environment decides the token kind. An API key takes precedence, and half an
// API key is an error instead of capability tokens.
func TestEnvironmentDecidesTheTokenKind(t *testing.T) {
	for _, test := range []struct {
		authToken, apiKeySID, apiKeySecret bool
		kind                               string
		missing                            string
	}{
		{false, false, false, "", "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN"},
		{true, false, false, "capability tokens", ""},
		{false, true, true, "access tokens", ""},
		{true, true, true, "access tokens", ""},
		{false, true, false, "", "TWILIO_API_KEY_SECRET"},
		{true, true, false, "", "TWILIO_API_KEY_SECRET"},
		{false, false, true, "", "TWILIO_API_KEY_SID"},
		{true, false, true, "", "TWILIO_API_KEY_SID"},
	} {
		environment := map[string]string{}
		for name, isSet := range map[string]bool{
			"TWILIO_AUTH_TOKEN":     test.authToken,
			"TWILIO_API_KEY_SID":    test.apiKeySID,
			"TWILIO_API_KEY_SECRET": test.apiKeySecret,
		} {
			if isSet {
				environment[name] = capability[name] + access[name]
			}
		}
		// The error names all missing variables, also the other two.
		set(t, environment)
		want := "missing environment variables: TWILIO_ACCOUNT_SID, TWILIO_APP_SID"
		if test.missing != "" {
			want += ", " + test.missing
		}
		if _, err := readEnvironment(); err == nil || err.Error() != want {
			t.Errorf("%+v: the error is %v, not %s", test, err, want)
		}

		environment["TWILIO_ACCOUNT_SID"], environment["TWILIO_APP_SID"] = "AC123123", applicationSID
		set(t, environment)
		settings, err := readEnvironment()
		if test.missing != "" {
			if err == nil || err.Error() != "missing environment variables: "+test.missing {
				t.Errorf("%+v: the error is %v", test, err)
			}
			continue
		}
		check(t, err)
		if settings.kind != test.kind {
			t.Errorf("%+v: the tokens are %s", test, settings.kind)
		}
		testAnswers(t, test.kind, settings)
	}
}

// Protects: the program exits with a message about wrong credentials.
func TestWrongCredentialsEndTheProgram(t *testing.T) {
	program := build(t)
	for want, environment := range map[string]map[string]string{
		"missing environment variables: TWILIO_ACCOUNT_SID, TWILIO_APP_SID," +
			" TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, or TWILIO_AUTH_TOKEN\n": nil,
		"missing environment variables: TWILIO_API_KEY_SECRET\n": {
			"TWILIO_ACCOUNT_SID": "AC123123", "TWILIO_APP_SID": applicationSID,
			"TWILIO_AUTH_TOKEN": "secret", "TWILIO_API_KEY_SID": "SK123123",
		},
		"TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_APP_SID: " + captoken.ErrInvalidUTF8.Error() + "\n": {
			"TWILIO_ACCOUNT_SID": "AC123123", "TWILIO_APP_SID": applicationSID, "TWILIO_AUTH_TOKEN": "\xff",
		},
	} {
		// The timeout kills a program that does not end, which changes its exit code.
		limit, cancel := context.WithTimeout(context.Background(), patience)
		command := exec.CommandContext(limit, program, "-addr", "127.0.0.1:0")
		command.Env = environ(environment)
		output, err := command.CombinedOutput()
		cancel()
		if err == nil || command.ProcessState.ExitCode() != 1 || !strings.HasSuffix(string(output), " "+want) {
			t.Errorf("%v: %s, not %s", err, output, want)
		}
	}
}

// Protects: the log names the token kind and contains no secret.
func TestLogNamesTheKindWithoutSecrets(t *testing.T) {
	program := build(t)
	for kind, environment := range kinds {
		server := start(t, program, environment)
		if server.kind != kind {
			t.Errorf("the program mints %s, not %s", server.kind, kind)
		}
		server.answers(t, kind)
		server.tell(t, syscall.SIGTERM)
		rest, err := io.ReadAll(server.log)
		check(t, err)
		check(t, server.Wait())
		if log := server.begun + string(rest); strings.Contains(log, "secret") {
			t.Errorf("the program logs %s", log)
		}
	}
}

// Protects: net/http logs the stack of a handler that panics, without a secret.
func TestPanicsLogNoSecret(t *testing.T) {
	for _, environment := range kinds {
		settings := read(t, environment)
		for _, message := range []string{"a bug", settings.authToken + settings.apiKeySecret} {
			var text bytes.Buffer
			server := httptest.NewUnstartedServer(newHandler(settings, func() time.Time { panic(message) }))
			server.Config.ErrorLog = log.New(&text, "", 0)
			server.Start()
			_, err := http.Get(server.URL + "/token?client=alice")
			server.Close() // waits for the handler
			if err == nil || !strings.Contains(text.String(), "handler.ServeHTTP(") {
				t.Errorf("%v: the log is %s", err, text.String())
			}
			if strings.Contains(text.String(), "secret") != strings.Contains(message, "secret") {
				t.Errorf("panic(%q) logs %s", message, text.String())
			}
		}
	}
}

// A server is a process of the program, which is killed when the test ends.
type server struct {
	*exec.Cmd
	address, kind string
	begun         string        // the first line of the log
	log           *bufio.Reader // the other lines
}

func start(t *testing.T, program string, environment map[string]string) server {
	t.Helper()
	command := exec.Command(program, "-addr", "127.0.0.1:0")
	command.Env = environ(environment)
	log, err := command.StderrPipe()
	check(t, err)
	check(t, command.Start())
	t.Cleanup(func() { command.Process.Kill() })
	lines := bufio.NewReader(log)
	line, err := lines.ReadString('\n')
	check(t, err)
	_, says, found := strings.Cut(strings.TrimSpace(line), "listening on http://")
	address, kind, both := strings.Cut(says, ", minting ")
	if !found || !both {
		t.Fatalf("the program logs %s", line)
	}
	return server{command, address, kind, line, lines}
}

// unfinished sends an incomplete request.
func (s server) unfinished(t *testing.T, request string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", s.address)
	check(t, err)
	t.Cleanup(func() { connection.Close() })
	check(t, connection.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprintf(connection, request, s.address)
	check(t, err)

	// The server accepts connections in order. After this answer, on a new connection,
	// it has registered the connection above.
	s.answers(t, "capability tokens")
	return connection
}

// answers checks that the program answers with a token of this kind.
func (s server) answers(t *testing.T, kind string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	before := time.Now().Unix()
	response, err := client.Get("http://" + s.address + "/token?client=alice")
	check(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(t, err)
	after := time.Now().Unix()
	if expiresAt := checkToken(t, body, kind, "alice"); expiresAt < before+3600 || expiresAt > after+3600 {
		t.Errorf("between %d and %d, expires_at is %d", before, after, expiresAt)
	}
}

// Incomplete requests: without the end of the header, or without the last byte of the body.
const (
	withoutEndOfHeader = "GET /token?client=slow HTTP/1.1\r\nHost: %s\r\n"
	withoutLastByte    = "GET /token?client=slow HTTP/1.1\r\nHost: %s\r\nContent-Length: 1\r\n\r\n"
)

// tell sends a signal and waits until the server accepts no more connections.
func (s server) tell(t *testing.T, signal os.Signal) {
	t.Helper()
	check(t, s.Process.Signal(signal))
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		other, err := net.Dial("tcp", s.address)
		if err != nil {
			return
		}
		other.Close()
		if time.Now().After(deadline) {
			t.Fatal("the program still accepts connections")
		}
	}
}

// Protects: a request that is in progress when a signal arrives still gets its answer.
func TestShutdownFinishesRequests(t *testing.T) {
	t.Parallel()
	program := build(t)
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		server := start(t, program, capability)
		slow := server.unfinished(t, withoutLastByte)
		// Read concurrently. A server that has already answered closes the connection when
		// the last byte arrives, and unread data is lost.
		answer := make(chan string, 1)
		go func() {
			defer close(answer)
			response, err := http.ReadResponse(bufio.NewReader(slow), nil)
			if err == nil {
				var body []byte
				body, err = io.ReadAll(response.Body)
				answer <- string(body)
			}
			if err != nil {
				t.Errorf("%v: %v", signal, err)
			}
		}()
		server.tell(t, signal)
		slow.Write([]byte("x"))
		// The request has a body, so the answer is an error.
		if got := <-answer; got != "{\"error\":\"send no body\"}\n" {
			t.Errorf("%v: the answer is %s", signal, got)
		}

		rest, err := io.ReadAll(server.log)
		check(t, err)
		if err := server.Wait(); err != nil || !strings.Contains(string(rest), "finishing the requests") {
			t.Errorf("%v: %v: %s", signal, err, rest)
		}
	}
}

// Protects: a second signal ends the program without waiting for requests.
func TestSecondSignalEndsTheProgram(t *testing.T) {
	t.Parallel()
	program := build(t)
	for {
		server := start(t, program, capability)
		begun := time.Now()
		server.unfinished(t, withoutEndOfHeader)
		server.tell(t, syscall.SIGTERM)
		check(t, server.Process.Signal(syscall.SIGTERM))
		took := time.Since(begun)
		_, err := io.ReadAll(server.log)
		check(t, err)
		server.Wait()
		status := server.ProcessState.Sys().(syscall.WaitStatus)
		if status.Signaled() && status.Signal() == syscall.SIGTERM {
			return
		}
		// If the second signal came late, the server had disconnected the client. Try again.
		if took < readTimeout {
			t.Fatalf("after %v, the program ended with %v", took, server.ProcessState)
		}
	}
}

// Protects: net/http gives no answer that keeps a connection open.
func TestOptionsOfTheServerCloseTheConnection(t *testing.T) {
	t.Parallel()
	server := start(t, build(t), capability)
	connection := server.unfinished(t, "OPTIONS * HTTP/1.1\r\nHost: evil.example\r\nX: %s\r\n\r\n")
	answer, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	status := "HTTP/1.1 404 "
	if strings.HasPrefix(runtime.Version(), "go1.19") {
		status = "HTTP/1.1 200 "
	}
	text := string(answer)
	if !strings.HasPrefix(text, status) || !strings.Contains(text, "\r\nConnection: close\r\n") {
		t.Errorf("the answer is %q", text)
	}
}

// Protects: a client that never finishes its request does not keep its connection.
func TestSlowClientsAreDisconnected(t *testing.T) {
	t.Parallel()
	server := start(t, build(t), capability)
	for name, request := range map[string]string{
		"in the header": withoutEndOfHeader,
		"in the body":   withoutLastByte,
	} {
		connection := server.unfinished(t, request)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := io.ReadAll(connection); err != nil {
				t.Error(err)
			}
		})
	}
}
