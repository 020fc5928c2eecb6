// Package freelist keeps memory to be used again, so that a draw allocates nothing after the first, however many run at
// once. Unlike sync.Pool it never gives any back, and so a test can show it.
package freelist

import "sync"

// List holds values that are not in use. The zero List is empty. It is safe for concurrent use.
type List[T any] struct {
	mu   sync.Mutex
	free []T
}

// Take removes a value and returns it, the zero T if the list is empty.
func (l *List[T]) Take() (v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k := len(l.free); k > 0 {
		v, l.free = l.free[k-1], l.free[:k-1]
	}
	return v
}

// Put adds a value.
func (l *List[T]) Put(v T) {
	l.mu.Lock()
	l.free = append(l.free, v)
	l.mu.Unlock()
}

// Slices is a List of slices.
type Slices[T any] struct{ list List[[]T] }

// Take removes a slice and returns it, with n elements of any value; it makes one if there is none.
func (s *Slices[T]) Take(n int) []T {
	if v := s.list.Take(); cap(v) >= n {
		return v[:n]
	}
	return make([]T, n)
}

// Put adds a slice.
func (s *Slices[T]) Put(v []T) { s.list.Put(v) }
