package captoken_test

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"captoken"
)

// The arguments that goroutines pass while they change a Token.
var names = []string{"Alice", "Bob", strings.Repeat("Carol", 50)}

// mintWhileChanging returns the tokens that many goroutines mint while others make changes.
// Each change is called with one name after the other.
func mintWhileChanging(t *testing.T, token *captoken.Token, secret string, changes ...func(name string) error) []string {
	t.Helper()
	const goroutines, each = 200, 20
	var minting, changing sync.WaitGroup
	done := make(chan struct{})
	for _, change := range changes {
		change := change
		check(t, change(names[0]))
		changing.Add(1)
		go func() {
			defer changing.Done()
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
					if err := change(names[i%len(names)]); err != nil {
						t.Error(err)
						return
					}
				}
			}
		}()
	}
	jwts := make(chan string, goroutines*each)
	for i := 0; i < goroutines; i++ {
		minting.Add(1)
		go func() {
			defer minting.Done()
			for j := 0; j < each; j++ {
				jwt, err := token.Generate(captoken.DefaultTTL)
				if err == nil {
					_, err = captoken.Verify(jwt, secret, time.Now())
				}
				if err != nil {
					t.Error(err)
					return
				}
				jwts <- jwt
			}
		}()
	}
	minting.Wait()
	close(done)
	changing.Wait()
	close(jwts)
	var minted []string
	for jwt := range jwts {
		minted = append(minted, jwt)
	}
	if len(minted) != goroutines*each {
		t.Fatalf("%d tokens were minted", len(minted))
	}
	return minted
}

// Protects: goroutines may mint from a Token while others change it. Each token is
// consistent: it has the arguments of one call of each method.
func TestConcurrentUseGivesConsistentTokens(t *testing.T) {
	token := newToken(t)
	configure(t, accountSID, authToken)
	outgoing := func(name string) error {
		return token.AllowOutgoing(name, captoken.Param{Key: "a", Value: name}, captoken.Param{Key: "b", Value: name})
	}
	events := func(name string) error {
		return token.AllowEventStream(captoken.Param{Key: "c", Value: name}, captoken.Param{Key: "d", Value: name})
	}
	claim := func(name string) error { return token.AddClaim("claim", []string{name, name}) }
	notBefore := func(name string) error { return token.SetNotBefore(time.Unix(int64(len(name)), 0)) }
	configured := func(string) error {
		other, err := captoken.New("", "")
		if err == nil {
			err = other.Close()
		}
		if err == nil {
			err = captoken.Configure(accountSID, authToken)
		}
		return err
	}
	minted := mintWhileChanging(t, token, authToken,
		token.AllowIncoming, outgoing, outgoing, events, events, claim, notBefore, configured)

	scopes, claims, beginnings := map[string]bool{}, map[string]bool{}, map[int64]bool{}
	for _, name := range names {
		for _, sid := range names {
			for _, filter := range names {
				params := "a%3D" + sid + "%26b%3D" + sid
				filters := "c%3D" + filter + "%26d%3D" + filter
				scopes["scope:client:incoming?clientName="+name+
					" scope:client:outgoing?appSid="+sid+"&appParams="+params+"&clientName="+name+
					" scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params="+filters] = true
			}
		}
		claims[`["`+name+`","`+name+`"]`] = true
		beginnings[int64(len(name))] = true
	}
	for _, jwt := range minted {
		if scope := decode(t, jwt, authToken, "claim", "nbf").scope; !scopes[scope] {
			t.Fatalf("the scope is %s", scope)
		}
		read, err := captoken.Verify(jwt, authToken, time.Now())
		check(t, err)
		if !claims[string(read.Custom["claim"])] || !beginnings[read.NotBefore.Unix()] {
			t.Fatalf("the claims are %s", read.Payload)
		}
	}
}

