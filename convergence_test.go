package stochopt_test

import (
	"context"

	"math"
	"math/rand/v2"
	"testing"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/method"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/optimize/functions"
)

// hill is |x|²/2 in any dimension, with normal noise of standard deviation sd on the gradient and on the value.
func hill(sd float64, seed uint64) stochopt.Problem {
	return stochopt.Problem{Seed: seed, Oracle: func(grad, x []float64, s stochopt.Sample) (float64, error) {
		pcg := s.PCG()
		r := rand.New(&pcg)
		f := sd * r.NormFloat64()
		for i, v := range x {
			f += v * v / 2
			if grad != nil {
				grad[i] = v + sd*r.NormFloat64()
			}
		}
		return f, nil
	}}
}

// TestNoiseFloor runs every method into the stationary noise of a quadratic and measures the mean square of a component,
// which its row of the table states. 200 components over 10 000 iterations, of which 200 are independent, and 10 for
// SGD, the slowest: the statistical error is 1 % to 3 %, the rest of the tolerance is for the rows' own approximations
// (Adam's holds between .85 and 1 of its square).
func TestNoiseFloor(t *testing.T) {
	for _, row := range methods {
		if row.floor == 0 {
			continue
		}
		const dim, settle, measure = 200, 3000, 10000
		var sum float64
		n := 0
		s := &optimize.Settings{MajorIterations: settle + measure, Converger: never(), Recorder: recorder(func(loc *optimize.Location, op optimize.Operation) {
			if op != optimize.MajorIteration {
				return
			}
			if n++; n > settle {
				for _, v := range loc.X {
					sum += v * v
				}
			}
		})}
		x0 := make([]float64, dim)
		if _, err := stochopt.Minimize(context.Background(), hill(0.5, 1), x0, s, row.run()); err != nil {
			t.Fatal(err)
		}
		if ratio := sum / dim / (measure - 1) / row.floor; ratio < 0.82 || ratio > 1.05 {
			t.Errorf("%s: mean square %.3g, %.3f of what it should be", row.name, row.floor*ratio, ratio)
		}
	}
}

// TestReachesMinimum: every method goes from 15 units away to the minimum of a well-conditioned quadratic, exact or noisy,
// and Minimize stops it there by its default stop.
func TestReachesMinimum(t *testing.T) {
	for _, row := range methods {
		for _, sd := range []float64{0, 0.1, 1} {
			for seed := range uint64(5) {
				s := &optimize.Settings{MajorIterations: 1 << 21}
				r, err := stochopt.Minimize(context.Background(), hill(sd, seed), []float64{10, -10, 5, 0}, s, row.run())
				cycle := (row.cycles && sd == 0 || row.noisy || row.frozen && sd > 0) && r.Status == optimize.StepConvergence
				if err != nil || r.Status != optimize.FunctionConvergence && !cycle {
					t.Errorf("%s, noise %v: %s", row.name, sd, outcome(r, err))
					continue
				}
				var f float64
				for _, v := range r.X {
					f += v * v / 2
				}
				if !(f <= row.reach) {
					t.Errorf("%s, noise %v, seed %d: F without noise is %v after %d iterations, want %v", row.name, sd, seed, f, r.MajorIterations, row.reach)
				}
			}
		}
	}
}

// TestClassicalFunctions runs Adam from the classical starts, without noise. At its constant default step it circles the
// minimum at a distance (a fixed point of Adam is repelling unless ε is large beside step size times curvature), which
// costs up to a thousandth of F at the start here. The cost is like the square of the step: with a step that decays to a
// fiftieth it is a thousand times smaller. Both are measured over the last thousand of 50 000 iterations, so that the
// phase of the circling does not matter.
func TestClassicalFunctions(t *testing.T) {
	for _, c := range []struct {
		name string
		f    interface {
			Func([]float64) float64
			Grad(grad, x []float64)
		}
		x0 []float64
	}{
		{"Beale", functions.Beale{}, []float64{1, 1}},
		{"Rosenbrock", functions.ExtendedRosenbrock{}, []float64{-1.2, 1}},
		{"Rosenbrock in 10", functions.ExtendedRosenbrock{}, []float64{-1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1}},
		{"Wood", functions.Wood{}, []float64{-3, -1, -3, -1}},
		{"Powell singular", functions.ExtendedPowellSingular{}, []float64{3, -1, 0, 3}},
		{"helical valley", functions.HelicalValley{}, []float64{-1, 0, 0}},
		{"Box", functions.Box3D{}, []float64{0, 10, 20}},
	} {
		p := stochopt.Problem{Func: c.f.Func, Grad: c.f.Grad}
		for _, decay := range []bool{false, true} {
			const iterations, last = 50000, 1000
			m, tol := &stochopt.Adam{}, 1e-3*c.f.Func(c.x0)
			if decay {
				m.Schedule = func(k int) float64 { return 1 / (1 + float64(k)/1000) }
				tol /= 1000
			}
			var mean float64
			n := 0
			s := &optimize.Settings{MajorIterations: iterations + 1, Converger: never(), Recorder: recorder(func(loc *optimize.Location, op optimize.Operation) {
				if op != optimize.MajorIteration {
					return
				}
				if n++; n > iterations-last {
					mean += loc.F / last
				}
			})}
			r, err := stochopt.Minimize(context.Background(), p, c.x0, s, m)
			if err != nil || !(mean < tol) {
				t.Errorf("%s, decay %t: mean F %v, want below %v: %s", c.name, decay, mean, tol, outcome(r, err))
			}
			t.Logf("%s, decay %t: mean F %.3g", c.name, decay, mean)
		}
	}
}

