package captoken_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// These tests run the Go blocks of docs/access-tokens.md as printed.

// beforeAndAfter returns the program before and after a diff, which changes one line.
func beforeAndAfter(t *testing.T, diff string) (before, after string) {
	t.Helper()
	removed, added := 0, 0
	for _, line := range strings.SplitAfter(diff, "\n") {
		content := line
		if line != "\n" && line != "" {
			content = line[1:]
		}
		switch line[:len(line)-len(content)] {
		case "-":
			before += content
			removed++
		case "+":
			after += content
			added++
		case " ", "":
			before += content
			after += content
		default:
			t.Fatalf("not a line of a diff: %q", line)
		}
	}
	if removed != 1 || added != 1 {
		t.Fatalf("%d lines are removed and %d added", removed, added)
	}
	return before, after
}

// printed builds and runs a program. It returns the token that the program prints, and the
// times before and after.
func printed(t *testing.T, w workspace, program string) (token string, from, to int64) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(w.user, "main.go"), []byte(program), 0o666))
	built := command(w.user, nil, w.build(nil))
	from = time.Now().Unix()
	token = strings.TrimSpace(run(t, built))
	return token, from, time.Now().Unix()
}

// checkLife checks that the expiry is between two times.
func checkLife(t *testing.T, exp, from, to int64) {
	t.Helper()
	if exp < from || exp > to {
		t.Errorf("the token expires at %d, not at %d to %d", exp, from, to)
	}
}

// checkAccess checks an access token of the document's credentials with these grants.
func checkAccess(t *testing.T, token, header string, from, to int64, grants map[string]any) {
	t.Helper()
	var read map[string]any
	check(t, json.Unmarshal([]byte(payloadUnder(t, header, token, "api_key_secret")), &read))
	exp, _ := read["exp"].(float64)
	checkLife(t, int64(exp), from+600, to+600)
	want := map[string]any{
		"jti":    fmt.Sprintf("SK123123-%d", int64(exp)-600),
		"iss":    "SK123123",
		"sub":    "AC123123",
		"exp":    exp,
		"grants": grants,
	}
	if !reflect.DeepEqual(read, want) {
		t.Errorf("the claims are\n%v, not\n%v", read, want)
	}
}

// Protects: the one changed line of the document turns the program into one for access
// tokens. The document's other lines for access tokens work in that program.
func TestBuildMigratedProgramMintsAccessTokens(t *testing.T) {
	slow(t)
	const accessTokens = "docs/access-tokens.md"
	w := newWorkspace(t, nil)
	before, after := beforeAndAfter(t, documentBlock(t, accessTokens, "diff", " package main"))

	token, from, to := printed(t, w, before)
	read := decode(t, token, "auth_token")
	if read.iss != accountSID {
		t.Errorf("the account is %s", read.iss)
	}
	checkLife(t, read.exp, from+600, to+600)
	want := []permission{
		{name: "scope:client:incoming", query: []pair{{"clientName", "Alice"}}},
		{
			name:   "scope:client:outgoing",
			query:  []pair{{"appSid", "AP123123"}, {"clientName", "Alice"}},
			params: []pair{{"Foo", "Bar"}},
		},
	}
	if got := permissions(t, read.scope); !reflect.DeepEqual(got, want) {
		t.Errorf("the permissions are %v, not %v", got, want)
	}

	token, from, to = printed(t, w, after)
	voice := map[string]any{
		"incoming": map[string]any{"allow": true},
		"outgoing": map[string]any{
			"application_sid": "AP123123",
			"params":          map[string]any{"Foo": "Bar"},
		},
	}
	grants := map[string]any{"identity": "Alice", "voice": voice}
	checkAccess(t, token, accessHeader, from, to, grants)

	const generates = "\tjwt, err := token.Generate("
	if strings.Count(after, generates) != 1 {
		t.Fatalf("no %s in\n%s", generates, after)
	}
	lines := documentBlock(t, accessTokens, "go", "")
	program := strings.Replace(after, generates, lines+generates, 1) +
		"\nvar playbackGrant = map[string]any{\"a\": []int{1}}\n"
	token, from, to = printed(t, w, program)
	voice["push_credential_sid"] = "CR123123"
	grants["video"] = map[string]any{"room": "standup"}
	grants["chat"] = map[string]any{"service_sid": "IS123123"}
	grants["data_sync"] = map[string]any{"service_sid": "IS456456"}
	grants["task_router"] = map[string]any{
		"workspace_sid": "WS123123", "worker_sid": "WK123123", "role": "worker",
	}
	grants["player"] = map[string]any{"a": []any{1.0}}
	regional := strings.TrimSuffix(accessHeader, "}") + `,"twr":"ie1"}`
	checkAccess(t, token, regional, from, to, grants)
}
