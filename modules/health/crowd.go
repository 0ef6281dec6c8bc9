package health

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxConns is how many connections the server holds at once.
const maxConns = 1024

// crowd bounds the connections of a server. At the limit the oldest idle one
// makes room: one that has been answered, or that has not sent a byte yet. When
// all of them are in the middle of a request, which takes an honest client less
// than a millisecond, the oldest of those does.
//
// Its lock is held for a few pointer moves, never while anything is written,
// read or closed.
type crowd struct {
	limit int

	mu    sync.Mutex // guards what follows
	known map[net.Conn]*list.Element
	idle  *list.List // of guest, oldest first
	busy  *list.List
}

// guest is a connection with the time of its last change of state.
type guest struct {
	conn  net.Conn
	since time.Time
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, known: make(map[net.Conn]*list.Element), idle: list.New(), busy: list.New()}
}

// observe is the ConnState hook of http.Server.
func (c *crowd) observe(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	place, ok := c.known[conn]
	if ok {
		c.idle.Remove(place)
		c.busy.Remove(place)
	}
	var surplus net.Conn
	switch {
	case state == http.StateNew:
		if len(c.known) >= c.limit {
			surplus = c.takeOldest()
		}
		c.known[conn] = c.idle.PushBack(guest{conn, time.Now()})
	case !ok: // it was closed to make room
	case state == http.StateActive:
		c.known[conn] = c.busy.PushBack(guest{conn, time.Now()})
	case state == http.StateIdle:
		c.known[conn] = c.idle.PushBack(guest{conn, time.Now()})
	default:
		delete(c.known, conn)
	}
	c.mu.Unlock()
	if surplus != nil {
		_ = surplus.Close() // its goroutine finds out
	}
}

// makeRoom closes the oldest idle connection, if it has been idle for that long.
func (c *crowd) makeRoom(idle time.Duration) {
	c.mu.Lock()
	var conn net.Conn
	if front := c.idle.Front(); front != nil && time.Since(front.Value.(guest).since) >= idle {
		conn = c.takeOldest()
	}
	c.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // its goroutine finds out
	}
}

// takeOldest is called with the lock held and at least one connection.
func (c *crowd) takeOldest() net.Conn {
	queue := c.idle
	if queue.Len() == 0 {
		queue = c.busy
	}
	oldest := queue.Remove(queue.Front()).(guest)
	delete(c.known, oldest.conn)
	return oldest.conn
}

// stirred tells whether a connection has come or has begun a request within
// the given time, and is still there.
func (c *crowd) stirred(within time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, queue := range []*list.List{c.idle, c.busy} {
		if last := queue.Back(); last != nil && time.Since(last.Value.(guest).since) < within {
			return true
		}
	}
	return false
}
