package stopping

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// Evidence stops a run where B gradients at one point show no evidence that their mean is not 0.
//
// This is the evidence-based criterion of Mahsereci et al.; it is a heuristic. Every so many major iterations B gradients
// are drawn at the present x, and with their means ḡ_j and variances s_j² in D variables
//
//	z = (B-3)/(B-1) · (B/D) Σ_j ḡ_j²/s_j²
//
// The run is stopped with optimize.GradientThreshold when z < 1 at Looks looks in succession. The first factor is not in
// the reference: with sample variances each term of the sum has the law F(1, B-1), of mean (B-1)/(B-3), so that without
// it a look stops ever more rarely as D grows (at mean 0 and B = 32 with probability 0.51 for D = 10, 0.35 for 100, and
// hardly ever for 10000).
//
// What makes it a heuristic: it has no level. Its null hypothesis, in effect, is arrival, and it stops when that is not
// contradicted by a small sample. At mean 0 a look stops with probability P(χ²_D < D) for independent variables and large
// B, 0.68, 0.56, 0.52 and 0.51 for D = 1, 10, 100 and 1000; at a gradient of δ standard deviations in all, with
// P(χ²_D(Bδ²) < D) in the noncentral law, which is near to the same unless Bδ² is above √(2D). So far from a minimum B
// decides, and a false stop comes sooner or later: each look adds its probability, to the power of Looks. In a
// measurement with B = 32 at a point with δ = 0.5 in 10 variables, 13 % of looks stopped; Equivalence with δ = 0.5 does
// so in less than 2.5 %. Prefer Equivalence; Evidence is for comparison with published work, and for draws so few that no
// proof is possible. It keeps 4 vectors of the length of x, and costs B draws in a look.
//
// Reference: M. Mahsereci, L. Balles, C. Lassner, P. Hennig, Early stopping without a validation set, arXiv:1703.09580, 2017.
type Evidence struct {
	// Draw stores in grad draw i of the gradient at x; see Equivalence.Draw. An error, or a gradient that is not finite, ends
	// the run with optimize.Failure; see Err.
	Draw func(grad, x []float64, i int) error
	// Draws is B, at least 4. If it is 0, 32 is used.
	Draws int
	// Every is the number of major iterations from look to look. If it is 0, 64 is used.
	Every int
	// Looks is the number of looks in succession that must have z < 1. If it is 0, 3 is used.
	Looks int

	k, low, drawn int // major iterations, looks below 1 in succession, and draws so far
	x, g          []float64
	mean, ss      []float64 // of the draws of a look
	err           error
}

// Init implements optimize.Converger.
func (e *Evidence) Init(dim int) {
	if e.Draw == nil {
		panic("stopping: Evidence.Draw is nil")
	}
	checkCount("Evidence.Draws", e.Draws, 4, "32")
	checkCount("Evidence.Every", e.Every, 1, "64")
	checkCount("Evidence.Looks", e.Looks, 1, "3")
	e.k, e.low, e.drawn, e.err = 0, 0, 0, nil
	e.x = make([]float64, dim)
	e.allocate()
}

// allocate gets the memory for a look at x.
func (e *Evidence) allocate() {
	dim := len(e.x)
	e.g, e.mean, e.ss = make([]float64, dim), make([]float64, dim), make([]float64, dim)
}

// Err returns the error of Draw that has ended the run, or nil.
func (e *Evidence) Err() error { return e.err }

// Converged implements optimize.Converger.
func (e *Evidence) Converged(loc *optimize.Location) optimize.Status {
	if e.k++; e.k%cmp.Or(e.Every, 64) != 0 {
		return optimize.NotTerminated
	}
	copy(e.x, loc.X)
	z, err := e.score()
	if err != nil {
		e.err = err
		return optimize.Failure
	}
	if z >= 1 {
		e.low = 0
		return optimize.NotTerminated
	}
	if e.low++; e.low < cmp.Or(e.Looks, 3) {
		return optimize.NotTerminated
	}
	return optimize.GradientThreshold
}

// score draws gradients at e.x and returns z. Variables all of whose draws are 0 do not count.
func (e *Evidence) score() (z float64, err error) {
	n := cmp.Or(e.Draws, 32)
	clear(e.mean)
	clear(e.ss)
	for k := range n {
		err := e.Draw(e.g, e.x, e.drawn)
		if err == nil && slices.ContainsFunc(e.g, func(v float64) bool { return v-v != 0 }) {
			err = errors.New("the gradient is not finite")
		}
		if err != nil {
			return 0, fmt.Errorf("stopping: Evidence: draw %d: %w", e.drawn, err)
		}
		e.drawn++
		for i, g := range e.g { // as in running
			d := g - e.mean[i]
			e.mean[i] += d / float64(k+1)
			e.ss[i] += float64(d * (g - e.mean[i]))
		}
	}
	var sum, count float64
	for i, m := range e.mean {
		if m != 0 || e.ss[i] != 0 {
			sum += m * m / (e.ss[i] / float64(n-1)) // +Inf for an exact gradient that is not 0
			count++
		}
	}
	if count == 0 {
		return 0, nil
	}
	b := float64(n)
	return (b - 3) / (b - 1) * b * sum / count, nil
}

func (e *Evidence) memory() memory {
	return memory{
		counters: []*int{&e.k, &e.low, &e.drawn},
		vectors:  []*[]float64{&e.x},
	}
}

// MarshalBinary returns the state: the draws and looks so far. The exported fields are not part of it.
func (e *Evidence) MarshalBinary() ([]byte, error) { return e.memory().marshal("Evidence") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error e is unchanged.
func (e *Evidence) UnmarshalBinary(data []byte) error {
	err := unmarshal("Evidence", e, (*Evidence).memory, nil, data)
	if err == nil {
		e.err = nil
		e.allocate()
	}
	return err
}
