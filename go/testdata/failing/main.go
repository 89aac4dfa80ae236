// Failing tests how Tokens free their handles. It links the fake library tests/c/fake.c
// instead of captoken.
package main

import (
	"errors"
	"fmt"
	"log"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"captoken"
)

var ok = captoken.Param{Key: "k", Value: "v"}

func main() {
	log.SetFlags(log.Lshortfile)

	// A call that the library refuses changes nothing.
	token, err := captoken.New("AC1", "fail")
	expectNone(token, err)
	token, err = captoken.NewAccess("AC1", "SK1", "fail")
	expectNone(token, err)
	expect(captoken.Configure("AC1", "fail"), captoken.ErrOutOfMemory)
	expect(captoken.Configure("AC1", "secret"), nil)
	token = newToken()
	expect(token.AllowOutgoing("AP1", ok), nil)
	expect(token.AllowEventStream(ok, ok), nil)
	expect(token.AllowIncoming("fail"), captoken.ErrOutOfMemory)
	expect(token.SetClientName("fail"), captoken.ErrOutOfMemory)
	expect(token.AllowOutgoing("fail", ok, ok, ok), captoken.ErrOutOfMemory)
	expect(token.AddClaim("fail", 1), captoken.ErrOutOfMemory)
	expect(token.SetNotBefore(time.Unix(1, 0)), captoken.ErrInternal)
	expect(token.SetRegion("fail"), captoken.ErrOutOfMemory)
	expect(token.SetPushCredential("fail"), captoken.ErrOutOfMemory)
	expect(token.AddGrant("fail", struct{}{}), captoken.ErrOutOfMemory)
	expect(captoken.CheckClientName("fail"), captoken.ErrOutOfMemory)
	generates(token, "a token, 1 params, 2 filters")
	expectFreed(0)

	// If a pair fails, the Token and its copies stay unusable, even though later calls of C
	// would succeed. A second call of the same kind does not repair it. Close frees it.
	for i, test := range []struct {
		allow func(token *captoken.Token) error
		want  error
	}{
		{func(token *captoken.Token) error {
			return token.AllowOutgoing("AP1", fails(captoken.StatusOutOfMemory))
		}, captoken.ErrOutOfMemory},
		{func(token *captoken.Token) error {
			return token.AllowOutgoing("AP1", ok, fails(captoken.StatusOutOfMemory), ok)
		}, captoken.ErrOutOfMemory},
		{func(token *captoken.Token) error {
			return token.AllowOutgoing("AP1", ok, ok, fails(captoken.StatusInternal))
		}, captoken.ErrInternal},
		{func(token *captoken.Token) error {
			return token.AllowEventStream(fails(captoken.StatusOutOfMemory), ok)
		}, captoken.ErrOutOfMemory},
		{func(token *captoken.Token) error {
			return token.AllowEventStream(ok, ok, fails(captoken.StatusInternal))
		}, captoken.ErrInternal},
	} {
		broken := newToken()
		copied := *broken
		expect(broken.AllowOutgoing("AP1", ok), nil)
		expectUnusable(test.allow(broken), test.want)
		refusesAll(broken, test.want)
		refusesAll(&copied, test.want)
		expectUnusable(broken.AllowOutgoing("\x00"), test.want)
		_, err := broken.Generate(-1)
		expectUnusable(err, test.want)
		expectFreed(i)
		expect(broken.Close(), nil)
		expectFreed(i + 1)
		expect(broken.Close(), nil)
		refusesAll(broken, captoken.ErrClosed)
		expectFreed(i + 1)

		// Other Tokens stay usable, also one that reuses the memory.
		next := newToken()
		generates(next, "a token, 0 params, 0 filters")
		generates(token, "a token, 1 params, 2 filters")
		keep(next)
	}

	// A finalizer frees an unusable Token, too.
	forgotten := newToken()
	expectUnusable(forgotten.AllowOutgoing("AP1", fails(captoken.StatusOutOfMemory)), captoken.ErrOutOfMemory)
	forgotten = nil
	expect(token.Close(), nil)
	for i := 0; i < 100 && freed() < 7; i++ {
		collect()
	}
	expectFreed(7)
	refusesAll(token, captoken.ErrClosed)
	expect(token.Close(), nil)
	token = newToken()
	generates(token, "a token, 0 params, 0 filters")
	expect(token.Close(), nil)
	refusesAll(token, captoken.ErrClosed)
	token = nil
	collect()
	expectFreed(8)

	// Concurrent calls of Close free the handle once.
	token = newToken()
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			expect(token.Close(), nil)
		}()
	}
	group.Wait()
	expectFreed(9)
	token = nil
	collect()
	expectFreed(9)

	// No finalizer runs during a method.
	done := make(chan error)
	go func() {
		_, err := newToken().Generate(7 * time.Second)
		done <- err
	}()
	expect(captoken.CheckClientName("wait"), nil)
	collect()
	expectFreed(9)
	expect(captoken.CheckClientName("go on"), nil)
	expect(<-done, nil)
	for i := 0; i < 100 && freed() < 10; i++ {
		collect()
	}
	expectFreed(10)

	// Finalizers free unreachable Tokens once. A copy keeps its original reachable.
	copied := *newToken()
	collect()
	expectFreed(10)
	generates(&copied, "a token, 0 params, 0 filters")
	for i := 0; i < 100; i++ {
		newToken()
	}
	for i := 0; i < 100 && freed() < 110; i++ {
		collect()
	}
	expectFreed(110)
	expect(copied.Close(), nil)
	collect()
	expectFreed(111)

	// Tokens that reuse the memory of a closed one inherit nothing from it.
	first, second := newToken(), newToken()
	expect(first.AllowOutgoing("AP1", ok), nil)
	expect(first.Close(), nil)
	third := newToken()
	generates(third, "a token, 0 params, 0 filters")
	refusesAll(first, captoken.ErrClosed)
	expect(first.Close(), nil)
	expectFreed(112)
	generates(third, "a token, 0 params, 0 filters")
	generates(second, "a token, 0 params, 0 filters")
	expect(third.Close(), nil)
	expect(second.Close(), nil)
	expectFreed(114)

	// A failed Verify returns no claims. A payload that is not JSON is a bug of the library.
	for _, test := range []struct {
		token, secret string
		want          error
	}{
		{`{"exp":1}`, "secret", nil},
		{`{"exp":1}`, "fail", captoken.ErrOutOfMemory},
		{`{"exp":1`, "secret", captoken.ErrInternal},
	} {
		claims, err := captoken.Verify(test.token, test.secret, time.Unix(0, 0))
		expect(err, test.want)
		if (string(claims.Payload) == test.token) != (err == nil) || claims.ExpiresAt.IsZero() != (err != nil) {
			log.Panicf("%s gives %+v", test.token, claims)
		}
	}
}

