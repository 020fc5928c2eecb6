package gradient_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/gradient"
)

// line returns a misfit of n points to a straight line, f_i = (a + b t_i - y_i)²/2.
func line(n int) gradient.FiniteSum {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	t, y := make([]float64, n), make([]float64, n)
	for i := range t {
		t[i], y[i] = r.Float64(), r.NormFloat64()
	}
	return gradient.FiniteSum{N: n, Term: func(grad, x []float64, i int) float64 {
		d := x[0] + x[1]*t[i] - y[i]
		if grad != nil {
			grad[0] += d
			grad[1] += d * t[i]
		}
		return d * d / 2
	}}
}

// indices returns a sum whose terms do nothing but be recorded.
func indices(n int) (gradient.FiniteSum, *[]int) {
	seen := new([]int)
	return gradient.FiniteSum{N: n, Term: func(_, _ []float64, i int) float64 {
		*seen = append(*seen, i)
		return 0
	}}, seen
}

// Mean and variance of a minibatch, of the value and of the gradient: (S²/b)(1-b/N) without replacement and
// (S²/b)(1-1/N) with.
func TestMinibatchVariance(t *testing.T) {
	t.Parallel()
	const n, b, draws = 20, 6, 20_000
	fs := line(n)
	x := []float64{0.3, -0.7}
	full, fullGrad := evaluate(t, fs.Full(), x, stochopt.Sample{})
	var s2, s2grad float64
	for i := range n {
		g := make([]float64, 2)
		f := fs.Term(g, x, i)
		s2 += (f - full) * (f - full) / (n - 1)
		s2grad += (g[1] - fullGrad[1]) * (g[1] - fullGrad[1]) / (n - 1)
	}
	for _, c := range []struct {
		name          string
		o             stochopt.Oracle
		factor, wrong float64
		step          func(k int) int
	}{
		// Batches of one epoch depend on each other, so each draw has a Seed of its own.
		{"Shuffled", fs.Shuffled(b), 1 - float64(b)/n, 1 - 1./n, func(k int) int { return k % 3 }},
		{"Shuffled over two epochs", fs.Shuffled(b), 1 - (2.*2+4*4)/(b*n), 1 - float64(b)/n, func(int) int { return 3 }},
		{"Sampled", fs.Sampled(b), 1 - 1./n, 1 - float64(b)/n, func(k int) int { return k % 5 }},
		{"Weighted equally", fs.Weighted(b, slices.Repeat([]float64{3}, n)), 1 - 1./n, 1 - float64(b)/n, func(k int) int { return k % 5 }},
	} {
		values, grads := make([]float64, draws), make([]float64, draws)
		for k := range draws {
			f, g := evaluate(t, c.o, x, stochopt.Sample{Step: c.step(k), Seed: uint64(k), Replicate: k % 2})
			values[k], grads[k] = f, g[1]
		}
		for _, q := range []struct {
			name     string
			mean, s2 float64
			of       []float64
		}{
			{"value", full, s2, values},
			{"gradient", fullGrad[1], s2grad, grads},
		} {
			mean, v, seMean, seV := moments(draws, func(k int) float64 { return q.of[k] })
			near(t, c.name+": mean of the "+q.name, mean, q.mean, seMean)
			near(t, c.name+": variance of the "+q.name, v, q.s2/b*c.factor, seV)
			far(t, c.name+": variance of the "+q.name, v, q.s2/b*c.wrong, seV)
		}
	}
	// The whole sum has no variance at all.
	o := fs.Shuffled(n)
	for k := range 10 {
		if f, g := evaluate(t, o, x, stochopt.Sample{Step: k, Seed: uint64(k)}); f != full || !slices.Equal(g, fullGrad) {
			t.Errorf("a batch of all terms gives %v %v, Full %v %v", f, g, full, fullGrad)
		}
	}
}

