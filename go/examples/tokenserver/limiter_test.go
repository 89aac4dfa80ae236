package main

import (
	"fmt"
	"testing"
	"time"
)

// Protects: an address waits until its minute ends, and others do not.
func TestAddressBeyondLimitWaits(t *testing.T) {
	begun := time.Unix(1400000000, 0)
	limiter := newLimiter(2)
	for _, test := range []struct {
		remote string
		after  time.Duration
		wait   int
	}{
		{"192.0.2.1:1", 0, 0},
		{"192.0.2.1:2", 0, 0},
		{"192.0.2.1:3", 0, 60},
		{"192.0.2.2:1", 0, 0},
		{"[::ffff:192.0.2.1]:1", time.Second, 59},
		{"192.0.2.1:1", 59500 * time.Millisecond, 1},
		{"192.0.2.1:1", time.Minute, 0},
		{"192.0.2.1:1", time.Minute, 0},
		{"192.0.2.1:1", time.Minute, 60},
		// All addresses of an IPv6 network count as one.
		{"[2001:db8::1]:1", time.Minute, 0},
		{"[2001:db8::ffff:1%eth0]:1", time.Minute, 0},
		{"[2001:db8::2]:1", time.Minute, 60},
		{"[2001:db8:0:1::1]:1", time.Minute, 0},
	} {
		if wait := limiter.wait(test.remote, begun.Add(test.after)); wait != test.wait {
			t.Errorf("%+v: %d", test, wait)
		}
	}
}

// Protects: many addresses take no more memory, and the newest are remembered.
func TestLimiterForgetsTheOldest(t *testing.T) {
	begun := time.Unix(1400000000, 0)
	limiter := newLimiter(1)
	address := func(i int) string { return fmt.Sprintf("10.0.%d.%d:1", i/256, i%256) }
	for i := 0; i < 2*maxCallers; i++ {
		if wait := limiter.wait(address(i), begun.Add(time.Duration(i))); wait != 0 {
			t.Fatalf("%d: %d", i, wait)
		}
	}
	if len(limiter.callers) != maxCallers {
		t.Errorf("%d are remembered", len(limiter.callers))
	}
	later := begun.Add(time.Second)
	if wait := limiter.wait(address(maxCallers), later); wait == 0 {
		t.Error("the limiter has forgotten a newer address")
	}
	if wait := limiter.wait(address(0), later); wait != 0 {
		t.Error("the limiter remembers the oldest address")
	}
}
