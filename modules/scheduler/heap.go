package scheduler

import (
	"container/heap"
	"time"
)

// slot is the place of something on an agenda.
type slot struct {
	// next is the earliest due time; zero when there is none.
	next time.Time
	// place is the index on the agenda, -1 outside.
	place int
}

func (s *slot) at() *slot { return s }

// agenda is a heap of things by their next due time. It holds none without one.
type agenda[T interface{ at() *slot }] []T

// Len is heap.Interface's.
func (a agenda[T]) Len() int { return len(a) }

// Less is heap.Interface's.
func (a agenda[T]) Less(i, j int) bool { return a[i].at().next.Before(a[j].at().next) }

// Swap is heap.Interface's.
func (a agenda[T]) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].at().place, a[j].at().place = i, j
}

// Push is heap.Interface's.
func (a *agenda[T]) Push(x any) {
	item, _ := x.(T)
	item.at().place = len(*a)
	*a = append(*a, item)
}

// Pop is heap.Interface's.
func (a *agenda[T]) Pop() any {
	last := len(*a) - 1
	item := (*a)[last]
	var none T
	(*a)[last] = none
	*a = (*a)[:last]
	item.at().place = -1
	return item
}

// add puts the item into its place, if it has a next due time.
func (a *agenda[T]) add(item T) {
	if !item.at().next.IsZero() {
		heap.Push(a, item)
	}
}

// remove takes the item out, if it is in.
func (a *agenda[T]) remove(item T) {
	if place := item.at().place; place >= 0 {
		heap.Remove(a, place)
	}
}

// pop takes the item with the earliest next due time.
func (a *agenda[T]) pop() T {
	item, _ := heap.Pop(a).(T)
	return item
}