// Weighted is unbiased with the variance ((1/N²) Σ f_i²/p_i - f²)/b; without the factors 1/(N p_i) it is biased.
func TestWeighted(t *testing.T) {
	const n, b, draws = 20, 3, 50_000
	fs := line(n)
	x := []float64{0.3, -0.7}
	full, fullGrad := evaluate(t, fs.Full(), x, stochopt.Sample{})
	var length, squares float64 // Σ |∇f_i|, Σ |∇f_i|²
	lengths := make([]float64, n)
	for i := range lengths {
		g := make([]float64, 2)
		fs.Term(g, x, i)
		lengths[i] = math.Hypot(g[0], g[1])
		length += lengths[i]
		squares += lengths[i] * lengths[i]
	}
	steep := make([]float64, n)
	for i := range steep {
		steep[i] = math.Pow(2, float64(i-10)/3)
	}
	for name, w := range map[string][]float64{"lengths of the gradients": lengths, "steep": steep} {
		var sum, second, secondGrad, unweighted float64
		for _, v := range w {
			sum += v
		}
		for i, v := range w {
			g := make([]float64, 2)
			f := fs.Term(g, x, i)
			p := v / sum
			second += f * f / p / (n * n)
			secondGrad += g[1] * g[1] / p / (n * n)
			unweighted += p * f
		}
		o := fs.Weighted(b, w)
		want := (second - full*full) / b
		mean, v, _, seV := moments(draws, func(k int) float64 {
			f, _ := evaluate(t, o, x, stochopt.Sample{Step: k})
			return f
		})
		near(t, name+": mean of the value", mean, full, math.Sqrt(want/draws))
		far(t, name+": mean of the value", mean, unweighted, math.Sqrt(want/draws))
		near(t, name+": variance of the value", v, want, seV)
		far(t, name+": variance of the value", v, want*b/(b+1), seV)
		want = (secondGrad - fullGrad[1]*fullGrad[1]) / b
		mean, v, _, seV = moments(draws, func(k int) float64 {
			_, g := evaluate(t, o, x, stochopt.Sample{Step: k})
			return g[1]
		})
		near(t, name+": mean of the gradient", mean, fullGrad[1], math.Sqrt(want/draws))
		near(t, name+": variance of the gradient", v, want, seV)
	}
	// With |∇f_i| as weights every draw of one term has the length Σ|∇f_i|/N, the least mean square there can be.
	o := fs.Weighted(1, lengths)
	for k := range 50 {
		_, g := evaluate(t, o, x, stochopt.Sample{Step: k})
		if !(math.Abs(math.Hypot(g[0], g[1])/(length/n)-1) <= 1e-12) {
			t.Errorf("gradient of length %v, want %v", math.Hypot(g[0], g[1]), length/n)
		}
	}
	if length/n*length/n > 0.9*squares/n {
		t.Error("the terms are all alike: the test cannot fail")
	}
}

// Indices are drawn in proportion to their weights, of whatever size (chi-squared with 5 degrees of freedom, p = 1e-6).
func TestWeightedIndices(t *testing.T) {
	const draws = 60_000
	for _, w := range [][]float64{{1, 2, 3, 4, 5, 6}, {6e307, 1e308, 3e307, 1.7e308, 2e307, 9e306}, {3e-310, 1e-310, 1e-310, 1e-310, 2e-310, 2e-310}, {10, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}} {
		fs, seen := indices(len(w))
		o := fs.Weighted(6, w)
		for k := range draws / 6 {
			o(nil, nil, stochopt.Sample{Step: k})
		}
		counts := make([]float64, len(w))
		for _, i := range *seen {
			counts[i]++
		}
		var sum, chi, uniform float64
		for _, v := range w {
			sum += v / w[0]
		}
		for i, v := range w {
			e := draws * (v / w[0]) / sum
			chi += (counts[i] - e) * (counts[i] - e) / e
			uniform += (counts[i] - draws/6) * (counts[i] - draws/6) / (draws / 6)
		}
		if chi > 35.9 || w[0] != w[1] && uniform < 1000 {
			t.Errorf("weights %v: counts %v, chi-squared %v, of equal weights %v", w, counts, chi, uniform)
		}
	}
	fs, seen := indices(1)
	fs.Weighted(1, []float64{7})(nil, nil, stochopt.Sample{})
	if !slices.Equal(*seen, []int{0}) {
		t.Errorf("one term: %v", *seen)
	}
}