func newToken() *captoken.Token {
	token, err := captoken.New("AC1", "secret")
	expect(err, nil)
	return token
}

func fails(status captoken.Status) captoken.Param {
	return captoken.Param{Key: "fail", Value: strconv.Itoa(int(status))}
}

func expectNone(token *captoken.Token, err error) {
	expect(err, captoken.ErrOutOfMemory)
	if token != nil {
		log.Panic("a failed call returned a Token")
	}
}

func generates(token *captoken.Token, want string) {
	jwt, err := token.Generate(captoken.DefaultTTL)
	expect(err, nil)
	if jwt != want {
		log.Output(2, fmt.Sprintf("the token is %s, not %s", jwt, want))
		panic(jwt)
	}
}

// refusesAll checks that every method except Close returns the error.
func refusesAll(token *captoken.Token, want error) {
	jwt, err := token.Generate(captoken.DefaultTTL)
	if jwt != "" {
		log.Panic("Generate returns " + jwt)
	}
	jwt, errAt := token.GenerateAt(time.Unix(0, 0), captoken.DefaultTTL)
	if jwt != "" {
		log.Panic("GenerateAt returns " + jwt)
	}
	for _, err := range []error{
		err, errAt,
		token.AllowIncoming("Alice"),
		token.SetClientName("Alice"),
		token.AllowOutgoing("AP1", ok),
		token.AllowEventStream(ok),
		token.AddClaim("c", 1),
		token.SetNotBefore(time.Time{}),
		token.SetRegion("ie1"),
		token.SetPushCredential("CR1"),
		token.AddGrant("video", struct{}{}),
	} {
		if errors.Is(want, captoken.ErrClosed) {
			expect(err, want)
		} else {
			expectUnusable(err, want)
		}
	}
}

// expectUnusable checks for an error whose message says that the Token is unusable.
func expectUnusable(err, want error) {
	expect(err, want)
	var own *captoken.Error
	message := strings.Replace(want.Error(), ": ", ": the Token is unusable, close it: ", 1)
	if !errors.As(err, &own) || err.Error() != message {
		log.Panic(err)
	}
}

// kept keeps Tokens reachable.
var kept []*captoken.Token

func keep(token *captoken.Token) {
	kept = append(kept, token)
}

// collect returns after the finalizers of all unreachable objects have run. Go runs
// finalizers one after another, and those of a later collection later. When the second marker
// is finalized, all objects of the first collection have been.
func collect() {
	for i := 0; i < 2; i++ {
		finalized := make(chan struct{})
		mark(finalized)
		runtime.GC()
		<-finalized
	}
}

// mark creates an unreachable object whose finalizer closes the channel.
//
//go:noinline
func mark(finalized chan struct{}) {
	// Go may combine smaller objects, which delays their finalizers.
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { close(finalized) })
}

func expect(err, want error) {
	if !errors.Is(err, want) {
		log.Output(2, fmt.Sprintf("the error is %v, not %v", err, want))
		panic(err)
	}
}

// freed returns the number of freed handles, which the fake library reports as its version.
func freed() int {
	var made, freed int
	if _, err := fmt.Sscanf(captoken.Version(), "%d made, %d freed", &made, &freed); err != nil {
		panic(err)
	}
	return freed
}

func expectFreed(want int) {
	if freed() != want {
		log.Output(2, fmt.Sprintf("%s, not %d freed", captoken.Version(), want))
		panic(want)
	}
}