// Protects: the same as above, for access tokens.
func TestConcurrentUseGivesConsistentAccessTokens(t *testing.T) {
	token := newAccess(t)
	outgoing := func(name string) error {
		return token.AllowOutgoing(name, captoken.Param{Key: "a", Value: name}, captoken.Param{Key: "b", Value: name})
	}
	chat := func(name string) error { return token.AddGrant("chat", map[string]string{"a": name, "b": name}) }
	events := func(name string) error {
		if err := token.AllowEventStream(captoken.Param{Key: "a", Value: name}); !errors.Is(err, captoken.ErrUnsupported) {
			return fmt.Errorf("AllowEventStream returns %v", err)
		}
		return nil
	}
	minted := mintWhileChanging(t, token, apiKeySecret,
		token.AllowIncoming, token.SetRegion, token.SetPushCredential, outgoing, outgoing, chat, chat, events)

	whole, known := map[string]string{}, map[string]bool{}
	for _, name := range names {
		whole[`{"a":"`+name+`","b":"`+name+`"}`] = name
		known[name] = true
	}
	for _, jwt := range minted {
		claims, err := captoken.Verify(jwt, apiKeySecret, time.Now())
		check(t, err)
		grants, voice := claims.Grants, claims.Grants.Voice
		if whole[string(grants.Others["chat"])] == "" || whole[string(voice.Params)] != voice.ApplicationSID ||
			!known[voice.ApplicationSID] || !known[grants.Identity] || !known[voice.PushCredentialSID] || !voice.Incoming {
			t.Fatalf("the claims are %s", claims.Payload)
		}
	}
}

// Protects: Close may be called while others mint. They get a token or ErrClosed.
func TestConcurrentCloseIsSafe(t *testing.T) {
	for round := 0; round < 50; round++ {
		token, err := captoken.New(accountSID, authToken)
		check(t, err)
		var group sync.WaitGroup
		begun := make(chan struct{}, 8)
		for i := 0; i < 8; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				for first := true; ; first = false {
					jwt, err := token.Generate(captoken.DefaultTTL)
					if first {
						begun <- struct{}{}
					}
					if err != nil {
						if !errors.Is(err, captoken.ErrClosed) || jwt != "" {
							t.Errorf("Generate returns %q and %v", jwt, err)
						}
						return
					}
				}
			}()
		}
		<-begun
		for i := 0; i < 2; i++ {
			group.Add(1)
			go func() {
				defer group.Done()
				if err := token.Close(); err != nil {
					t.Error(err)
				}
			}()
		}
		group.Wait()
	}
}

