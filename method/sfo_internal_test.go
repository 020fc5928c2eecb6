package method

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
)

func TestSFOPositive(t *testing.T) {
	for _, c := range []struct{ values, want []float64 }{
		{[]float64{1, 2, 8}, []float64{1, 2, 8}},
		{[]float64{-3, 2, 8}, []float64{5, 2, 8}}, // the median of 2 and 8
		{[]float64{-3, 0, 2, 4, 8}, []float64{4, 4, 2, 4, 8}},
		{[]float64{1e-9, 1, 4}, []float64{1, 1, 4}}, // which counts it, since it is positive
		{[]float64{1e-7, 1, 4}, []float64{1e-7, 1, 4}},
		{[]float64{-1e9, 1, 4}, []float64{2.5, 2.5, 2.5}}, // too small beside the negative one
		{[]float64{-2, -1}, []float64{7, 7}},
		{[]float64{0}, []float64{7}},
	} {
		got := slices.Clone(c.values)
		positive(got, 7)
		if !slices.Equal(got, c.want) {
			t.Errorf("%v become %v, want %v", c.values, got, c.want)
		}
	}
}

// TestSFOIndefinite: where rounding has made H indefinite the step still goes down.
func TestSFOIndefinite(t *testing.T) {
	r := &SFO{Terms: 2}
	r.Reset(3)
	s, _ := r.Draw(stochopt.Sample{})
	t0 := &r.terms[s.Step]
	r.terms[1-s.Step].e, t0.e = 0, 0
	copy(r.b, []float64{ // upper triangle
		4, 0, 0,
		0, 1e-40, 1e-17,
		0, 0, 1,
	})
	t0.record(&sfoPoint{f: 1, p: make([]float64, 3), d: []float64{4, 0, 1}})
	if step := r.newton(); math.Abs(step[0]+1) > 1e-12 || math.Abs(step[2]+1) > 1e-12 || math.IsNaN(step[1]) {
		t.Errorf("a step of %v", step)
	}
	r.b[4] = -1e-3
	step := r.newton()
	if d := floats.Dot(step, t0.last.d); !(d < 0) || floats.HasNaN(step) {
		t.Errorf("a step of %v, along the gradient %v", step, d)
	}
	r.b[4] = math.NaN()
	if step := r.newton(); !floats.HasNaN(step) {
		t.Errorf("a step of %v from a matrix that is none", step)
	}
}

// TestSFOOverflow: a step that is not finite is not taken, and Draw says so.
func TestSFOOverflow(t *testing.T) {
	r, x := &SFO{Terms: 2}, []float64{1, 2}
	r.Reset(2)
	for k := range 8 {
		if k == 7 {
			r.terms[1-r.term].e = math.Inf(1)
		}
		if _, err := r.Draw(stochopt.Sample{}); err != nil {
			t.Fatal(err)
		}
		before := slices.Clone(x)
		r.Observe(floats.Dot(x, x) / 2)
		r.Step(x, slices.Clone(x))
		if floats.HasNaN(x) || k == 7 && !slices.Equal(x, before) {
			t.Errorf("step %d: x = %v", k, x)
		}
	}
	if _, err := r.Draw(stochopt.Sample{}); err == nil || !strings.Contains(err.Error(), "range of numbers") {
		t.Errorf("error %v", err)
	}
	data, _ := r.MarshalBinary()
	if err := r.UnmarshalBinary(data); err != nil {
		t.Error(err)
	}
}

