package main

import (
	"net"
	"testing"
)

// Protects: beyond all connections, a new one waits until another ends.
func TestConnectionBeyondAllWaits(t *testing.T) {
	const most = 3
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer inner.Close()
	listener := newBoundedListener(inner, most)
	listener.slots = make(chan struct{}, most) // fewer than maxConnections
	connect := func() {
		connection, err := net.Dial("tcp", inner.Addr().String())
		check(t, err)
		t.Cleanup(func() { connection.Close() })
	}
	var accepted []net.Conn
	for i := 0; i < most; i++ {
		connect()
		connection, err := listener.Accept()
		check(t, err)
		accepted = append(accepted, connection)
	}
	if len(listener.slots) != most {
		t.Fatalf("%d of %d are open", len(listener.slots), most)
	}

	connect()
	next := make(chan net.Conn)
	go func() {
		connection, _ := listener.Accept()
		next <- connection
	}()
	select {
	case <-next:
		t.Fatal("a connection beyond the limit was accepted")
	default:
	}
	accepted[0].Close()
	accepted[0].Close() // frees only one slot
	accepted[0] = <-next
	if len(listener.slots) != most {
		t.Errorf("%d are open", len(listener.slots))
	}
	for _, connection := range accepted {
		connection.Close()
	}
	if len(listener.slots) != 0 || len(listener.open) != 0 {
		t.Errorf("%d and %v are left", len(listener.slots), listener.open)
	}
}
