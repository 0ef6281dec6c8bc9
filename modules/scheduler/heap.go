package scheduler

import "container/heap"

// plans is a heap of plans by their next due time. It holds no plan without one.
type plans []*plan

// Len is heap.Interface's.
func (h plans) Len() int { return len(h) }

// Less is heap.Interface's.
func (h plans) Less(i, j int) bool { return h[i].next.Before(h[j].next) }

// Swap is heap.Interface's.
func (h plans) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push is heap.Interface's.
func (h *plans) Push(x any) {
	p, _ := x.(*plan)
	p.place = len(*h)
	*h = append(*h, p)
}

// Pop is heap.Interface's.
func (h *plans) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	p.place = -1
	return p
}

// add puts the plan into its place, if it has a next due time.
func (h *plans) add(p *plan) {
	if !p.next.IsZero() {
		heap.Push(h, p)
	}
}

// remove takes the plan out, if it is in.
func (h *plans) remove(p *plan) {
	if p.place >= 0 {
		heap.Remove(h, p.place)
	}
}

// pop takes the plan with the earliest next due time.
func (h *plans) pop() *plan {
	p, _ := heap.Pop(h).(*plan)
	return p
}
