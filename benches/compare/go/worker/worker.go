// Package worker does works of a contestant when it is told to, and sleeps in between.
// worker.c says what it is told: show WORK, or run WORK TIMES.
package worker

import (
	"bufio"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"
)

// TTL is how long all tokens live.
const TTL = time.Hour

// Work does it once, and returns its result.
type Work func() (string, error)

// Input is a variable of the environment that must be there.
func Input(name string) string {
	value, ok := os.LookupEnv(name)
	if !ok {
		log.Fatalf("%s is not set", name)
	}
	return value
}

// Subject is what all tokens are about.
type Subject struct {
	Account, Secret, Application, Client, Key, Value string
}

// Read takes it from the environment.
func Read() Subject {
	return Subject{
		Account:     Input("BENCH_ACCOUNT"),
		Secret:      Input("BENCH_SECRET"),
		Application: Input("BENCH_APPLICATION"),
		Client:      Input("BENCH_CLIENT"),
		Key:         Input("BENCH_KEY"),
		Value:       Input("BENCH_VALUE"),
	}
}

// Scope is the claim, for the peers that know nothing of it. Joined texts: url.Values
// would sort, and take longer.
func (s Subject) Scope() string {
	client := url.QueryEscape(s.Client)
	params := url.QueryEscape(url.QueryEscape(s.Key) + "=" + url.QueryEscape(s.Value))
	return "scope:client:incoming?clientName=" + client +
		" scope:client:outgoing?appSid=" + url.QueryEscape(s.Application) +
		"&appParams=" + params + "&clientName=" + client
}

// Obey does so until there are no more orders.
func Obey(works map[string]Work) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var order, name string
		var times int
		// show has no times, which is no mistake.
		_, _ = fmt.Sscan(lines.Text(), &order, &name, &times)
		work, ok := works[name]
		if !ok {
			log.Fatalf("no such work: %s", name)
		}
		if order == "show" {
			fmt.Println(once(work))
			continue
		}
		start := time.Now()
		for i := 0; i < times; i++ {
			once(work)
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
}

func once(work Work) string {
	result, err := work()
	if err != nil {
		log.Fatal(err)
	}
	return result
}
