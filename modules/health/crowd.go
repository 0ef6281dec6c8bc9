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
// makes room: the one that has done nothing for the longest time, be it that it
// never sent a request, sent half of one, or was answered. An honest request
// takes less than a millisecond, so a probe under way is never that one.
//
// Its lock is held for a few pointer moves, never while anything is written,
// read or closed.
type crowd struct {
	limit int

	mu     sync.Mutex // guards what follows
	places map[net.Conn]*list.Element
	queue  *list.List // of guest; who changed state last is at the back
}

// guest is a connection with the time of its last change of state.
type guest struct {
	conn  net.Conn
	since time.Time
}

func newCrowd(limit int) *crowd {
	return &crowd{limit: limit, places: make(map[net.Conn]*list.Element), queue: list.New()}
}

// observe is the ConnState hook of http.Server. For a connection that has its place
// it allocates nothing: it is called twice for each request.
func (c *crowd) observe(conn net.Conn, state http.ConnState) {
	now := time.Now()
	c.mu.Lock()
	place, known := c.places[conn]
	var surplus net.Conn
	switch {
	case state == http.StateClosed, state == http.StateHijacked:
		if known {
			c.leave(place)
		}
	case known:
		place.Value.(*guest).since = now
		c.queue.MoveToBack(place)
	case state == http.StateNew:
		if c.queue.Len() >= c.limit {
			surplus = c.leave(c.queue.Front())
		}
		c.places[conn] = c.queue.PushBack(&guest{conn, now})
	default: // it was closed to make room, and does not know yet
	}
	c.mu.Unlock()
	if surplus != nil {
		_ = surplus.Close() // its goroutine finds out
	}
}

// makeRoom closes the oldest connection, if it has done nothing for that long.
func (c *crowd) makeRoom(idle time.Duration) {
	c.mu.Lock()
	var conn net.Conn
	if front := c.queue.Front(); front != nil && time.Since(front.Value.(*guest).since) >= idle {
		conn = c.leave(front)
	}
	c.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // its goroutine finds out
	}
}

// leave takes a place away, with the lock held, and returns whose it was.
func (c *crowd) leave(place *list.Element) net.Conn {
	gone := c.queue.Remove(place).(*guest)
	delete(c.places, gone.conn)
	return gone.conn
}

// stirred tells whether a connection has come or has sent the head of a request
// within the given time, and is still there.
func (c *crowd) stirred(within time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.queue.Back()
	return last != nil && time.Since(last.Value.(*guest).since) < within
}
