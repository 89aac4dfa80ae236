package main

import (
	"container/list"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// maxConnections are open concurrently.
const maxConnections = 500

// A boundedListener limits the connections of each address, and of all.
//
// Clients that send no request could occupy all connections. So if too many are open, it closes
// the oldest. A request takes milliseconds, so the oldest connection is one that sent none.
type boundedListener struct {
	net.Listener
	most   int // from one address
	all    int
	mutex  sync.Mutex
	open   *list.List // the connections, the oldest first
	counts map[netip.Addr]int
}

func newBoundedListener(listener net.Listener, most int) *boundedListener {
	return &boundedListener{
		Listener: listener,
		most:     most,
		all:      maxConnections,
		open:     list.New(),
		counts:   map[netip.Addr]int{},
	}
}

// Accept closes the new connection if its address has too many, or the oldest if all are too
// many.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		// The process may open fewer files than connections.
		if errors.Is(err, syscall.EMFILE) && l.closeOldestBeyond(0) {
			continue
		}
		if err != nil {
			return nil, err
		}
		added := l.add(connection)
		if added == nil {
			connection.Close()
			continue
		}
		l.closeOldestBeyond(l.all)
		return added, nil
	}
}

// add returns nil if the address has too many connections.
func (l *boundedListener) add(connection net.Conn) net.Conn {
	address := addressOf(connection.RemoteAddr().String())
	l.mutex.Lock()
	defer l.mutex.Unlock()
	// An address that may open all connections has no limit. The oldest is closed instead.
	if l.counts[address] >= l.most && l.most < l.all {
		return nil
	}
	l.counts[address]++
	added := &boundedConn{Conn: connection}
	element := l.open.PushBack(added)
	added.release = func() { l.remove(element, address) }
	return added
}

func (l *boundedListener) remove(element *list.Element, address netip.Addr) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.open.Remove(element)
	if l.counts[address]--; l.counts[address] == 0 {
		delete(l.counts, address)
	}
}

// closeOldestBeyond closes the oldest connection if more than this many are open, and returns
// whether they are.
func (l *boundedListener) closeOldestBeyond(many int) bool {
	l.mutex.Lock()
	var oldest *boundedConn
	if l.open.Len() > many {
		oldest = l.open.Front().Value.(*boundedConn)
	}
	l.mutex.Unlock()
	if oldest == nil {
		return false
	}
	oldest.Close()
	return true
}

// A boundedConn is removed from its listener when it is closed.
type boundedConn struct {
	net.Conn
	once    sync.Once
	release func()
}

func (c *boundedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.release)
	return err
}
