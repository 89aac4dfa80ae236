package captoken_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
	"unsafe"

	"captoken"
)

// The secret is long, so that no other text contains it.
const hidden = "this-is-the-secret"

// shownTokens returns values with a Token inside, as programs have them.
func shownTokens(t *testing.T) []any {
	t.Helper()
	made, err := captoken.New(accountSID, hidden)
	check(t, err)
	access, err := captoken.NewAccess(accountSID, apiKeySID, hidden)
	check(t, err)
	var all []any
	for _, token := range []*captoken.Token{made, access} {
		token := token
		t.Cleanup(func() { check(t, token.Close()) })
		check(t, token.AllowIncoming("Alice"))
		jwt := mint(t, token)
		_, err := captoken.Verify(jwt, hidden, frozen)
		check(t, err)
		all = append(all, token, &token, []*captoken.Token{token}, map[string]any{"a": token},
			struct{ inner any }{token}, struct{ Inner *captoken.Token }{token}, [1]any{token})
	}
	return all
}

// shownErrors returns an error of each function that gets a secret.
func shownErrors(t *testing.T) []any {
	t.Helper()
	_, wrong := captoken.New("", hidden)
	_, nul := captoken.New(accountSID, hidden+"\x00")
	_, utf8 := captoken.NewAccess(accountSID, apiKeySID, hidden+"\xff")
	_, empty := captoken.NewAccess(accountSID, "", hidden)
	configured := captoken.Configure(accountSID, hidden+"\x00")
	half := captoken.Configure("", hidden+"\xff")
	_, other := captoken.Verify(mint(t, newToken(t)), hidden, frozen)
	_, malformed := captoken.Verify(hidden, "another", frozen)
	_, unreadable := captoken.Verify("a.b.c", hidden+"\xff", frozen)
	_, leeway := captoken.VerifyWithLeeway("a.b.c", hidden, frozen, -time.Second)
	var all []any
	for i, err := range []error{wrong, nul, utf8, empty, configured, half, other, malformed, unreadable, leeway} {
		if err == nil {
			t.Errorf("call %d succeeds", i)
		}
		all = append(all, err, fmt.Errorf("wrapped: %w", err), []error{err}, struct{ inner any }{err})
	}
	return all
}

// Each returns a value as a program may show it.
var shows = map[string]func(value any) string{
	"the verbs of fmt": func(value any) string {
		text := ""
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p"} {
			text += fmt.Sprintf(verb, value) + "\n"
		}
		return text
	},
	"log": func(value any) string {
		var text bytes.Buffer
		logger := log.New(&text, "", 0)
		logger.Print(value)
		logger.Printf("%+v %#v", value, value)
		return text.String()
	},
	"encoding/json": func(value any) string {
		text, err := json.Marshal(value)
		return fmt.Sprint(string(text), err)
	},
	"encoding/gob": func(value any) string {
		var text bytes.Buffer
		err := gob.NewEncoder(&text).Encode(value)
		return fmt.Sprint(text.String(), err)
	},
	"text/template": func(value any) string {
		var text bytes.Buffer
		page := template.Must(template.New("").Parse(`{{.}} {{printf "%#v" .}} {{html .}} {{js .}} {{print .}}`))
		return fmt.Sprint(page.Execute(&text, value), text.String())
	},
	"reflect": func(value any) string { return reached(reflect.ValueOf(value), map[uintptr]bool{}) },
	"a panic": func(value any) (text string) {
		defer func() { text = fmt.Sprint(recover(), string(debug.Stack())) }()
		panic(value)
	},
}

// reached returns all strings and bytes to which a value leads, also through fields that are not
// exported, and the bytes of numbers.
func reached(value reflect.Value, visited map[uintptr]bool) string {
	text := ""
	switch value.Kind() {
	case reflect.String:
		text = value.String()
	case reflect.Pointer, reflect.Interface:
		if value.Kind() == reflect.Pointer && !value.IsNil() {
			if visited[value.Pointer()] {
				return ""
			}
			visited[value.Pointer()] = true
		}
		text = reached(value.Elem(), visited)
	case reflect.Struct:
		for i := 0; i < value.NumField(); i++ {
			text += reached(value.Field(i), visited)
		}
	case reflect.Map:
		for _, key := range value.MapKeys() {
			text += reached(key, visited) + reached(value.MapIndex(key), visited)
		}
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 && value.Cap() > 0 {
			return string(unsafe.Slice((*byte)(value.UnsafePointer()), value.Cap())) + "\n"
		}
		fallthrough
	case reflect.Array:
		for i := 0; i < value.Len(); i++ {
			text += reached(value.Index(i), visited)
		}
	case reflect.Uint8:
		return string(rune(value.Uint()))
	}
	return text + "\n"
}