// Every index comes once in an epoch, the epochs differ, and their batches average to the full sum.
func TestShuffledEpochs(t *testing.T) {
	for _, c := range []struct{ n, b int }{{20, 5}, {20, 6}, {7, 3}, {7, 6}, {2, 1}, {101, 100}} {
		fs, seen := indices(c.n)
		o := fs.Shuffled(c.b)
		for k := range 3 * c.n { // 3 b epochs
			o(nil, nil, stochopt.Sample{Seed: 9, Step: k})
			if len(*seen) != (k+1)*c.b {
				t.Fatalf("N %d, b %d: batch %d has another size", c.n, c.b, k)
			}
		}
		var epochs [][]int
		for e := range slices.Chunk(*seen, c.n) {
			epochs = append(epochs, slices.Clone(e))
			slices.Sort(e)
			for i, v := range e {
				if i != v {
					t.Fatalf("N %d, b %d: an epoch has the indices %v", c.n, c.b, e)
				}
			}
		}
		if c.n > 2 && slices.Equal(epochs[0], epochs[1]) {
			t.Errorf("N %d: two epochs have the same order", c.n)
		}
	}
	// Far out, where Step*b does not fit 64 bits.
	fs, seen := indices(10)
	o := fs.Shuffled(5)
	o(nil, nil, stochopt.Sample{Step: 1 << 62})
	o(nil, nil, stochopt.Sample{Step: 1<<62 + 1})
	slices.Sort(*seen)
	if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}; !slices.Equal(*seen, want) {
		t.Errorf("epoch 2^61 has the indices %v", *seen)
	}

	fs = line(20)
	x := []float64{1, 2}
	full, fullGrad := evaluate(t, fs.Full(), x, stochopt.Sample{})
	mean := func(o stochopt.Oracle) (f, g float64) {
		for k := range 4 {
			v, h := evaluate(t, o, x, stochopt.Sample{Step: 8 + k, Replicate: 3})
			f, g = f+v/4, g+h[0]/4
		}
		return f, g
	}
	f, g := mean(fs.Shuffled(5))
	if math.Abs(f/full-1) > 1e-12 || math.Abs(g/fullGrad[0]-1) > 1e-12 {
		t.Errorf("an epoch averages to %v %v, want %v %v", f, g, full, fullGrad[0])
	}
	if f, _ := mean(fs.Sampled(5)); math.Abs(f/full-1) < 1e-3 {
		t.Error("an epoch of batches with replacement averages to the full sum: the test cannot fail")
	}
}

// All 24 orders of four terms, and all indices with replacement, are equally likely (chi-squared, p = 1e-6).
func TestMinibatchUniform(t *testing.T) {
	const draws = 48_000
	orders, drawn := map[string]int{}, make([]int, 4)
	fs, seen := indices(4)
	shuffled, sampled := fs.Shuffled(2), fs.Sampled(1)
	for k := range draws {
		*seen = (*seen)[:0]
		shuffled(nil, nil, stochopt.Sample{Step: 2 * k})
		shuffled(nil, nil, stochopt.Sample{Step: 2*k + 1})
		orders[fmt.Sprint(*seen)]++
		*seen = (*seen)[:0]
		sampled(nil, nil, stochopt.Sample{Step: k})
		drawn[(*seen)[0]]++
	}
	chi := func(counts []int) (sum float64) {
		e := draws / float64(len(counts))
		for _, c := range counts {
			sum += (float64(c) - e) * (float64(c) - e) / e
		}
		return sum
	}
	var counts []int
	for _, c := range orders {
		counts = append(counts, c)
	}
	if len(counts) != 24 || chi(counts) > 70 {
		t.Errorf("orders: %v, chi-squared %v", orders, chi(counts))
	}
	if chi(drawn) > 31 {
		t.Errorf("indices: %v", drawn)
	}
}

