package main

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// A listening returns connections from one address to a bounded listener.
type listening struct {
	*boundedListener
	inner net.Listener
}

func listen(t *testing.T, most, all int) listening {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { inner.Close() })
	listener := newBoundedListener(inner, most)
	listener.all = all
	return listening{listener, inner}
}

func (l listening) connect(t *testing.T) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", l.inner.Addr().String())
	check(t, err)
	t.Cleanup(func() { connection.Close() })
	check(t, connection.SetReadDeadline(time.Now().Add(patience)))
	return connection
}

func (l listening) accept(t *testing.T) net.Conn {
	t.Helper()
	connection, err := l.Accept()
	check(t, err)
	t.Cleanup(func() { connection.Close() })
	return connection
}

func (l listening) checkOpen(t *testing.T, open int) {
	t.Helper()
	counted := 0
	for _, count := range l.counts {
		counted += count
	}
	if l.open.Len() != open || counted != open {
		t.Errorf("%d are open, and %v; not %d", l.open.Len(), l.counts, open)
	}
}

// checkClosed checks that the server has closed a connection.
func checkClosed(t *testing.T, client net.Conn) {
	t.Helper()
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection is not closed: %v", err)
	}
}

// checkUsable checks that the client gets what the server sends.
func checkUsable(t *testing.T, client, server net.Conn) {
	t.Helper()
	_, err := server.Write([]byte("x"))
	check(t, err)
	_, err = io.ReadFull(client, make([]byte, 1))
	check(t, err)
}

// Protects: beyond all connections, the oldest makes room for a new one.
func TestConnectionBeyondAllClosesTheOldest(t *testing.T) {
	const all = 3
	listener := listen(t, all, all)
	var clients, accepted []net.Conn
	next := func() {
		clients = append(clients, listener.connect(t))
		accepted = append(accepted, listener.accept(t))
	}
	for i := 0; i < 2*all; i++ {
		next()
	}
	listener.checkOpen(t, all)
	for i := 0; i < all; i++ {
		checkClosed(t, clients[i])
		checkUsable(t, clients[all+i], accepted[all+i])
	}

	// The connections that ended first leave places for others.
	accepted[0].Close()
	accepted[all+1].Close()
	accepted[all+1].Close() // frees only one place
	listener.checkOpen(t, all-1)
	next()
	listener.checkOpen(t, all)
	checkUsable(t, clients[all], accepted[all])
	next()
	checkClosed(t, clients[all])
	for _, connection := range accepted {
		connection.Close()
	}
	listener.checkOpen(t, 0)
	if len(listener.counts) != 0 {
		t.Errorf("%v are left", listener.counts)
	}
}

// Protects: an address with too many connections gets no new one, and takes no other's place.
func TestConnectionBeyondAddressIsClosed(t *testing.T) {
	listener := listen(t, 2, 3)
	first, second := listener.connect(t), listener.connect(t)
	servers := []net.Conn{listener.accept(t), listener.accept(t)}
	third := listener.connect(t)
	accepted := make(chan net.Conn)
	go func() {
		connection, _ := listener.Accept()
		accepted <- connection
	}()
	checkClosed(t, third)
	checkUsable(t, first, servers[0])
	checkUsable(t, second, servers[1])
	servers[0].Close()
	fourth := listener.connect(t)
	server := <-accepted
	defer server.Close()
	checkUsable(t, fourth, server)
	listener.checkOpen(t, 2)
}

// A failingListener fails to accept while this many connections are open.
type failingListener struct {
	net.Listener
	bounded *boundedListener
	files   int
	err     error
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.bounded.open.Len() >= l.files {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", l.err)}
	}
	return l.Listener.Accept()
}

// Protects: if the process may open no more files, the oldest connection makes room.
func TestLackOfFilesClosesTheOldest(t *testing.T) {
	listener := listen(t, 500, 500)
	failing := &failingListener{listener.inner, listener.boundedListener, 2, syscall.EMFILE}
	listener.Listener = failing
	var clients []net.Conn
	for i := 0; i < 3; i++ {
		clients = append(clients, listener.connect(t))
		listener.accept(t)
	}
	checkClosed(t, clients[0])
	listener.checkOpen(t, 2)

	// For other errors, and without an open connection, net/http decides.
	for _, failure := range []struct {
		files int
		err   error
	}{{2, syscall.ENFILE}, {0, syscall.EMFILE}} {
		failing.files, failing.err = failure.files, failure.err
		if _, err := listener.Accept(); !errors.Is(err, failure.err) {
			t.Errorf("the error is %v", err)
		}
	}
}
