package store

import "sync"

// allTopics is what a commit of another process may have been about.
const allTopics = TopicQueue | TopicStop | TopicSuspend

// hub wakes subscribers.
type hub struct {
	mu   sync.Mutex
	subs map[*subscription]struct{}
}

type subscription struct {
	topic Topic
	wake  chan struct{}
}

// Subscribe returns a channel that holds a value after a commit about one of
// the topics, by this process at once, by another one within 200 ms, and a
// function that ends the subscription. Several commits may be one value; a value
// may also be there for no reason. It may be called in any state of the store.
func (s *Store) Subscribe(topic Topic) (<-chan struct{}, func()) {
	sub := &subscription{topic: topic, wake: make(chan struct{}, 1)}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.hub.subs == nil {
		s.hub.subs = make(map[*subscription]struct{})
	}
	s.hub.subs[sub] = struct{}{}
	return sub.wake, func() {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		delete(s.hub.subs, sub)
	}
}

func (h *hub) publish(topic Topic) {
	if topic == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for sub := range h.subs {
		if sub.topic&topic == 0 {
			continue
		}
		select {
		case sub.wake <- struct{}{}:
		default:
		}
	}
}

// Changes counts the commits of this process, and looks that found some of others: as
// long as it stays, so does what the store says. It reads memory only; it is at least 1.
func (s *Store) Changes() uint64 { return s.changes.Load() + 1 }
