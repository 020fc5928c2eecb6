package method

import (
	"cmp"
	"encoding"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
	"github.com/stochopt/stochopt/stopping"
	"gonum.org/v1/gonum/optimize"
)

// DropWhenStationary shortens the steps of Rule whenever a test says that the run has got as far as steps of that length go.
//
//	x ← x + w Δ        Δ is the step that Rule takes at x; w = 1 at first
//	w ← max(w F, W)    when Test would stop the run; then Test begins afresh
//
// Test is any Converger of package stopping. What it says of a run holds for each stage, from one drop to the next: its
// level is the probability of a false drop in a stage. Budget(n, test) makes stages of at most n looks, After(n, test)
// looks away for the first n of each. A Test that fails (optimize.Failure) makes Step panic, which ends a run with an error.
//
// After ⌊1/w⌉ steps each Test gets x and the means of F and of the gradients over them. A stage is then to Test what the
// first one was, in noise smaller by the factor √w: steps that are w times as long get 1/w of them, and stages grow like
// 1/w by themselves. Shown every step, Test would go on dropping before the shorter steps have come anywhere. So w falls
// like 1/k in step k, at a rate that the run finds: no curvature need be known. On quadratics in 10 variables, SGD at the
// StepSize 1/2h, h the largest curvature, ends by it with F - F* at 0.9 to 1.5 times that of the best
// schedule.InverseTime, for condition numbers of 10 and 100 and runs of 3000 and 30 000 draws, and at 9 times where all
// curvatures are alike. At the constant step that is 14 to 10 000 times, and the more the longer the run.
//
// The default Test finds how long a stage must be, but has no level: on a slope of 0.1 standard deviations of the
// gradient 95 % of the runs drop at least once in 4096 steps, and none on a slope of 3. Stationary and Window have a level, and take long over each
// stage: none in 1000 drops on that slope, and the quadratics end at 9 to 290 times the best. Take them where steps
// must not fall on the way, in noise that hides the slope. Plateau makes this much like the schedulers named
// ReduceLROnPlateau; its comment has the settings that correspond to theirs, and what differs. Without noise steps need not fall, and a run converges more slowly for it.
//
// The effect is that of the factor w in Rule's Schedule, if Rule's step is proportional to its StepSize, and its state
// does not depend on the step. That holds for SGD, Adam and most others. Rule must not be or hold one that rebuilds x from its
// state (FTRL, RDA, COCOB, DAdaptSGD, Mechanic) or remembers x (AccSGD, Lookahead, the Schedule-Free ones, SAM); Lookahead
// and SAM may be around it. A run that should end by itself gets Minimum and Converger; the default stop of Minimize
// ends a run about when the first drop is due.
//
// It keeps two vectors of the length of x besides what Rule and Test keep, and allocates what Test does. Prefer a Schedule where
// the length of the run is known.
//
// Reference: S. Pesme, A. Dieuleveut, N. Flammarion, On convergence-diagnostic based step sizes for stochastic gradient
// descent, ICML 2020, for Distance and F = 1/2; H. Lang, P. Zhang, L. Xiao, Using statistics to automate stochastic
// optimization, NeurIPS 2019, whose F is 1/10. Both look at single steps.
type DropWhenStationary struct {
	// Rule takes the steps.
	Rule stochopt.Rule
	// Test tells when a stage is over. It belongs to this Rule alone. If it is nil, &stopping.Distance{Ratio: 2} is used.
	Test optimize.Converger
	// Factor is F in (0, 1). If it is 0, 0.5 is used.
	Factor float64
	// Minimum is W in [0, 1], the least w; 0 is none.
	Minimum float64

	sequential           // optimize.Method
	dim        int       // of Reset
	from       scratch   // x before the step
	w          float64   // the factor
	f          float64   // the value at x
	seen       int       // 1 if f has been observed since the last step
	n          int       // steps since Test has been shown something
	sum        float64   // of their values
	g          []float64 // and of their gradients
	end        optimize.Status
	distance   *stopping.Distance // if Test is nil
	loc        optimize.Location  // for Test
}

// Init implements optimize.Method.
func (r *DropWhenStationary) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// test is Test or its default.
func (r *DropWhenStationary) test() optimize.Converger {
	if r.Test != nil {
		return r.Test
	}
	if r.distance == nil {
		r.distance = &stopping.Distance{Ratio: 2}
	}
	return r.distance
}

// Reset implements stochopt.Rule. It resets Rule as well, and begins Test.
func (r *DropWhenStationary) Reset(dim int) {
	r.held().check(dim)
	hyper.Unit("method: DropWhenStationary.Factor", r.Factor)
	hyper.Between("method: DropWhenStationary.Minimum", r.Minimum, 0, 1)
	r.held().reset(dim)
	r.held().refuseRebuilding()
	r.held().refuseRemembering()
	r.test().Init(dim)
	r.dim, r.w, r.f, r.seen, r.end = dim, 1, 0, 0, optimize.NotTerminated
	r.n, r.sum, r.g = 0, 0, make([]float64, dim)
	r.from.of(dim)
}

