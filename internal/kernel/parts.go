package kernel

import (
	"sync/atomic"

	"github.com/stochopt/stochopt/internal/freelist"
)

// A loop over at least large elements is carried out in parts of part elements if there are workers for them. Parts begin on
// lines of the cache of their own where vectors do, as long ones do in Go. Elements do not depend on each other, so that
// results do not depend on the parts.
const (
	large = 1 << 16
	part  = 1 << 13
)

type (
	vectors [5][]float64
	scalars [8]float64
)

// job is a loop that is carried out in parts. loop reports whether its part has the property that a scan looks for.
type job struct {
	loop func(v vectors, s *scalars) bool
	v    vectors
	s    scalars
	n    int
	todo atomic.Int64  // parts to begin; the other fields are read only by who has taken one of them
	left atomic.Int64  // parts to end
	done chan struct{} // left is 0
	any  atomic.Bool
	help func() // of another goroutine; allocated once
}

// free has jobs to be used again, for a step must not allocate. It holds memory only: nothing that a caller could see depends on it.
var free freelist.List[*job]

// inParts carries out loop on up to the given number of goroutines, and reports whether it does so for any part. It does not
// wait for goroutines that have not begun when all parts have been: they find nothing to do, or help with the next loop.
func inParts(workers int, loop func(v vectors, s *scalars) bool, s scalars, v ...[]float64) bool {
	j := free.Take()
	if j == nil {
		j = &job{done: make(chan struct{}, 1)}
		j.help = j.work
	}
	j.loop, j.s, j.n = loop, s, len(v[0])
	copy(j.v[:], v)
	j.any.Store(false)
	parts := (j.n + part - 1) / part
	j.left.Store(int64(parts))
	j.todo.Store(int64(parts))
	for range min(workers, parts) - 1 {
		go j.help()
	}
	j.work()
	<-j.done
	any := j.any.Load()
	j.v = vectors{}
	free.Put(j)
	return any
}

// work carries out parts until all have been begun.
func (j *job) work() {
	for k := j.todo.Add(-1); k >= 0; k = j.todo.Add(-1) {
		from := int(k) * part
		to := min(from+part, j.n)
		var v vectors
		for i := range v {
			if len(j.v[i]) > 0 {
				v[i] = j.v[i][from:to]
			}
		}
		if j.loop(v, &j.s) {
			j.any.Store(true)
		}
		if j.left.Add(-1) == 0 {
			j.done <- struct{}{}
		}
	}
}

// Copy copies src to dst, which has its length.
func Copy(workers int, dst, src []float64) {
	if workers > 1 && len(dst) >= large {
		inParts(workers, func(v vectors, _ *scalars) bool { copy(v[0], v[1]); return false }, scalars{}, dst, src)
		return
	}
	copy(dst, src)
}
