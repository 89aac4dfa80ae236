// Package worker runs workloads on request and otherwise sleeps. worker.c explains the
// orders "show WORK" and "run WORK TIMES".
package worker

import (
	"bufio"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"
)

// TTL is the time to live of all tokens.
const TTL = time.Hour

// Work runs a workload once and returns its result.
type Work func() (string, error)

// Input returns an environment variable, and ends the program if it is not set.
func Input(name string) string {
	value, ok := os.LookupEnv(name)
	if !ok {
		log.Fatalf("%s is not set", name)
	}
	return value
}

// Subject holds the contents of all tokens.
type Subject struct {
	Account, Secret, Application, Client, Key, Value string
}

// Read returns the Subject of the environment.
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

// Scope returns the scope claim, for peers without a function for it. It joins strings,
// because url.Values sorts and is slower.
func (s Subject) Scope() string {
	client := url.QueryEscape(s.Client)
	params := url.QueryEscape(url.QueryEscape(s.Key) + "=" + url.QueryEscape(s.Value))
	return "scope:client:incoming?clientName=" + client +
		" scope:client:outgoing?appSid=" + url.QueryEscape(s.Application) +
		"&appParams=" + params + "&clientName=" + client
}

// Obey follows orders until standard input ends.
func Obey(works map[string]Work) {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var order, name string
		var times int
		// show has no TIMES, so Sscan may fail.
		_, _ = fmt.Sscan(lines.Text(), &order, &name, &times)
		work, ok := works[name]
		if !ok {
			log.Fatalf("unknown workload: %s", name)
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
