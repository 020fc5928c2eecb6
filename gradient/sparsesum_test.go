package gradient_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/optimize"
)

// ratings is a sum of n squares of few of the dim variables each, with noise in them if noisy, as a SparseSum.
func ratings(n, dim int, noisy bool) gradient.SparseSum {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	lists, y := make([][]int, n), make([]float64, n)
	for i := range lists {
		for j := range dim {
			if r.IntN(dim) < 3 {
				lists[i] = append(lists[i], j)
			}
		}
		y[i] = r.NormFloat64()
	}
	term := func(grad, x []float64, i int) float64 {
		d := -y[i]
		for k, j := range lists[i] {
			d += float64(k+1) * x[j]
		}
		for k, j := range lists[i] {
			if grad != nil {
				grad[j] += float64(k+1) * d
			}
		}
		return d * d / 2
	}
	ss := gradient.SparseSum{Sum: gradient.FiniteSum{N: n, Term: term}, Support: func(dst []int, i int) []int { return append(dst, lists[i]...) }}
	if noisy {
		ss.Sum.Term, ss.Sum.Terms = nil, func(grad, x []float64, index []int, s stochopt.Sample) (f float64) {
			rnd := s.Rand()
			for _, i := range index {
				f += term(grad, x, i)
				for _, j := range lists[i] {
					c := rnd.NormFloat64()
					f += c * x[j]
					if grad != nil {
						grad[j] += c
					}
				}
			}
			return f
		}
	}
	return ss
}

// sparseSums are pairs that must be equal.
func sparseSums(ss gradient.SparseSum) map[string]struct {
	sparse *stochopt.Sparse
	filled stochopt.Oracle
} {
	type pair = struct {
		sparse *stochopt.Sparse
		filled stochopt.Oracle
	}
	pairs := map[string]pair{"Full": {ss.Full(), ss.Sum.Full()}}
	for _, b := range []int{1, 3, 7, ss.Sum.N} {
		pairs[fmt.Sprintf("Sampled(%d)", b)] = pair{ss.Sampled(b), ss.Sum.Sampled(b)}
		pairs[fmt.Sprintf("Shuffled(%d)", b)] = pair{ss.Shuffled(b), ss.Sum.Shuffled(b)}
	}
	return pairs
}

