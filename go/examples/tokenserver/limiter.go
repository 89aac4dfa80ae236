package main

import (
	"net/netip"
	"sync"
	"time"
)

// Memory is bounded: if more callers than this come within a minute, the server forgets the
// one whose minute began first.
const maxCallers = 1024

// A limiter limits the requests of each address.
type limiter struct {
	limit   int
	mutex   sync.Mutex
	callers map[netip.Addr]*caller
}

type caller struct {
	began    time.Time
	requests int
}

func newLimiter(limit int) *limiter {
	return &limiter{limit: limit, callers: map[netip.Addr]*caller{}}
}

// wait counts a request. It returns 0 if the request is within the limit, otherwise the
// seconds to wait.
func (l *limiter) wait(remote string, now time.Time) int {
	address := addressOf(remote)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	found := l.callers[address]
	if found == nil {
		l.makeRoom()
		found = &caller{began: now}
		l.callers[address] = found
	}
	passed := now.Sub(found.began)
	if passed >= time.Minute {
		*found = caller{began: now}
		passed = 0
	}
	if found.requests >= l.limit {
		return int((time.Minute - passed + time.Second - 1) / time.Second)
	}
	found.requests++
	return 0
}

func (l *limiter) makeRoom() {
	if len(l.callers) < maxCallers {
		return
	}
	var oldest netip.Addr
	for address, caller := range l.callers {
		if !oldest.IsValid() || caller.began.Before(l.callers[oldest].began) {
			oldest = address
		}
	}
	delete(l.callers, oldest)
}

// addressOf returns the address of host:port. It returns the network of an IPv6 address,
// because a client has all 2^64 addresses of its network.
func addressOf(remote string) netip.Addr {
	parsed, _ := netip.ParseAddrPort(remote)
	address := parsed.Addr().Unmap().WithZone("")
	if address.Is6() {
		network, _ := address.Prefix(64)
		return network.Addr()
	}
	return address
}
