// Failing looks at what happens to the handle of a Token, with the library that is
// beside this file in captoken's place.
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

	// What the library refuses has changed nothing.
	memory("is out")
	token, err := captoken.New("AC1", "fail")
	expectNone(token, err)
	token, err = captoken.NewAccess("AC1", "SK1", "fail")
	expectNone(token, err)
	token = newToken()
	expect(token.AddClaim("fail", 1), captoken.ErrOutOfMemory)
	expect(token.SetNotBefore(time.Unix(1, 0)), captoken.ErrInternal)
	expect(token.SetRegion("fail"), captoken.ErrOutOfMemory)
	expect(token.SetPushCredential("fail"), captoken.ErrOutOfMemory)
	expect(token.AddGrant("fail", struct{}{}), captoken.ErrOutOfMemory)
	expect(captoken.CheckClientName("fail"), captoken.ErrOutOfMemory)
	generates(token, "a token, 0 params, 0 filters")
	expectFreed(0)

	// What a Token is to allow can fail when it mints, and is tried again then, from the
	// beginning. No token has only some of it.
	for _, test := range []struct {
		allow func() error
		fails error
		then  string
	}{
		{func() error { return token.AllowIncoming("fail") },
			captoken.ErrOutOfMemory, "a token, 0 params, 0 filters"},
		{func() error { return token.SetClientName("fail") },
			captoken.ErrOutOfMemory, "a token, 0 params, 0 filters"},
		{func() error { return token.AllowOutgoing("fail", ok) },
			captoken.ErrOutOfMemory, "a token, 1 params, 0 filters"},
		{func() error { return token.AllowOutgoing("AP1", ok, fails(captoken.StatusOutOfMemory), ok) },
			captoken.ErrOutOfMemory, "a token, 3 params, 0 filters"},
		{func() error { return token.AllowOutgoing("AP1", fails(captoken.StatusInternal)) },
			captoken.ErrInternal, "a token, 1 params, 0 filters"},
		{func() error { return token.AllowEventStream(ok, ok, fails(captoken.StatusOutOfMemory)) },
			captoken.ErrOutOfMemory, "a token, 1 params, 3 filters"},
		{func() error { return token.AllowEventStream() },
			nil, "a token, 1 params, 0 filters"},
	} {
		memory("is out")
		expect(test.allow(), nil)
		for i := 0; i < 2 && test.fails != nil; i++ {
			jwt, err := token.Generate(captoken.DefaultTTL)
			expect(err, test.fails)
			if jwt != "" {
				log.Panic("a token: " + jwt)
			}
			expect(token.AddClaim("c", 1), nil)
		}
		memory("is there")
		generates(token, test.then)
		generates(token, test.then)
	}

	// Where very much is to be done, it is done before more is asked for.
	memory("is out")
	long := captoken.Param{Key: "k", Value: strings.Repeat("v", 2000)}
	expect(token.AllowOutgoing("fail", long), nil)
	expect(token.AllowOutgoing("AP1", ok, ok), captoken.ErrOutOfMemory)
	memory("is there")
	generates(token, "a token, 1 params, 0 filters")
	expect(token.AllowOutgoing("AP1", ok, ok), nil)
	generates(token, "a token, 2 params, 0 filters")

	// A Token that was never able to do what it is to do is freed as any other.
	memory("is out")
	expect(token.AllowIncoming("fail"), nil)
	expect(token.Close(), nil)
	memory("is there")
	expectFreed(1)
	isClosed(token)
	expect(token.Close(), nil)
	token = newToken()
	generates(token, "a token, 0 params, 0 filters")
	expect(token.Close(), nil)
	isClosed(token)
	token = nil
	collect()
	expectFreed(2)

	// Close frees once, however often and from wherever it is called.
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
	expectFreed(3)
	token = nil
	collect()
	expectFreed(3)

	// While a method runs, its Token is not forgotten.
	done := make(chan error)
	go func() {
		_, err := newToken().Generate(7 * time.Second)
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	collect()
	expectFreed(3)
	expect(<-done, nil)
	for i := 0; i < 100 && freed() < 4; i++ {
		collect()
	}
	expectFreed(4)

	// What is forgotten is freed once. A copy keeps its original.
	copied := *newToken()
	collect()
	expectFreed(4)
	generates(&copied, "a token, 0 params, 0 filters")
	for i := 0; i < 100; i++ {
		newToken()
	}
	for i := 0; i < 100 && freed() < 104; i++ {
		collect()
	}
	expectFreed(104)
	expect(copied.Close(), nil)
	collect()
	expectFreed(105)

	// What a closed Token was made of goes into others, which have nothing of it.
	first, second := newToken(), newToken()
	expect(first.AllowOutgoing("AP1", ok), nil)
	expect(first.Close(), nil)
	third := newToken()
	generates(third, "a token, 0 params, 0 filters")
	isClosed(first)
	expect(first.Close(), nil)
	expectFreed(106)
	generates(third, "a token, 0 params, 0 filters")
	generates(second, "a token, 0 params, 0 filters")
	expect(third.Close(), nil)
	expect(second.Close(), nil)
	expectFreed(108)

	// A check that fails returns nothing of the token, and what is no JSON is a bug.
	for _, test := range []struct {
		token, secret string
		want          error
	}{
		{`{"exp":1}`, "secret", nil},
		{`{"exp":1}`, "fail", captoken.ErrOutOfMemory},
		{`{"exp":1`, "secret", captoken.ErrInternal},
	} {
		memory("is out")
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
		log.Panic("a Token that could not be made")
	}
}

// memory "is out" or not.
func memory(is string) {
	expect(captoken.Configure("memory "+is, "secret"), nil)
}

func generates(token *captoken.Token, want string) {
	jwt, err := token.Generate(captoken.DefaultTTL)
	expect(err, nil)
	if jwt != want {
		log.Output(2, "the token is "+jwt)
		panic(jwt)
	}
}

func isClosed(token *captoken.Token) {
	_, err := token.Generate(captoken.DefaultTTL)
	expect(err, captoken.ErrClosed)
	expect(token.AllowIncoming("Alice"), captoken.ErrClosed)
	expect(token.AllowOutgoing("AP1", ok), captoken.ErrClosed)
	expect(token.AllowEventStream(ok), captoken.ErrClosed)
	expect(token.AddClaim("c", 1), captoken.ErrClosed)
	expect(token.SetRegion("ie1"), captoken.ErrClosed)
	expect(token.SetPushCredential("CR1"), captoken.ErrClosed)
	expect(token.AddGrant("video", struct{}{}), captoken.ErrClosed)
}

// collect gives finalizers the time to run.
func collect() {
	for i := 0; i < 3; i++ {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

func expect(err, want error) {
	if !errors.Is(err, want) {
		log.Output(2, "an error is wrong")
		panic(err)
	}
}

// freed returns how many handles are freed.
func freed() int {
	var made, freed int
	if _, err := fmt.Sscanf(captoken.Version(), "%d made, %d freed", &made, &freed); err != nil {
		panic(err)
	}
	return freed
}

func expectFreed(want int) {
	if freed() != want {
		log.Output(2, "freed: "+captoken.Version())
		panic(want)
	}
}