// TestDecayingStep: with a step that decays like 1/k on a quadratic, gradient descent forgets its start after one step
// and has the variance σ²/k exactly (theory of stochastic approximation for the gain 1/hk); at constant step it has not.
func TestDecayingStep(t *testing.T) {
	const dim, k = 5000, 50
	for _, decay := range []bool{true, false} {
		m := &method.SGD{StepSize: 1}
		if decay {
			m.Schedule = func(k int) float64 { return 1 / float64(k+1) }
		} else {
			m.StepSize = 0.5
		}
		x0 := make([]float64, dim)
		for i := range x0 {
			x0[i] = 5
		}
		r, err := stochopt.Minimize(context.Background(), hill(1.5, 2), x0, &optimize.Settings{MajorIterations: k + 1, Converger: never()}, m)
		if err != nil {
			t.Fatal(err)
		}
		var mean, sq float64
		for _, v := range r.X {
			mean += v / dim
			sq += v * v / dim
		}
		want := 1.5 * 1.5 / k
		ok := abs(sq/want-1) < 5*math.Sqrt(2./dim) && abs(mean) < 5*math.Sqrt(want/dim)
		if ok != decay {
			t.Errorf("decay %t: mean %.4f, mean square %.5f, σ²/k is %.5f", decay, mean, sq, want)
		}
	}
}

// standing answers with the mean of the last complete window [2^j, 2^(j+1)), which is how tail averages are often written.
type standing struct {
	stochopt.Rule
	k         int
	sum, last []float64
}

func (r *standing) Reset(dim int) {
	r.Rule.Reset(dim)
	r.k, r.sum, r.last = 0, make([]float64, dim), make([]float64, dim)
}

func (r *standing) Step(x, grad []float64) {
	r.Rule.Step(x, grad)
	if r.k++; r.k&(r.k-1) == 0 {
		for i, s := range r.sum {
			r.last[i] = s / float64(max(1, r.k/2))
		}
		clear(r.sum)
	}
	floats.Add(r.sum, x)
}

func (r *standing) Estimate(dst, x []float64) {
	if copy(dst, r.last); r.k < 2 {
		copy(dst, x)
	}
}

// TestAnswersThatTravel: the default stop lets a run go on while its answer, a mean of iterates, still travels. The companion is an
// answer that stands still over just the windows that the stop looks at: many runs are stopped as soon as its iterates have arrived, far from them.
func TestAnswersThatTravel(t *testing.T) {
	for name, c := range map[string]struct {
		make func() optimize.Method
		far  int // of 40 runs
	}{
		"TailAverage":      {func() optimize.Method { return &method.TailAverage{Rule: &stochopt.Adam{StepSize: 0.01}} }, 0},
		"TailAverage SGD":  {func() optimize.Method { return &method.TailAverage{Rule: &method.SGD{StepSize: 1e-3}} }, 0},
		"Average":          {func() optimize.Method { return &method.Average{Rule: &stochopt.Adam{StepSize: 0.01}} }, 0},
		"ScheduleFreeAdam": {func() optimize.Method { return &method.ScheduleFreeAdam{StepSize: 0.01} }, 0},
		"standing": {func() optimize.Method {
			return &stochopt.Sequential{Rule: &standing{Rule: &stochopt.Adam{StepSize: 0.01}}}
		}, 14},
	} {
		far := 0
		for seed := range uint64(40) {
			r, err := stochopt.Minimize(context.Background(), hill(1, seed), []float64{10, -10}, nil, c.make())
			if err != nil {
				t.Fatal(name, err)
			}
			if floats.Norm(r.X, 2) > 1 {
				far++
			}
		}
		if far != c.far {
			t.Errorf("%s: %d of 40 runs are stopped farther than 1 from the minimum, want %d", name, far, c.far)
		}
	}
}
