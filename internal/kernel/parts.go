package kernel

import (
	"sync"
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
	scalars [7]float64
)

// job is a loop that is carried out in parts. loop reports whether its part has the property that a scan looks for.
type job struct {
	loop func(v vectors, s *scalars) bool
	v    vectors
	s    scalars
	n    int
	next atomic.Int64 // the part to begin
	any  atomic.Bool
	wg   sync.WaitGroup
	help func() // of another goroutine; allocated once
}

var free freelist.List[*job] // memory to be used again

// inParts carries out loop on the given number of goroutines, and reports whether it does so for any part.
func inParts(workers int, loop func(v vectors, s *scalars) bool, s scalars, v ...[]float64) bool {
	j := free.Take()
	if j == nil {
		j = new(job)
		j.help = func() {
			defer j.wg.Done()
			j.work()
		}
	}
	j.loop, j.s, j.n = loop, s, len(v[0])
	copy(j.v[:], v)
	j.next.Store(0)
	j.any.Store(false)
	helpers := min(workers, (j.n+part-1)/part) - 1
	j.wg.Add(helpers)
	for range helpers {
		go j.help()
	}
	j.work()
	j.wg.Wait()
	any := j.any.Load()
	j.v = vectors{}
	free.Put(j)
	return any
}

func (j *job) work() {
	for {
		from := (int(j.next.Add(1)) - 1) * part
		if from >= j.n {
			return
		}
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
