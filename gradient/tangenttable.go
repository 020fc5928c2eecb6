package gradient

import (
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/state"
)

// table holds the tangents of all terms, each at the point where it was last drawn, for SAG and SAGA. A tangent c + y·x
// is the vector y with c behind it.
type table struct {
	oneRun
	batch
	age     int         // draws since the table was filled, which is 0
	whole   bool        // the table is filled with finite tangents
	rows    [][]float64 // tangents of the terms
	mean    []float64   // of rows
	taken   []int       // the terms of the last draw, which are to enter the table; none if it was not finite
	tangent [][]float64 // theirs
	change  []float64   // scratch: Σ (tangent - row)
}

// refresh is after how many passes the means are computed from the table.
const refresh = 4

// draw evaluates a batch of b terms. The change of the tangents enters the gradient with weight 1/divisor.
func (t *table) draw(name string, sum FiniteSum, b, divisor int, grad, x []float64, s stochopt.Sample) (float64, error) {
	what, err := t.enter(name, grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	defer t.leave()
	switch {
	case what == newRun:
		t.resize(sum.N, b, len(x)+1)
	case what == nextDraw && !t.whole:
		t.age = 0
	case what == nextDraw:
		t.update()
		t.age++
		if t.age%passes(refresh, sum.N, b) == 0 {
			t.average()
		}
	}
	t.taken = t.taken[:0]
	clear(t.change)
	var chosen []int
	if t.age == 0 {
		t.fill(sum, x, s)
	} else {
		chosen = t.choose(s, sum.N, b)
		for j, i := range chosen {
			sum.tangent(t.tangent[j], x, chosen[j:j+1], s)
			for k, v := range t.tangent[j] {
				t.change[k] += v - t.rows[i][k]
			}
		}
	}
	n := len(x)
	f := t.change[n]/float64(b) + t.mean[n]
	for k, v := range x {
		f += float64((t.change[k]/float64(b) + t.mean[k]) * v)
	}
	for k := range grad {
		grad[k] = t.change[k]/float64(divisor) + t.mean[k]
	}
	if finiteDraw(f, t.change) {
		t.taken = append(t.taken, chosen...)
	}
	return f, nil
}

// tangent stores the tangent of the one term of index at x.
func (fs FiniteSum) tangent(dst, x []float64, index []int, s stochopt.Sample) {
	n := len(x)
	clear(dst)
	c := fs.sum(dst[:n:n], x, index, s)
	for k, v := range x {
		c -= float64(dst[k] * v)
	}
	dst[n] = c
}

func (t *table) resize(terms, b, n int) {
	t.age, t.whole, t.taken = 0, false, t.taken[:0]
	if len(t.rows) != terms || len(t.tangent) != b || len(t.mean) != n {
		t.rows, t.tangent = newRows(terms, n), newRows(b, n)
		t.mean, t.change = make([]float64, n), make([]float64, n)
		t.taken = make([]int, 0, b)
	}
}

func newRows(rows, columns int) [][]float64 {
	all, m := make([]float64, rows*columns), make([][]float64, rows)
	for i := range m {
		m[i] = all[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return m
}

// fill sets the table to the tangents at x.
func (t *table) fill(sum FiniteSum, x []float64, s stochopt.Sample) {
	t.whole = false // should a term panic
	one := []int{0}
	for i, row := range t.rows {
		one[0] = i
		sum.tangent(row, x, one, s)
	}
	t.average()
	t.whole = finiteDraw(0, t.mean)
}

// average sets the means to those of the table.
func (t *table) average() {
	clear(t.mean)
	for _, row := range t.rows {
		for k, v := range row {
			t.mean[k] += v
		}
	}
	for k := range t.mean {
		t.mean[k] /= float64(len(t.rows))
	}
}

// update takes the tangents of the last draw into the table and the means.
func (t *table) update() {
	for j, i := range t.taken {
		row := t.rows[i]
		for k, v := range t.tangent[j] {
			t.mean[k] += (v - row[k]) / float64(len(t.rows))
			row[k] = v
		}
	}
}

func (t *table) reset(name string) {
	t.lock(name)
	defer t.leave()
	t.forget()
	t.age, t.whole, t.taken = 0, false, t.taken[:0]
}

func (t *table) state(terms, b int) state.State {
	rows, tangent, mean := t.rows, t.tangent, t.mean
	if !t.whole || len(rows) != terms || len(tangent) != b {
		n := 0
		if t.dim > 0 {
			n = t.dim + 1
		}
		rows, tangent, mean = newRows(terms, n), newRows(b, n), make([]float64, n)
	}
	s := state.State{Counters: t.counters(terms, t.age, oneIf(t.whole), len(t.taken))}
	for j := range b {
		i := 0
		if j < len(t.taken) {
			i = t.taken[j]
		}
		s.Counters = append(s.Counters, i)
	}
	s.Vectors = append(s.Vectors, mean)
	s.Vectors = append(s.Vectors, rows...)
	for j, v := range tangent {
		if j >= len(t.taken) { // it may not be finite
			v = make([]float64, len(v))
		}
		s.Vectors = append(s.Vectors, v)
	}
	return s
}

func (t *table) marshal(name string, terms, b int) ([]byte, error) {
	t.lock(name + ".MarshalBinary")
	defer t.leave()
	return state.Marshal(name, t.state(terms, b)), nil
}

func (t *table) unmarshal(name string, data []byte, terms, b int) error {
	t.lock(name + ".UnmarshalBinary")
	defer t.leave()
	s, err := state.Unmarshal(name, data, t.state(terms, b))
	if err != nil {
		return err
	}
	c, n := s.Counters[ownCounters:], len(s.Vectors[0])
	taken := c[4:]
	ok := c[0] == terms && c[2] <= 1 && (c[3] == 0 || c[3] == b && c[1] > 0) && (c[1] == 0 || c[2] == 1) && n != 1
	for _, i := range taken {
		ok = ok && i < terms
	}
	if err := unsound(name, s.Counters, max(0, n-1), ok); err != nil {
		return err
	}
	t.restore(s.Counters, n-1)
	t.resize(0, 0, n) // nothing of the former run
	t.age, t.whole = c[1], c[2] == 1
	t.mean, t.rows, t.tangent = s.Vectors[0], s.Vectors[1:1+terms], s.Vectors[1+terms:]
	t.taken = append(make([]int, 0, b), taken[:c[3]]...)
	return nil
}