// TestSFOOrthonormal: the vectors of the subspace remain orthonormal, hold x and the last gradient and position of every term,
// and the Hessian is the sum of those of the terms, each positive definite, over hundreds of reductions.
func TestSFOOrthonormal(t *testing.T) {
	const n, terms = 60, 3
	r, x, g := &SFO{Terms: terms}, make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = math.Cos(float64(i))
	}
	r.Reset(n)
	reductions := 0
	for k := range 600 {
		s, err := r.Draw(stochopt.Sample{})
		if err != nil {
			t.Fatal(err)
		}
		f := 0.0
		for i := range x {
			h, o := 1+float64((i*7+s.Step)%5), math.Sin(float64(i*(s.Step+1)+k/100)) // the terms move now and then, and so x
			f += h * (x[i] - o) * (x[i] - o) / 2
			g[i] = h * (x[i] - o)
		}
		before := r.space.k
		phase := r.phase
		r.Observe(f)
		r.Step(x, g)
		if r.phase == sfoNoisy { // which this test makes them
			r.phase = sfoVisit
		}
		if r.space.k < before {
			reductions++
		}
		for i := range r.space.k {
			for j := range i + 1 {
				want := 0.0
				if i == j {
					want = 1
				}
				if d := floats.Dot(r.space.vector(i), r.space.vector(j)); math.Abs(d-want) > 1e-14 {
					t.Fatalf("evaluation %d: the product of vectors %d and %d of %d is %v", k, i, j, r.space.k, d)
				}
			}
		}
		if phase != sfoVisit || r.phase != sfoVisit {
			continue
		}
		// x in the subspace is x.
		y := make([]float64, n)
		r.space.move(y, r.at.p[:r.space.k])
		if d := floats.Distance(x, y, 2); d > 1e-12 {
			t.Fatalf("evaluation %d: x is off by %v in the subspace", k, d)
		}
		sum := make([]float64, r.space.most*r.space.most)
		copy(sum, r.b)
		r.sumUp()
		if d := floats.Distance(sum, r.b, math.Inf(1)); d > 1e-10*(1+floats.Norm(sum, math.Inf(1))) {
			t.Fatalf("evaluation %d: the sum of the models is off by %v", k, d)
		}
		copy(r.b, sum)
		for i := range r.terms {
			v := make([]float64, r.space.k)
			for j := range v {
				v[j] = math.Sin(float64(3*j + k + i))
			}
			if c := r.terms[i].curvature(v); r.terms[i].known() && !(c > 0) {
				t.Fatalf("evaluation %d: the model of term %d has the curvature %v", k, i, c)
			}
		}
	}
	if reductions < 100 {
		t.Errorf("%d reductions", reductions)
	}
}

// TestSFONonsense: values and gradients that are those of no function, of any size, do not panic or hang, and x stays finite
// where they are not extreme.
func TestSFONonsense(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for run := range 200 {
		n, terms := 1+rnd.IntN(30), 1+rnd.IntN(6)
		extreme := run%2 == 0
		size := func() float64 {
			if extreme {
				return math.Pow(10, 300*rnd.Float64()-150)
			}
			return math.Pow(10, 12*rnd.Float64()-6)
		}
		r, x, g := &SFO{Terms: terms, History: 1 + rnd.IntN(4), Seed: uint64(run)}, make([]float64, n), make([]float64, n)
		r.Reset(n)
		for k := range 300 {
			r.check = math.MaxInt // never look
			f := size() * rnd.NormFloat64()
			scale := size()
			for i := range g {
				g[i] = scale * rnd.NormFloat64() * float64(rnd.IntN(3))
			}
			if _, err := r.Draw(stochopt.Sample{}); err != nil {
				if !extreme {
					t.Fatalf("run %d, n = %d, %d terms, %d evaluations: %v", run, n, terms, k, err)
				}
				break
			}
			r.Observe(f)
			r.Step(x, g)
			if i := slices.IndexFunc(x, func(v float64) bool { return v-v != 0 }); i >= 0 {
				if !extreme {
					t.Fatalf("run %d, n = %d, %d terms: x[%d] = %v after %d evaluations", run, n, terms, i, x[i], k+1)
				}
				break // as every driver does
			}
		}
	}
}

// TestSFOGrow: a term is activated after a failure, after a pass without growth, and if the variance of the mean gradient is not
// less than its square; but never while an active term is known from one visit only.
func TestSFOGrow(t *testing.T) {
	for _, c := range []struct {
		name    string
		spread  float64 // of two gradients 1 ± spread
		visits  int
		growth  int
		failed  bool
		choices int // terms that are active then
	}{
		{name: "agreement", spread: 0.9, visits: 2, choices: 2},
		{name: "variance", spread: 1.1, visits: 2, choices: 3}, // Σ(d-1)²/(2·1) = 1.21
		{name: "failure", spread: 0.1, visits: 2, failed: true, choices: 3},
		{name: "a pass", spread: 0.1, visits: 2, growth: 3, choices: 3},
		{name: "not a pass", spread: 0.1, visits: 2, growth: 2, choices: 2},
		{name: "one visit", spread: 1.1, visits: 1, growth: 3, failed: true, choices: 2},
	} {
		r := &SFO{Terms: 5}
		r.Reset(1)
		sign := 1.0
		for i := range r.terms {
			if u := &r.terms[i]; u.active {
				u.record(&sfoPoint{f: 1, p: []float64{0}, d: []float64{1 + sign*c.spread}})
				u.visits = c.visits
				sign = -sign
			}
		}
		r.newton()
		r.growth = c.growth
		r.grow(c.failed)
		if n := r.active(); n != c.choices {
			t.Errorf("%s: %d terms are active, want %d", c.name, n, c.choices)
		}
	}
}