// Observe takes in the value at the x of the next Step, and passes it on to Rule.
func (r *DropWhenStationary) Observe(f float64) {
	r.held().observe(f)
	r.f, r.seen = f, 1
}

// Step implements stochopt.Rule. It panics if Observe has not been called since the last Step, or if Test fails.
func (r *DropWhenStationary) Step(x, grad []float64) {
	hyper.Lengths("method: DropWhenStationary.Step", x, grad, r.dim)
	needValue("DropWhenStationary", r.seen)
	r.seen = 0
	if r.end == optimize.NotTerminated {
		r.look(x, grad)
	}
	from := r.from.of(r.dim)
	copy(from, x)
	r.Rule.Step(x, grad)
	if r.w == 1 {
		return
	}
	for i, v := range from {
		x[i] = v + float64(r.w*(x[i]-v))
	}
}

// look takes in the value and the gradient at x, and shows them to Test with those before if there are enough.
func (r *DropWhenStationary) look(x, grad []float64) {
	r.sum += r.f
	for i, g := range grad {
		r.g[i] += g
	}
	if r.n++; r.n < int(math.Round(min(1/r.w, 1e15))) {
		return
	}
	for i := range r.g {
		r.g[i] /= float64(r.n)
	}
	r.loc = optimize.Location{X: x, F: r.sum / float64(r.n), Gradient: r.g}
	test := r.test()
	s := test.Converged(&r.loc)
	r.loc = optimize.Location{}
	r.n, r.sum = 0, 0
	clear(r.g)
	switch {
	case s == optimize.NotTerminated:
	case s == optimize.Failure:
		why := fmt.Sprintf("method: DropWhenStationary.Test, a %T, has failed", test)
		if e, ok := test.(interface{ Err() error }); ok {
			why = fmt.Sprintf("%s: %v", why, e.Err())
		}
		panic(why)
	case r.w <= r.Minimum:
		r.end = s
	default:
		r.w = max(r.w*cmp.Or(r.Factor, 0.5), r.Minimum)
		test.Init(r.dim)
	}
}

// Converger returns the Converger that ends the run of r, with the status that Test gives, when a stage with w at Minimum is
// over. It is for Settings.Converger of that run. Where Minimum is 0 it ends none.
func (r *DropWhenStationary) Converger() optimize.Converger { return ended{r} }

type ended struct{ r *DropWhenStationary }

// Init implements optimize.Converger.
func (ended) Init(int) {}

// Converged implements optimize.Converger.
func (e ended) Converged(*optimize.Location) optimize.Status { return e.r.end }

// Estimate is that of Rule.
func (r *DropWhenStationary) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *DropWhenStationary) Unwrap() stochopt.Rule { return r.Rule }

func (r *DropWhenStationary) held() held { return held{"DropWhenStationary", r.Rule} }

// state is what comes with the states of Test and Rule, the first of which has the given length.
func (r *DropWhenStationary) state(test int) state.State {
	return state.State{
		Counters: []int{r.dim, r.seen, r.n, int(r.end), test},
		Scalars:  []float64{r.w, r.f, r.sum},
		Vectors:  [][]float64{r.g},
	}
}

// saver is a Converger whose state can be marshalled.
type saver interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// MarshalBinary returns the state: w, the sums for Test, whether the last stage is over, and the states of Test and of Rule.
// The exported fields are not part of it.
func (r *DropWhenStationary) MarshalBinary() ([]byte, error) {
	t, ok := r.test().(saver)
	if !ok {
		return nil, fmt.Errorf("stochopt: state of DropWhenStationary: its Test, %T, has no MarshalBinary", r.Test)
	}
	test, err := t.MarshalBinary()
	if err != nil {
		return nil, err
	}
	rule, err := r.held().inner()
	if err != nil {
		return nil, err
	}
	s := r.state(len(test))
	s.Inner = append(test, rule...)
	return state.Marshal("DropWhenStationary", s), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r, Test and Rule are unchanged.
func (r *DropWhenStationary) UnmarshalBinary(data []byte) error {
	t, ok := r.test().(saver)
	if !ok {
		return fmt.Errorf("stochopt: state of DropWhenStationary: its Test, %T, has no UnmarshalBinary", r.Test)
	}
	before, err := t.MarshalBinary()
	if err != nil {
		return err
	}
	s, err := r.held().decode(data, r.state(0))
	if err != nil {
		return err
	}
	n := s.Counters[4]
	if n > len(s.Inner) {
		return fmt.Errorf("stochopt: state of DropWhenStationary: damaged")
	}
	if err := t.UnmarshalBinary(s.Inner[:n]); err != nil {
		return err
	}
	if err := r.held().restore(s.Inner[n:]); err != nil {
		t.UnmarshalBinary(before)
		return err
	}
	r.dim, r.seen, r.n, r.end = s.Counters[0], s.Counters[1], s.Counters[2], optimize.Status(s.Counters[3])
	r.w, r.f, r.sum, r.g = s.Scalars[0], s.Scalars[1], s.Scalars[2], s.Vectors[0]
	return nil
}