// A batch is a function of its Sample: not of what was drawn before, nor of the permutations that are stored.
func TestMinibatchIsAFunctionOfTheSample(t *testing.T) {
	t.Parallel()
	const n, b = 1000, 140 // room for 256 permutations
	fs := line(n)
	x := []float64{1, 2}
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = float64(i%7 + 1)
	}
	var samples []stochopt.Sample
	for k := range 40 {
		for r := range 8 {
			samples = append(samples, stochopt.Sample{Seed: 1, Step: k, Probe: r % 3, Replicate: r})
		}
	}
	samples = append(samples, stochopt.Sample{Step: math.MaxInt}, stochopt.Sample{Step: math.MaxInt - 1, Seed: 7})
	for name, make := range map[string]func() stochopt.Oracle{
		"Sampled":       func() stochopt.Oracle { return fs.Sampled(b) },
		"Weighted":      func() stochopt.Oracle { return fs.Weighted(b, weights) },
		"Shuffled":      func() stochopt.Oracle { return fs.Shuffled(b) },
		"Shuffled(N-1)": func() stochopt.Oracle { return fs.Shuffled(n - 1) },
	} {
		want := map[stochopt.Sample]float64{}
		for _, s := range samples {
			want[s], _ = evaluate(t, make(), x, s)
		}
		o := make()
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(w), 0))
				for range len(samples) {
					s := samples[r.IntN(len(samples))]
					if f, err := o(nil, x, s); f != want[s] || err != nil {
						t.Errorf("%s: %+v: %v, want %v", name, s, f, want[s])
					}
				}
			})
		}
		wg.Wait()
		distinct := map[float64]bool{}
		for _, f := range want {
			distinct[f] = true
		}
		if len(distinct) != len(samples) {
			t.Errorf("%s: %d Samples give %d values", name, len(samples), len(distinct))
		}
	}
	// A Term that panics leaves nothing locked.
	o := gradient.FiniteSum{N: 3, Term: func(_, x []float64, i int) float64 { return x[i] }}.Shuffled(2)
	for range 5 {
		wantPanicAny(t, func() { o(nil, nil, stochopt.Sample{}) })
	}
	if f, err := o(nil, []float64{1, 1, 1}, stochopt.Sample{}); f != 1 || err != nil {
		t.Errorf("after a panic: %v %v", f, err)
	}
}

