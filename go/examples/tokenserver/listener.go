package main

import (
	"net"
	"net/netip"
	"sync"
)

// maxConnections are open concurrently. Further ones wait.
const maxConnections = 500

// A boundedListener limits the connections of each address, and of all.
type boundedListener struct {
	net.Listener
	most  int           // from one address
	slots chan struct{} // one for each open connection
	mutex sync.Mutex
	open  map[netip.Addr]int
}

func newBoundedListener(listener net.Listener, most int) *boundedListener {
	return &boundedListener{
		Listener: listener,
		most:     most,
		slots:    make(chan struct{}, maxConnections),
		open:     map[netip.Addr]int{},
	}
}

// Accept closes a connection if its address has too many.
func (l *boundedListener) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			<-l.slots
			return nil, err
		}
		address := addressOf(connection.RemoteAddr().String())
		if l.add(address) {
			return &boundedConn{Conn: connection, release: func() { l.remove(address) }}, nil
		}
		connection.Close()
	}
}

func (l *boundedListener) add(address netip.Addr) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.open[address] >= l.most {
		return false
	}
	l.open[address]++
	return true
}

func (l *boundedListener) remove(address netip.Addr) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.open[address]--; l.open[address] == 0 {
		delete(l.open, address)
	}
	<-l.slots
}

// A boundedConn gives its slot back when it is closed.
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