// TestSparseSum: a SparseSum gives the values and gradients of its FiniteSum, bit for bit, on any number of goroutines, and
// runs end at the same Result.
func TestSparseSum(t *testing.T) {
	const n, dim = 20, 150
	x := make([]float64, dim)
	for j := range x {
		x[j] = math.Sin(float64(j))
	}
	for _, noisy := range []bool{false, true} {
		for name, pair := range sparseSums(ratings(n, dim, noisy)) {
			o := stochopt.Problem{Sparse: pair.sparse}.Evaluator()
			var wait sync.WaitGroup
			for w := range 3 {
				wait.Go(func() {
					for k := range 30 {
						s := stochopt.Sample{Seed: 3, Step: k + w, Probe: k % 2, Replicate: k % 3}
						want := make([]float64, dim)
						f, err := pair.filled(want, x, s)
						g := slices.Repeat([]float64{math.NaN()}, dim)
						if v, err2 := o(g, x, s); v != f || !slices.Equal(g, want) || err != nil || err2 != nil {
							t.Errorf("%s at %+v: %v %v, want %v %v", name, s, v, g, f, want)
						}
						if v, _ := o(nil, x, s); v != f {
							t.Errorf("%s at %+v: %v without gradient, want %v", name, s, v, f)
						}
					}
				})
			}
			wait.Wait()
			run := func(p stochopt.Problem) *optimize.Result {
				p.Seed = 4
				r, err := stochopt.Minimize(context.Background(), p, x, &optimize.Settings{Converger: optimize.NeverTerminate{}, MajorIterations: 60}, &method.SGD{StepSize: 1e-3})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			if a, b := run(stochopt.Problem{Sparse: pair.sparse}), run(stochopt.Problem{Oracle: pair.filled}); a.F != b.F || !slices.Equal(a.X, b.X) || !slices.Equal(a.Gradient, b.Gradient) {
				t.Errorf("%s: the runs end at %v and %v", name, a, b)
			}
		}
	}
	// Another order of the terms gives other bits: the test can fail.
	a, b := ratings(n, dim, false), ratings(n, dim, false)
	term := b.Sum.Term
	b.Sum.Term = func(grad, x []float64, i int) float64 { return term(grad, x, n-1-i) }
	f, _ := a.Sum.Full()(nil, x, stochopt.Sample{})
	if g, _ := b.Sum.Full()(nil, x, stochopt.Sample{}); f == g {
		t.Error("the sum does not depend on the order of its terms")
	}
}

// TestSparseSumSupport: the variables of a batch are those of its terms, and the index of a run may be as large as memory allows.
func TestSparseSumSupport(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	lists := make([][]int, 20)
	o := gradient.SparseSum{Support: func(dst []int, i int) []int { return append(dst, lists[i]...) },
		Sum: gradient.FiniteSum{N: len(lists), Term: func(grad, x []float64, i int) float64 { return 0 }}}.Full()
	for range 300 { // each finds the memory that the last has left
		dim := 1 + r.IntN(1<<r.IntN(24))
		var want []int
		for i := range lists {
			lists[i] = lists[i][:0]
			for range r.IntN(10) {
				lists[i] = append(lists[i], r.IntN(dim))
			}
			slices.Sort(lists[i])
			lists[i] = slices.Compact(lists[i])
			want = append(want, lists[i]...)
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if got, err := o.Support([]int{-5}, stochopt.Sample{}); err != nil || got[0] != -5 || !slices.Equal(got[1:], want) {
			t.Fatalf("%v of %v, want %v, %v", got, lists, want, err)
		}
	}
}

func TestSparseSumMisuse(t *testing.T) {
	good := ratings(5, 9, false)
	for want, call := range map[string]func(){
		"gradient: SparseSum.Support is nil":                                          func() { gradient.SparseSum{Sum: good.Sum}.Full() },
		"gradient: SparseSum.Sampled(6): want a batch of 1 to FiniteSum.N = 5 terms":  func() { good.Sampled(6) },
		"gradient: SparseSum.Shuffled(0): want a batch of 1 to FiniteSum.N = 5 terms": func() { good.Shuffled(0) },
		"gradient: FiniteSum.N = 0, want > 0":                                         func() { gradient.SparseSum{Support: good.Support}.Full() },
	} {
		wantPanic(t, want, call)
	}
	for want, list := range map[string][]int{
		"SparseSum.Support of term 3: index[1] is 2 after 2, want strictly increasing variables":  {2, 2},
		"SparseSum.Support of term 3: index[0] is -1, want one of the variables":                  {-1},
		"SparseSum.Support of term 3: index[2] is 4611686018427387904, want one of the variables": {1, 2, 1 << 62},
		"Sparse.Support: index[2] is 70, want one of the variables 0 to 8":                        {1, 2, 70},
	} {
		ss := good
		ss.Support = func(dst []int, i int) []int {
			if i == 3 {
				return append(dst, list...)
			}
			return append(dst, 1)
		}
		for _, o := range []*stochopt.Sparse{ss.Shuffled(3), ss.Shuffled(1)} {
			r, err := stochopt.Minimize(context.Background(), stochopt.Problem{Sparse: o}, make([]float64, 9), &optimize.Settings{MajorIterations: 1000}, nil)
			if err == nil || !strings.Contains(err.Error(), want) || r.Status != optimize.Failure {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	}
}

// TestSparseSumAllocations: a draw allocates nothing once there is memory for it.
func TestSparseSumAllocations(t *testing.T) {
	const dim = 150
	x, grad := make([]float64, dim), make([]float64, dim)
	for name, pair := range sparseSums(ratings(20, dim, false)) {
		k := 0
		var dst []int
		draw := func() {
			var err error
			if dst, err = pair.sparse.Support(dst[:0], stochopt.Sample{}); err != nil {
				t.Fatal(err)
			}
			if _, err = pair.sparse.Draw(grad[:len(dst)], dst, x, stochopt.Sample{}); err != nil {
				t.Fatal(err)
			}
			k++
		}
		draw()
		if got := testing.AllocsPerRun(100, draw); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

// TestCheckSparse: right draws pass, and each way not to be a Sparse is found.
func TestCheckSparse(t *testing.T) {
	const dim = 150
	x := make([]float64, dim)
	for j := range x {
		x[j] = math.Sin(float64(j))
	}
	for _, noisy := range []bool{false, true} {
		for name, pair := range sparseSums(ratings(20, dim, noisy)) {
			for k := range 3 {
				r, err := gradient.CheckSparse(pair.sparse, x, stochopt.Sample{Step: k})
				if err != nil || !r.OK {
					t.Errorf("%s: %v, %v", name, r, err)
				}
			}
			// Check looks at all variables.
			if r, err := gradient.Check(stochopt.Problem{Sparse: pair.sparse}.Evaluator(), x, stochopt.Sample{}); err != nil || !r.OK {
				t.Errorf("%s: %v, %v", name, r, err)
			}
		}
	}

	calls := 0
	type draw func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error)
	square := func(grad []float64, index []int, x []float64, s stochopt.Sample) (f float64, _ error) {
		for k, j := range index {
			f += float64(k+1) * x[j] * x[j]
			if grad != nil {
				grad[k] = 2 * float64(k+1) * x[j]
			}
		}
		return f, nil
	}
	support := func(dst []int, s stochopt.Sample) ([]int, error) { return append(dst, 3, 7, 20), nil }
	wrong := func(change func(grad []float64, index []int, x []float64) float64) draw {
		return func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
			f, err := square(grad, index, x, s)
			return f + change(grad, index, x), err
		}
	}
	for want, o := range map[string]stochopt.Sparse{
		"": {Support: support, Draw: square},
		"agrees with differences: worst component -1": {Draw: square,
			Support: func(dst []int, s stochopt.Sample) ([]int, error) { return dst, nil }},
		"disagrees with differences: worst component 7": {Support: support, Draw: wrong(func(grad []float64, _ []int, _ []float64) float64 {
			if grad != nil {
				grad[1] += 1e-3
			}
			return 0
		})},
		"worst component 3: supplied NaN": {Support: support, Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
			if grad != nil {
				grad = []float64{0, 0, 0}
			}
			return square(grad, index, x, s)
		}},
		"are +Inf, so it reads one of them": {Support: support, Draw: wrong(func(_ []float64, _ []int, x []float64) float64 { return x[8] })},
		"derivative 0.2822400161197344 by variable 3, and 1.28": {Support: support, Draw: wrong(func(grad []float64, _ []int, x []float64) float64 { // of a value that is cut off
			if grad != nil && x[8] > 5 {
				grad[0]++
			}
			return 0
		})},
		"are -Inf, so it reads one of them": {Support: support, Draw: wrong(func(_ []float64, _ []int, x []float64) float64 {
			if x[9] < -100 {
				return 1
			}
			return 0
		})},
		"are NaN, so it reads one of them": {Support: support, Draw: wrong(func(_ []float64, _ []int, x []float64) float64 {
			if x[9] == x[9] {
				return 1
			}
			return 0
		})},
		"gives an error where all variables": {Support: support, Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
			if x[100] > 2 {
				return 0, fmt.Errorf("too large")
			}
			return square(grad, index, x, s)
		}},
		"in a second call":         {Support: support, Draw: wrong(func([]float64, []int, []float64) float64 { calls++; return float64(calls) })},
		"without a gradient gives": {Support: support, Draw: wrong(func(grad []float64, _ []int, _ []float64) float64 { return float64(len(grad)) })},
		"changes x or index":       {Support: support, Draw: wrong(func(_ []float64, index []int, _ []float64) float64 { index[0]++; return 0 })},
		"gives 3 at place 2, after 7": {Draw: square,
			Support: func(dst []int, s stochopt.Sample) ([]int, error) { return append(dst, 3, 7, 3), nil }},
		"gives 150 at place 1, after 7": {Draw: square,
			Support: func(dst []int, s stochopt.Sample) ([]int, error) { return append(dst, 7, 150), nil }},
		"does not append the same 3 variables": {Draw: square,
			Support: func(dst []int, s stochopt.Sample) ([]int, error) { return []int{3, 7, 20}, nil }},
		"no way": {Draw: square,
			Support: func(dst []int, s stochopt.Sample) ([]int, error) { return nil, fmt.Errorf("no way") }},
	} {
		r, err := gradient.CheckSparse(&o, x, stochopt.Sample{})
		text := r.String()
		if err != nil {
			text = err.Error()
		}
		if !strings.Contains(text, want) || (want == "") && !r.OK {
			t.Errorf("%q, want %q", text, want)
		}
	}
}