func wantPanicAny(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

// The blocks are a partition that does not depend on the rest of the Sample, and their mean is the full sum, whether their number
// divides N or not.
func TestBlocks(t *testing.T) {
	for _, c := range []struct{ n, k int }{{20, 5}, {20, 6}, {7, 7}, {7, 1}, {101, 100}} {
		seen := make([]int, c.n)
		fs, order := indices(c.n)
		o := fs.Blocks(c.k)
		for i := range c.k {
			*order = nil
			o(nil, nil, stochopt.Sample{Seed: uint64(i), Step: i, Probe: 3, Replicate: i})
			if size := len(*order); size != c.n/c.k && size != (c.n+c.k-1)/c.k {
				t.Errorf("N %d: block %d of %d has %d terms", c.n, i, c.k, size)
			}
			for _, j := range *order {
				seen[j]++
			}
		}
		for j, times := range seen {
			if times != 1 {
				t.Errorf("N %d, %d blocks: term %d is in %d of them", c.n, c.k, j, times)
			}
		}
		fs = line(c.n)
		x := []float64{1, 2}
		full, fullGrad := evaluate(t, fs.Full(), x, stochopt.Sample{})
		var f, g, unweighted float64
		o = fs.Blocks(c.k)
		for i := range c.k {
			v, h := evaluate(t, o, x, stochopt.Sample{Step: i})
			f += v / float64(c.k)
			g += h[1] / float64(c.k)
			size := (c.n - i + c.k - 1) / c.k
			unweighted += v * float64(c.n) / float64(c.k*size) / float64(c.k)
		}
		if math.Abs(f/full-1) > 1e-12 || math.Abs(g/fullGrad[1]-1) > 1e-12 {
			t.Errorf("N %d: %d blocks average to %v %v, want %v %v", c.n, c.k, f, g, full, fullGrad[1])
		}
		if c.n%c.k != 0 && math.Abs(unweighted/full-1) < 1e-4 {
			t.Errorf("N %d: the means of %d blocks average to the full sum: the test cannot fail", c.n, c.k)
		}
		for _, step := range []int{-1, c.k} {
			f, err := o(nil, x, stochopt.Sample{Step: step})
			if want := fmt.Sprintf("gradient: FiniteSum.Blocks: Sample.Step = %d, want one of the %d blocks", step, c.k); err == nil ||
				!strings.HasPrefix(err.Error(), want) || !math.IsNaN(f) {
				t.Errorf("Step %d: %v, error %v", step, f, err)
			}
		}
	}
}

func TestMinibatchPanics(t *testing.T) {
	fs := line(4)
	for want, f := range map[string]func(){
		"gradient: FiniteSum.N = 0":                      func() { gradient.FiniteSum{Term: fs.Term}.Full() },
		"gradient: FiniteSum.N = -1":                     func() { gradient.FiniteSum{N: -1, Term: fs.Term}.Sampled(1) },
		"gradient: FiniteSum.Term is nil":                func() { gradient.FiniteSum{N: 4}.Shuffled(4) },
		"gradient: FiniteSum has Term and Terms":         func() { both := batched(fs); both.Term = fs.Term; both.Full() },
		"gradient: FiniteSum.Sampled(0)":                 func() { fs.Sampled(0) },
		"gradient: FiniteSum.Sampled(5)":                 func() { fs.Sampled(5) },
		"gradient: FiniteSum.Weighted(5)":                func() { fs.Weighted(5, nil) },
		"gradient: FiniteSum.Weighted: 3 weights":        func() { fs.Weighted(1, []float64{1, 1, 1}) },
		"FiniteSum.Weighted: weight[1] = 0":              func() { fs.Weighted(1, []float64{1, 0, 1, 1}) },
		"FiniteSum.Weighted: weight[3] = +Inf":           func() { fs.Weighted(1, []float64{1, 1, 1, math.Inf(1)}) },
		"gradient: FiniteSum.Blocks(0)":                  func() { fs.Blocks(0) },
		"gradient: FiniteSum.Blocks(5)":                  func() { fs.Blocks(5) },
		"gradient: FiniteSum.Shuffled(-1)":               func() { fs.Shuffled(-1) },
		"gradient: FiniteSum.Shuffled(5)":                func() { fs.Shuffled(5) },
		"gradient: FiniteSum.Shuffled: Sample.Step = -1": func() { fs.Shuffled(3)(nil, []float64{0, 0}, stochopt.Sample{Step: -1}) },
	} {
		wantPanic(t, want, f)
	}
}

// batched returns fs with Terms in place of Term.
func batched(fs gradient.FiniteSum) gradient.FiniteSum {
	return gradient.FiniteSum{N: fs.N, Terms: func(grad, x []float64, index []int, _ stochopt.Sample) (sum float64) {
		for _, i := range index {
			sum += fs.Term(grad, x, i)
		}
		return sum
	}}
}

// Terms in place of Term change no bit of any Oracle, and every call gets the Sample of the draw.
func TestTerms(t *testing.T) {
	const n = 20
	one, many := line(n), batched(line(n))
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = float64(1 + i)
	}
	oracles := func(fs gradient.FiniteSum) map[string]stochopt.Oracle {
		return map[string]stochopt.Oracle{
			"Full": fs.Full(), "Sampled": fs.Sampled(6), "Shuffled": fs.Shuffled(6), "Shuffled, whole": fs.Shuffled(n), "Weighted": fs.Weighted(6, weights),
			"SVRG": (&gradient.SVRG{Sum: fs, Batch: 3}).Oracle(), "SARAH": (&gradient.SARAH{Sum: fs, Batch: 3}).Oracle(),
			"SAG": (&gradient.SAG{Sum: fs, Batch: 3}).Oracle(), "SAGA": (&gradient.SAGA{Sum: fs, Batch: 3}).Oracle(),
		}
	}
	got := oracles(many)
	for name, o := range oracles(one) {
		for k := range 40 {
			x, s := []float64{0.3, math.Sin(float64(k))}, stochopt.Sample{Seed: 3, Step: k}
			f, g := evaluate(t, o, x, s)
			fTerms, gTerms := evaluate(t, got[name], x, s)
			if f != fTerms || !slices.Equal(g, gTerms) {
				t.Fatalf("%s, draw %d: Terms give %v %v, Term gives %v %v", name, k, fTerms, gTerms, f, g)
			}
		}
	}
	for k := range 7 {
		s := stochopt.Sample{Seed: 3, Step: k}
		f, g := evaluate(t, one.Blocks(7), []float64{1, 2}, s)
		fTerms, gTerms := evaluate(t, many.Blocks(7), []float64{1, 2}, s)
		if f != fTerms || !slices.Equal(g, gTerms) {
			t.Errorf("Blocks: Terms give %v %v, Term gives %v %v", fTerms, gTerms, f, g)
		}
	}
	var seen []stochopt.Sample
	noisy := gradient.FiniteSum{N: n, Terms: func(_, _ []float64, _ []int, s stochopt.Sample) float64 {
		seen = append(seen, s)
		return 0
	}}
	s := stochopt.Sample{Seed: 1, Step: 5, Probe: 2, Replicate: 3} // its batch of 6 of 20 terms ends an epoch at Step 3
	for _, o := range []stochopt.Oracle{noisy.Full(), noisy.Sampled(6), noisy.Shuffled(6), noisy.Blocks(7), noisy.Weighted(1, weights)} {
		evaluate(t, o, []float64{0, 0}, s)
		s.Step = 3
		evaluate(t, o, []float64{0, 0}, s)
		s.Step = 5
	}
	for i, got := range seen {
		want := stochopt.Sample{Seed: 1, Step: 5 - 2*(i%2), Probe: 2, Replicate: 3}
		if got != want {
			t.Errorf("call %d has the Sample %+v, want %+v", i, got, want)
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d calls of Terms in 10 draws", len(seen))
	}
}

func TestMinibatchAllocations(t *testing.T) {
	fs := line(1000)
	x, grad := []float64{1, 2}, make([]float64, 2)
	for name, o := range map[string]stochopt.Oracle{"Full": fs.Full(), "Sampled": fs.Sampled(300), "Shuffled": fs.Shuffled(300),
		"Weighted": fs.Weighted(300, slices.Repeat([]float64{2, 1}, 500)), "Blocks": fs.Blocks(1000),
		"Terms, Full": batched(fs).Full(), "Terms, Sampled": batched(fs).Sampled(300), "Terms, Shuffled": batched(fs).Shuffled(300)} {
		k := 0
		draws := func() { // of 30 epochs
			for range 100 {
				for r := range 4 {
					o(grad, x, stochopt.Sample{Step: k, Replicate: r})
				}
				k++
			}
		}
		if got := testing.AllocsPerRun(5, draws); got != 0 {
			t.Errorf("%s: %v allocations in 400 draws", name, got)
		}
	}
}

func ExampleFiniteSum_Shuffled() {
	data := []float64{2, 4, 6, 8}
	fs := gradient.FiniteSum{N: len(data), Term: func(grad, x []float64, i int) float64 {
		d := x[0] - data[i]
		if grad != nil {
			grad[0] += d
		}
		return d * d / 2
	}}
	batch := fs.Shuffled(2)
	grad := make([]float64, 1)
	var mean float64
	for k := range 2 { // an epoch
		if _, err := batch(grad, []float64{1}, stochopt.Sample{Seed: 1, Step: k}); err != nil {
			fmt.Println(err)
		}
		mean += grad[0] / 2
	}
	fmt.Printf("%.4f\n", mean)
	// Output: -4.0000
}

func ExampleFiniteSum_Sampled() {
	fs := gradient.FiniteSum{N: 1000, Term: func(grad, x []float64, i int) float64 { return x[0] * float64(i) }}
	f, err := fs.Sampled(10)(nil, []float64{1}, stochopt.Sample{Seed: 1})
	again, _ := fs.Sampled(10)(nil, []float64{1}, stochopt.Sample{Seed: 1})
	fmt.Println(f == again, math.Abs(f-499.5) < 4*288.7/math.Sqrt(10), err)
	// Output: true true <nil>
}

func ExampleFiniteSum_Weighted() {
	// Squares of different curvature, c_i (x - t_i)²/2: c_i is the Lipschitz constant of the gradient.
	c, target := []float64{100, 1, 2, 1}, []float64{0, 1, -1, 2}
	fs := gradient.FiniteSum{N: len(c), Term: func(grad, x []float64, i int) float64 {
		d := x[0] - target[i]
		if grad != nil {
			grad[0] += c[i] * d
		}
		return c[i] * d * d / 2
	}}
	x := []float64{10}
	full := make([]float64, 1)
	fs.Full()(full, x, stochopt.Sample{})
	spread := func(o stochopt.Oracle) float64 { // root mean square error of the gradient of one term
		grad, sum := make([]float64, 1), 0.0
		for k := range 1000 {
			o(grad, x, stochopt.Sample{Seed: 1, Step: k})
			sum += (grad[0] - full[0]) * (grad[0] - full[0]) / 1000
		}
		return math.Sqrt(sum)
	}
	fmt.Printf("gradient %.0f, error with equal probabilities %.0f, with weights c %.0f\n", full[0],
		spread(fs.Sampled(1)), spread(fs.Weighted(1, c)))
	// Output: gradient 260, error with equal probabilities 421, with weights c 6
}

// A block is the same whenever it is wanted, and the mean of all is the full sum.
func ExampleFiniteSum_Blocks() {
	fs := gradient.FiniteSum{N: 10, Term: func(grad, x []float64, i int) float64 { return x[0] * float64(i) }}
	block := fs.Blocks(2)
	even, err := block(nil, []float64{1}, stochopt.Sample{Step: 0})
	odd, err2 := block(nil, []float64{1}, stochopt.Sample{Step: 1})
	fmt.Println(even, odd, (even+odd)/2, err, err2)
	// Output: 4 5 4.5 <nil> <nil>
}

func ExampleFiniteSum_Full() {
	fs := gradient.FiniteSum{N: 3, Term: func(grad, x []float64, i int) float64 {
		if grad != nil {
			grad[0] += float64(i)
		}
		return x[0] * float64(i)
	}}
	grad := make([]float64, 1)
	f, err := fs.Full()(grad, []float64{2}, stochopt.Sample{})
	fmt.Println(f, grad, err)
	// Output: 2 [1] <nil>
}

func BenchmarkFiniteSum(b *testing.B) {
	fs := line(10_000)
	x, grad := []float64{1, 2}, make([]float64, 2)
	for _, c := range []struct {
		name string
		o    stochopt.Oracle
	}{{"Full", fs.Full()}, {"Sampled(32)", fs.Sampled(32)}, {"Shuffled(32)", fs.Shuffled(32)},
		{"Weighted(32)", fs.Weighted(32, slices.Repeat([]float64{1, 2}, 5000))}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			k := 0
			for b.Loop() {
				c.o(grad, x, stochopt.Sample{Step: k})
				k++
			}
		})
	}
}
