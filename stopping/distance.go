package stopping

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Distance stops a run whose iterates have ceased to depart from where they started.
//
// This is the statistic of Pesme, Dieuleveut and Flammarion; it is a heuristic. With Ω_n = x_n - x_0 and looks at n_0 =
// First, n_j = ⌈q n_(j-1)⌉ steps from x_0, it takes the slope of log |Ω|² over log n from look to look,
//
//	slope_j = log(|Ω_(n_j)|²/|Ω_(n_(j-1))|²) / log(n_j/n_(j-1))
//
// which is 2 for a steady drift, 1 for diffusion and 0 for a run that has arrived, and stops with optimize.StepConvergence
// below Slope. (For the distance itself, not squared, the slopes are half as large, and 0.6 would fire in diffusion.)
//
// What makes it a heuristic: it has no null hypothesis with a level. The slope is that of one path; for a few variables
// it is about as random as the logarithm of a ratio of chi-squared variables of as many degrees of freedom. For SGD on a
// quadratic of curvature h, E |Ω_n|² = (1-q_a^n)² V_0 + V(1-q_a^(2n)), q_a = 1-αh, so that Slope = 0.6 is passed at n of
// about 2.5/(αh) from afar: at that time a component of low curvature may have hardly begun to move. It is meant as a
// signal to lower the step size, for which it is the default of method.DropWhenStationary, with Ratio 2. Prefer Stationary for
// a statement. It keeps 1 vector of the length of x, and costs a pass over x in a look.
//
// Reference: S. Pesme, A. Dieuleveut, N. Flammarion, On convergence-diagnostic based step sizes for stochastic gradient
// descent, ICML 2020. The defaults are those of implementations of others, and have not been compared with the paper.
type Distance struct {
	// Slope is the slope below which the run has arrived. If it is 0, 0.6 is used.
	Slope float64
	// Ratio is q > 1, from look to look. If it is 0, 1.5 is used.
	Ratio float64
	// First is n_0, the number of steps before the first look; the second is the first to have a slope. If it is 0, 8 is
	// used.
	First int

	start  []float64
	k      int     // iterates since the start, which is the first
	n      int     // and at the look before, or 0
	square float64 // |Ω|² there
	slope  float64 // at the last look
}

// Init implements optimize.Converger.
func (d *Distance) Init(dim int) {
	checkSize("Distance.Slope", d.Slope, "0.6")
	checkRatio("Distance.Ratio", d.Ratio)
	checkCount("Distance.First", d.First, 1, "8")
	d.start = zeros(d.start, dim)
	d.k, d.n, d.square, d.slope = 0, 0, 0, math.NaN()
}

// Converged implements optimize.Converger.
func (d *Distance) Converged(loc *optimize.Location) optimize.Status {
	if d.k++; d.k == 1 {
		copy(d.start, loc.X)
		return optimize.NotTerminated
	}
	next := cmp.Or(d.First, 8)
	if d.n > 0 {
		next = int(math.Ceil(cmp.Or(d.Ratio, 1.5) * float64(d.n)))
	}
	steps := d.k - 1
	if steps < next {
		return optimize.NotTerminated
	}
	var square float64
	for i, x := range loc.X {
		square += float64((x - d.start[i]) * (x - d.start[i]))
	}
	n, before := d.n, d.square
	d.n, d.square = steps, square
	if n == 0 {
		return optimize.NotTerminated
	}
	d.slope = math.Log(square/before) / math.Log(float64(steps)/float64(n))
	if before == 0 { // has not moved at all
		d.slope = 0
		if square > 0 {
			d.slope = math.Inf(1)
		}
	}
	if d.slope < cmp.Or(d.Slope, 0.6) {
		return optimize.StepConvergence
	}
	return optimize.NotTerminated
}

func (d *Distance) memory() memory {
	return memory{
		counters: []*int{&d.k, &d.n},
		scalars:  []*float64{&d.square},
		vectors:  []*[]float64{&d.start},
	}
}

// MarshalBinary returns the state: the start, the steps from it, and the last look. The exported fields are not part of it.
func (d *Distance) MarshalBinary() ([]byte, error) { return d.memory().marshal("Distance") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error d is unchanged.
func (d *Distance) UnmarshalBinary(data []byte) error {
	return unmarshal("Distance", d, (*Distance).memory, nil, data)
}
