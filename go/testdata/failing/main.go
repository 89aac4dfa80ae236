// Failing looks at what happens to the handle of a Token, with the library that is
// beside this file in captoken's place.
package main

import (
	"errors"
	"fmt"
	"log"
	"runtime"
	"strconv"
	"sync"
	"time"

	"captoken"
)

var ok = captoken.Param{Key: "k", Value: "v"}

func main() {
	log.SetFlags(log.Lshortfile)

	// What the library refuses as a whole has changed nothing.
	token := newToken()
	expect(token.AllowIncoming("fail"), captoken.ErrInternal)
	expect(token.AllowOutgoing("fail", ok), captoken.ErrOutOfMemory)
	expect(token.SetClientName("fail"), captoken.ErrInternal)
	expect(token.AddClaim("fail", 1), captoken.ErrOutOfMemory)
	expect(token.SetNotBefore(time.Unix(1, 0)), captoken.ErrInternal)
	expect(token.SetRegion("fail"), captoken.ErrInternal)
	expect(token.SetPushCredential("fail"), captoken.ErrInternal)
	expect(token.AddGrant("fail", struct{}{}), captoken.ErrOutOfMemory)
	expect(token.AddClaim("event streams fail", true), nil)
	expect(token.AllowEventStream(ok), captoken.ErrOutOfMemory)
	expect(token.AddClaim("event streams fail", false), nil)
	generates(token)
	expect(token.AllowOutgoing("AP1", ok, ok), nil)
	expect(token.AllowEventStream(), nil)
	expect(token.AllowEventStream(ok, ok), nil)
	generates(token)
	expectFreed(0)
	expect(captoken.CheckClientName("fail"), captoken.ErrInternal)

	// With some of the params or filters, the handle is freed at once, and only once.
	expect(token.AllowOutgoing("AP2", ok, fails(captoken.StatusOutOfMemory), ok), captoken.ErrOutOfMemory)
	expectFreed(1)
	isClosed(token)
	expect(token.Close(), nil)
	collect()
	expectFreed(1)

	token = newToken()
	expect(token.AllowOutgoing("AP1", fails(captoken.StatusInternal)), captoken.ErrInternal)
	expectFreed(2)
	isClosed(token)
	runtime.KeepAlive(token)
	token = nil
	collect()
	expectFreed(2)

	for i, filters := range [][]captoken.Param{
		{ok, fails(captoken.StatusOutOfMemory), ok},
		{fails(captoken.StatusOutOfMemory), ok},
		{ok, ok, fails(captoken.StatusOutOfMemory)},
	} {
		token = newToken()
		expect(token.AllowEventStream(filters...), captoken.ErrOutOfMemory)
		expectFreed(3 + i)
		isClosed(token)
		expect(token.Close(), nil)
	}
	token = nil
	collect()
	expectFreed(5)

	// Of access tokens as well.
	token, err := captoken.NewAccess("AC1", "SK1", "fail")
	expect(err, captoken.ErrOutOfMemory)
	if token != nil {
		log.Panic("a Token that could not be made")
	}
	token, err = captoken.NewAccess("AC1", "SK1", "secret")
	expect(err, nil)
	expect(token.SetRegion("ie1"), nil)
	expect(token.SetPushCredential("CR1"), nil)
	expect(token.AddGrant("video", struct{}{}), nil)
	generates(token)
	expectFreed(5)
	expect(token.AllowOutgoing("AP1", ok, fails(captoken.StatusOutOfMemory)), captoken.ErrOutOfMemory)
	expectFreed(6)
	isClosed(token)
	token = nil
	collect()
	expectFreed(6)

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
	expectFreed(7)
	token = nil
	collect()
	expectFreed(7)

	// While a method runs, its Token is not forgotten.
	done := make(chan error)
	go func() {
		_, err := newToken().Generate(7 * time.Second)
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	collect()
	expectFreed(7)
	expect(<-done, nil)
	for i := 0; i < 100 && freed() < 8; i++ {
		collect()
	}
	expectFreed(8)

	// What is forgotten is freed once. A copy keeps its original.
	copied := *newToken()
	collect()
	expectFreed(8)
	generates(&copied)
	for i := 0; i < 100; i++ {
		newToken()
	}
	for i := 0; i < 100 && freed() < 108; i++ {
		collect()
	}
	expectFreed(108)
	expect(copied.Close(), nil)
	collect()
	expectFreed(109)

	// A check that fails returns nothing of the token, and what is no JSON is a bug.
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

func generates(token *captoken.Token) {
	jwt, err := token.Generate(captoken.DefaultTTL)
	expect(err, nil)
	if jwt != "a token" {
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