// showsSecret returns whether a text contains the secret, as it is or as hexadecimal digits.
func showsSecret(text string) bool {
	digits := hex.EncodeToString([]byte(hidden))
	return strings.Contains(text, hidden) || strings.Contains(strings.ToLower(text), digits)
}

// Protects: no Token and no error shows a secret, however a program shows it.
func TestNothingShowsTheSecret(t *testing.T) {
	values := append(shownTokens(t), shownErrors(t)...)
	for name, show := range shows {
		for _, value := range values {
			if text := show(value); text == "" || showsSecret(text) {
				t.Errorf("%s of %T: %q", name, value, text)
			}
		}
		// It would show a string.
		control := struct{ Inner string }{hidden}
		if text := show(control); !showsSecret(text) {
			t.Errorf("%s shows %q", name, text)
		}
	}
}

const crash = "CAPTOKEN_TEST_CRASH"

// Each of these ends a program while it has Tokens and verifies tokens. The last one shows that
// the trace would contain a string.
var crashes = map[string]func(token *captoken.Token, secret string){
	"a Token":   func(token *captoken.Token, secret string) { panic(token) },
	"an error":  func(token *captoken.Token, secret string) { _, err := captoken.New("", secret); panic(err) },
	"a string":  func(token *captoken.Token, secret string) { panic("a string") },
	"a signal":  func(token *captoken.Token, secret string) { *(*int)(nil) = len(secret) },
	"the stack": func(token *captoken.Token, secret string) { os.Stderr.Write(stackOfAll()); panic("a string") },
	"control":   func(token *captoken.Token, secret string) { panic(secret) },
}

func stackOfAll() []byte {
	buffer := make([]byte, 1<<20)
	return buffer[:runtime.Stack(buffer, true)]
}

// The child process of TestCrashesShowNoSecret.
func crashIfAsked() {
	how := crashes[os.Getenv(crash)]
	if how == nil {
		return
	}
	// GOTRACEBACK=crash would leave a core dump.
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		log.Fatal(err)
	}
	// From standard input: the environment is in the memory of each process.
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	secret := string(input)
	token, err := captoken.New(accountSID, secret)
	if err != nil {
		log.Fatal(err)
	}
	if err := captoken.Configure(accountSID, secret); err != nil {
		log.Fatal(err)
	}
	jwt, err := token.Generate(0)
	if err != nil {
		log.Fatal(err)
	}
	verified := make(chan struct{})
	go func() {
		for i := 0; ; i++ {
			if _, err := captoken.Verify(jwt, secret, time.Now()); err != nil {
				log.Fatal(err)
			}
			if i == 0 {
				close(verified)
			}
		}
	}()
	<-verified
	how(token, secret)
}

func TestMain(m *testing.M) {
	crashIfAsked()
	os.Exit(m.Run())
}

// Protects: the trace of a crash shows no secret.
func TestCrashesShowNoSecret(t *testing.T) {
	for name := range crashes {
		for _, traceback := range []string{"single", "all", "system", "crash"} {
			command := exec.Command(os.Args[0], "-test.run=^$")
			command.Env = append(os.Environ(), crash+"="+name, "GOTRACEBACK="+traceback)
			command.Stdin = strings.NewReader(hidden)
			output, err := command.CombinedOutput()
			text := string(output)
			if err == nil || !strings.Contains(text, "goroutine ") || !strings.Contains(text, "crashIfAsked") {
				t.Fatalf("%s, %s: %v: %s", name, traceback, err, text)
			}
			if showsSecret(text) != (name == "control") {
				t.Errorf("%s, %s: %s", name, traceback, text)
			}
		}
	}
}
