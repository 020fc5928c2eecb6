package gradient

import "sync"

// buffers are slices that are used again, so that a draw allocates nothing after the first, however many run at once.
type buffers[T any] struct {
	mu   sync.Mutex
	free [][]T
}

// take returns a slice of length n with arbitrary content.
func (b *buffers[T]) take(n int) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k := len(b.free); k > 0 {
		v := b.free[k-1]
		b.free = b.free[:k-1]
		if cap(v) >= n {
			return v[:n]
		}
	}
	return make([]T, n)
}

// put gives a slice back.
func (b *buffers[T]) put(v []T) {
	b.mu.Lock()
	b.free = append(b.free, v)
	b.mu.Unlock()
}