// Protects: the garbage collector does not finalize a Token while a method runs.
func TestNoFinalizerRunsDuringGenerate(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	done := make(chan struct{})
	var collecting, group sync.WaitGroup
	collecting.Add(1)
	go func() {
		defer collecting.Done()
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	for i := 0; i < 8; i++ {
		group.Add(1)
		// Long, so that garbage collections run while a token is minted.
		name := strings.Repeat(fmt.Sprint("client", i), 5000)
		go func() {
			defer group.Done()
			for j := 0; j < 100; j++ {
				token, err := captoken.New(accountSID, authToken)
				if err == nil {
					err = token.AllowIncoming(name)
				}
				if err != nil {
					t.Error(err)
					return
				}
				// From here on, only the method refers to the Token.
				jwt, err := token.Generate(captoken.DefaultTTL)
				if err != nil {
					t.Error(err)
					return
				}
				if want := "scope:client:incoming?clientName=" + name; scope(jwt) != want {
					t.Errorf("the scope of a token of %s is wrong", name[:7])
				}
			}
		}()
	}
	group.Wait()
	close(done)
	collecting.Wait()
}

// Protects: memory does not grow, with Close and with finalizers. If handles were not
// freed, this would take 300 MB.
func TestMemoryDoesNotGrow(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	name := strings.Repeat("x", 2000)
	for _, closes := range []bool{true, false} {
		use := func(tokens int) {
			for i := 0; i < tokens; i++ {
				token, err := captoken.New(accountSID, authToken)
				check(t, err)
				check(t, token.AllowIncoming(name))
				_, err = token.Generate(captoken.DefaultTTL)
				check(t, err)
				if closes {
					check(t, token.Close())
				}
			}
		}
		use(10000)
		before := residentBytes(t)
		use(100000)
		if grown := residentBytes(t) - before; grown > 32<<20 {
			t.Errorf("Close called: %v. Memory has grown by %d bytes", closes, grown)
		}
	}
}

func residentBytes(t *testing.T) int64 {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	check(t, err)
	var size, resident int64
	_, err = fmt.Sscan(string(statm), &size, &resident)
	check(t, err)
	return resident * int64(os.Getpagesize())
}

// Protects: Generate makes one C call and one allocation, the token.
func TestGenerateCallsOnceAndAllocatesOnce(t *testing.T) {
	const runs = 1000
	cost := func(token *captoken.Token, what string) {
		t.Helper()
		generate := func() {
			if _, err := token.Generate(captoken.DefaultTTL); err != nil {
				t.Fatal(err)
			}
		}
		checkAllocations(t, what, 1, generate)
		if calls := callsOfC(runs, runs, generate); calls != runs {
			t.Errorf("%s: %d C calls for %d tokens", what, calls, runs)
		}
	}
	for kind, token := range map[string]*captoken.Token{"capability": newToken(t), "access": newAccess(t)} {
		cost(token, kind+", new")
		check(t, token.AllowIncoming("Alice"))
		cost(token, kind+", incoming")
		check(t, token.AllowOutgoing(applicationSID, captoken.Param{Key: "Foo", Value: "Bar"}))
		cost(token, kind+", outgoing")
		check(t, token.AllowOutgoing(applicationSID))
		cost(token, kind+", without the param")
		check(t, token.SetClientName(strings.Repeat("Bob", 10)))
		cost(token, kind+", client name")
		check(t, token.AddClaim("Foo", "Bar"))
		cost(token, kind+", claim")
		check(t, token.SetNotBefore(frozen))
		cost(token, kind+", not before")
		check(t, token.SetNotBefore(time.Time{}))
		cost(token, kind+", valid immediately")
		_ = token.AllowIncoming("")
		cost(token, kind+", after a failed call")
		if kind == "access" {
			check(t, token.SetRegion("ie1"))
			cost(token, "region")
			check(t, token.SetPushCredential("CR1"))
			cost(token, "push credential")
			check(t, token.AddGrant("video", map[string]string{"room": "standup"}))
			cost(token, "grant")
		} else {
			check(t, token.AllowEventStream(captoken.Param{Key: "Foo", Value: "Bar"}))
			cost(token, "event stream")
		}
	}
}

// Protects: a full cycle makes two allocations, the Token and the token.
func TestFullCycleAllocatesTwice(t *testing.T) {
	param := captoken.Param{Key: "Foo", Value: "Bar"}
	for kind, newToken := range map[string]func() (*captoken.Token, error){
		"capability": func() (*captoken.Token, error) { return captoken.New(accountSID, authToken) },
		"access":     func() (*captoken.Token, error) { return captoken.NewAccess(accountSID, apiKeySID, apiKeySecret) },
	} {
		cycle := func() {
			token, err := newToken()
			if err == nil {
				err = first(token.AllowIncoming("Alice"), token.AllowOutgoing(applicationSID, param),
					token.SetClientName("Bob"))
			}
			if err == nil {
				_, err = token.Generate(captoken.DefaultTTL)
			}
			if err == nil {
				err = token.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		checkAllocations(t, kind, 2, cycle)
	}
}

// Protects: a name that replaces another allocates nothing.
func TestAllowIncomingAllocatesNothing(t *testing.T) {
	token := newToken(t)
	checkAllocations(t, "a name", 0, func() {
		if err := token.AllowIncoming("Alice"); err != nil {
			t.Fatal(err)
		}
	})
}

// checkAllocations checks how many allocations an operation makes.
func checkAllocations(t *testing.T, what string, want float64, operation func()) {
	t.Helper()
	if poolsForget {
		return
	}
	if got := testing.AllocsPerRun(1000, operation); got != want {
		t.Errorf("%s: %v allocations, not %v", what, got, want)
	}
}

// Protects: minting a short token after a long one allocates little memory.
func TestShortTokensAllocateLittle(t *testing.T) {
	const much = 1 << 20
	token, err := captoken.New(accountSID, authToken)
	check(t, err)
	afterALongOne := func(name string, mintShort func()) {
		t.Helper()
		check(t, token.AddClaim("c", strings.Repeat("x", much)))
		mint(t, token)
		mint(t, token)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		mintShort()
		runtime.ReadMemStats(&after)
		if bytes := after.TotalAlloc - before.TotalAlloc; bytes > much/2 {
			t.Errorf("%s: %d bytes for a token", name, bytes)
		}
	}
	afterALongOne("changed", func() {
		check(t, token.AddClaim("c", "x"))
		mint(t, token)
		mint(t, token)
	})
	afterALongOne("closed", func() {
		check(t, token.Close())
		mint(t, newToken(t))
	})
}

// Protects: replaced permissions keep no memory, and the last one counts.
func TestRepeatedPermissionsKeepNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	token := newToken(t)
	long := captoken.Param{Key: "k", Value: strings.Repeat("v", 2000)}
	last := 0
	allow := func(times int) {
		for i := 0; i < times; i++ {
			last++
			check(t, token.AllowOutgoing(fmt.Sprint("AP", last), captoken.Param{Key: "i", Value: fmt.Sprint(last)}, long))
		}
	}
	allow(10000)
	before := residentBytes(t)
	allow(100000)
	if grown := residentBytes(t) - before; grown > 32<<20 {
		t.Errorf("memory has grown by %d bytes", grown)
	}
	want := fmt.Sprintf("scope:client:outgoing?appSid=AP%d&appParams=i%%3D%d%%26k%%3D%s", last, last, long.Value)
	if got := decode(t, mint(t, token), authToken).scope; got != want {
		t.Errorf("the scope is %s", got)
	}
}

// Protects: each function makes one C call, which costs 40 ns.
func TestEveryFunctionMakesOneCCall(t *testing.T) {
	const runs = 100
	token, access := newToken(t), newAccess(t)
	param := captoken.Param{Key: "a", Value: "1"}
	jwt := sign(header, `{"exp":1400003600,"scope":"scope:client:incoming?clientName=Alice"}`, authToken)
	for name, call := range map[string]func() error{
		"Configure":         func() error { return captoken.Configure("", "") },
		"AllowIncoming":     func() error { return token.AllowIncoming("Alice") },
		"SetClientName":     func() error { return token.SetClientName("Bob") },
		"AllowOutgoing":     func() error { return token.AllowOutgoing(applicationSID) },
		"with two params":   func() error { return token.AllowOutgoing(applicationSID, param, param) },
		"AllowEventStream":  func() error { return token.AllowEventStream() },
		"with two filters":  func() error { return token.AllowEventStream(param, param) },
		"AddClaim":          func() error { return token.AddClaim("claim", param) },
		"SetNotBefore":      func() error { return token.SetNotBefore(frozen) },
		"SetRegion":         func() error { return access.SetRegion("ie1") },
		"SetPushCredential": func() error { return access.SetPushCredential("CR1") },
		"AddGrant":          func() error { return access.AddGrant("grant", param) },
		"CheckClientName":   func() error { return captoken.CheckClientName("Alice") },
		"Verify": func() error {
			_, err := captoken.Verify(jwt, authToken, frozen)
			return err
		},
	} {
		calls := callsOfC(runs, runs, func() { check(t, call()) })
		if calls != runs {
			t.Errorf("%s: %d C calls, not %d", name, calls, runs)
		}
	}
	for name, newToken := range map[string]func() (*captoken.Token, error){
		"New":       func() (*captoken.Token, error) { return captoken.New(accountSID, authToken) },
		"NewAccess": func() (*captoken.Token, error) { return captoken.NewAccess(accountSID, apiKeySID, apiKeySecret) },
	} {
		calls := callsOfC(runs, 2*runs, func() {
			token, err := newToken()
			check(t, err)
			check(t, token.Close())
			check(t, token.Close())
		})
		if calls != 2*runs {
			t.Errorf("%s and Close: %d C calls, not %d", name, calls, 2*runs)
		}
	}
}

// Protects: calls that Go refuses make no C call.
func TestRefusedCallsDoNotCallC(t *testing.T) {
	const runs = 100
	token, closed := newToken(t), newToken(t)
	check(t, closed.Close())
	for name, call := range map[string]func() error{
		"New":              func() error { _, err := captoken.New(accountSID, nul); return err },
		"AllowIncoming":    func() error { return token.AllowIncoming(nul) },
		"AllowOutgoing":    func() error { return token.AllowOutgoing("AP1", captoken.Param{Key: notUTF8}) },
		"AllowEventStream": func() error { return token.AllowEventStream(captoken.Param{Value: notUTF8}) },
		"closed":           func() error { return closed.AllowIncoming("Alice") },
		"closed, Generate": func() error { _, err := closed.Generate(0); return err },
	} {
		calls := callsOfC(runs, 0, func() {
			if call() == nil {
				t.Fatalf("%s: no error", name)
			}
		})
		if calls != 0 {
			t.Errorf("%s: %d C calls", name, calls)
		}
	}
}

// callsOfC returns the number of C calls that runs calls of do make. It retries until the
// number is as expected, at most 10 times.
func callsOfC(runs, expected int64, do func()) int64 {
	calls := expected - 1
	// Finalizers of other tests' Tokens may also call C, but not for long.
	for attempt := 0; attempt < 10 && calls != expected; attempt++ {
		before := runtime.NumCgoCall()
		for i := int64(0); i < runs; i++ {
			do()
		}
		calls = runtime.NumCgoCall() - before
	}
	return calls
}

// Protects: Generate handles tokens whose times have more or fewer digits than today's.
func TestGenerateAtHandlesLongAndShortTimes(t *testing.T) {
	token := newToken(t)
	today := mint(t, token)
	later, err := token.GenerateAt(time.Unix(1<<53-2, 0), time.Second)
	check(t, err)
	early, err := token.GenerateAt(time.Unix(0, 0), time.Second)
	check(t, err)
	if len(early) >= len(today) || len(today) >= len(later) {
		t.Errorf("the tokens have %d, %d and %d bytes", len(early), len(today), len(later))
	}
	if exp := decode(t, later, authToken).exp; exp != 1<<53-1 {
		t.Errorf("exp is %d", exp)
	}
	if exp := decode(t, early, authToken).exp; exp != 1 {
		t.Errorf("exp is %d", exp)
	}
}

// Protects: after the caller has wiped a secret, no copy is left in memory.
func TestSecretsAreWiped(t *testing.T) {
	for name, use := range map[string]func(authToken string) error{
		"New": func(authToken string) error {
			token, err := captoken.New(accountSID, authToken)
			if err == nil {
				t.Cleanup(func() { token.Close() })
			}
			return err
		},
		"New, refused": func(authToken string) error {
			if _, err := captoken.New(notUTF8, authToken); err == nil {
				return errors.New("the account SID was taken")
			}
			return nil
		},
		"NewAccess": func(apiKeySecret string) error {
			token, err := captoken.NewAccess(accountSID, apiKeySID, apiKeySecret)
			if err == nil {
				t.Cleanup(func() { token.Close() })
				mint(t, token)
			}
			return err
		},
		"NewAccess, refused": func(apiKeySecret string) error {
			if _, err := captoken.NewAccess(accountSID, notUTF8, apiKeySecret); err == nil {
				return errors.New("the SID of the API key was taken")
			}
			return nil
		},
		"Configure": func(authToken string) error {
			configure(t, accountSID, authToken)
			return nil
		},
		"Verify": func(authToken string) error {
			token, err := captoken.New(accountSID, authToken)
			if err != nil {
				return err
			}
			defer token.Close()
			_, err = captoken.Verify(mint(t, token), authToken, frozen)
			return err
		},
		"Verify, refused": func(authToken string) error {
			if _, err := captoken.Verify(mint(t, newToken(t)), authToken, frozen); !errors.Is(err, captoken.ErrTokenSignature) {
				return fmt.Errorf("the error is %v", err)
			}
			return nil
		},
	} {
		// The first size fits into a pooled scratch. The second does not: with the account SID
		// and a NUL it fills 8 KiB, so a slice that grows would be copied.
		for _, size := range []int{1000, 8192 - len(accountSID) - 1} {
			checkWiped(t, fmt.Sprintf("%s, %d bytes", name, size), size, use)
		}
	}
}

// checkWiped checks that a call leaves no copy of its secret in memory.
func checkWiped(t *testing.T, name string, size int, use func(secret string) error) {
	t.Helper()
	secret, masked := randomSecret(t, size)
	// A string that shares the bytes of secret, so that they can be wiped.
	check(t, use(*(*string)(unsafe.Pointer(&secret))))
	if occurrences(t, masked) == 0 {
		t.Fatal("the search finds nothing")
	}
	for i := range secret {
		secret[i] = 0
	}
	if found := occurrences(t, masked); found != 0 {
		t.Errorf("%s: %d copies of the secret are in memory", name, found)
	}
}

// randomSecret returns random letters and their bitwise inverse. size must exceed the total
// size of the vector registers, because signals save these in memory.
func randomSecret(t *testing.T, size int) (secret, masked []byte) {
	t.Helper()
	random := make([]byte, size)
	_, err := rand.Read(random)
	check(t, err)
	secret, masked = make([]byte, len(random)), make([]byte, len(random))
	for i := range random {
		secret[i] = 'a' + random[i]%26
		masked[i] = ^secret[i]
	}
	return secret, masked
}

// occurrences counts the copies of a secret in the memory of this process. It takes the
// inverse, so that the argument is not counted.
func occurrences(t *testing.T, masked []byte) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	check(t, err)
	memory, err := os.Open("/proc/self/mem")
	check(t, err)
	defer memory.Close()
	chunk := make([]byte, 1<<20)
	// Wipe chunk, so that the next search does not find copies in it.
	defer func() {
		for i := range chunk {
			chunk[i] = 0
		}
	}()
	count := 0
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		var start, end uint64
		var mode string
		_, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &start, &end, &mode)
		check(t, err)
		// Larger mappings belong to sanitizers and contain no copies.
		if !strings.HasPrefix(mode, "rw") || end-start > 1<<30 {
			continue
		}
		for at := start; at < end; at += uint64(len(chunk) - len(masked)) {
			read := chunk
			if left := end - at; left < uint64(len(read)) {
				read = read[:left]
			}
			// Ignore mappings that have gone meanwhile or cannot be read.
			if n, _ := memory.ReadAt(read, int64(at)); n < len(read) {
				read = read[:n]
			}
			count += countMasked(read, masked)
		}
	}
	return count
}

func countMasked(memory, masked []byte) int {
	count := 0
	for {
		start := bytes.IndexByte(memory, ^masked[0])
		if start < 0 || len(memory)-start < len(masked) {
			return count
		}
		memory = memory[start:]
		equal := true
		for i := 0; equal && i < len(masked); i++ {
			equal = memory[i] == ^masked[i]
		}
		if equal {
			count++
		}
		memory = memory[1:]
	}
}
