package freelist

import (
	"sync"
	"testing"
)

func TestList(t *testing.T) {
	var l List[*int]
	if l.Take() != nil {
		t.Error("something in an empty list")
	}
	a, b := new(int), new(int)
	l.Put(a)
	l.Put(b)
	if l.Take() != b || l.Take() != a || l.Take() != nil {
		t.Error("not what was put")
	}
}

func TestSlices(t *testing.T) {
	var s Slices[float64]
	v := s.Take(3)
	if len(v) != 3 {
		t.Errorf("%d elements, want 3", len(v))
	}
	s.Put(v)
	if w := s.Take(2); len(w) != 2 || &w[0] != &v[0] {
		t.Error("a shorter slice is made anew")
	}
	s.Put(v)
	if w := s.Take(4); len(w) != 4 {
		t.Errorf("%d elements, want 4", len(w))
	}
	if n := testing.AllocsPerRun(100, func() { s.Put(s.Take(4)) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Nobody is given what another uses.
func TestConcurrent(t *testing.T) {
	var s Slices[int]
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 1000 {
				v := s.Take(1)
				v[0] = w
				if v[0] != w {
					t.Error("another has it")
				}
				s.Put(v)
			}
		})
	}
	wg.Wait()
}