// TestSFOChoose: where all active terms are known already, another is activated.
func TestSFOChoose(t *testing.T) {
	r := &SFO{Terms: 5}
	r.Reset(1)
	for i := range r.terms {
		if u := &r.terms[i]; u.active {
			u.record(&sfoPoint{f: 1, p: []float64{0}, d: []float64{1}})
			u.visits = 2
		}
	}
	for range 20 { // by the metric of H or by that of the terms
		r.choose()
	}
	if n := r.active(); n != 3 || r.terms[r.term].visits != 0 {
		t.Errorf("%d terms are active, and one with %d visits chosen", n, r.terms[r.term].visits)
	}
}

// TestSFORightAngle: pairs of negative curvature may make a later step one that H takes to a right angle; dividing by the
// product would give a model of any size.
func TestSFORightAngle(t *testing.T) {
	r := &SFO{Terms: 1}
	r.Reset(2)
	u := &r.terms[0]
	for _, q := range []sfoPoint{ // differences (1, 0) and (1, 1) of positions, (-1, 0) and (-1, 3) of gradients
		{f: 1, p: []float64{0, 0}, d: []float64{0, 0}},
		{f: 1, p: []float64{1, 0}, d: []float64{-1, 0}},
		{f: 1, p: []float64{2, 1}, d: []float64{-2, 3}},
	} {
		u.record(&q)
	}
	r.total = 1
	r.fit(u, false)
	for _, v := range [][]float64{{1, 0}, {0, 1}, {1, 1}, {1, -1}} {
		if c := u.curvature(v); u.pairs != 2 || !(c > 0.1 && c < 10) {
			t.Errorf("%d pairs, curvature %v along %v", u.pairs, c, v)
		}
	}
}

// TestSFOSumUp: the sum of the models is made anew in every pass.
func TestSFOSumUp(t *testing.T) {
	r, x := &SFO{Terms: 4}, []float64{3, 2}
	r.Reset(2)
	for k := range 60 {
		s, err := r.Draw(stochopt.Sample{})
		if err != nil {
			t.Fatal(err)
		}
		h := 1 + float64(s.Step)
		r.Observe(h * floats.Dot(x, x) / 2)
		r.Step(x, []float64{h * x[0], h * x[1]})
		if k == 40 {
			r.b[0] += 1e-3 // errors of rounding
		}
	}
	got := slices.Clone(r.b)
	r.sumUp()
	if d := floats.Distance(got, r.b, 2); d > 1e-12 {
		t.Errorf("the sum is off by %v", d)
	}
}

// TestSFOMovedWhileRejecting: where a term is evaluated after a rejected step is where x is, not where it was to be.
func TestSFOMovedWhileRejecting(t *testing.T) {
	quartic := func(x []float64) (float64, []float64) {
		return x[0] * x[0] * x[0] * x[0], []float64{4 * x[0] * x[0] * x[0]}
	}
	seen := map[sfoPhase]bool{}
	r, x := &SFO{Terms: 1, HessianInit: 1e-3}, []float64{1}
	r.Reset(1)
	r.check = math.MaxInt
	for range 12 {
		phase := r.phase
		if phase == sfoReturn || phase == sfoShorten {
			x[0] += 1e-3 // as a projection or another Rule may
		}
		at := x[0]
		f, g := quartic(x)
		r.Observe(f)
		r.Step(x, g)
		if phase == sfoReturn && r.before[0] != at {
			t.Errorf("the point before is %v, evaluated at %v", r.before, at)
		}
		if phase == sfoShorten && (r.rejected.p[0] != at || r.phase == sfoVisit && r.far[0] != at) {
			t.Errorf("the rejected point is %v and %v, evaluated at %v", r.rejected.p, r.far, at)
		}
		seen[phase] = true
	}
	if !seen[sfoReturn] || !seen[sfoShorten] {
		t.Errorf("phases %v", seen)
	}
}
