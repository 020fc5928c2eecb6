package stopping

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Window stops a run when a quantity has been shown to stand still: its means over two adjacent windows are compared.
//
// Looks are made after N = First, 2 First, 4 First, ... major iterations, at the latest half of the run, whose own halves
// A and B are the windows. The null hypothesis is that the mean of the quantity moves,
//
//	|E A - E B| >= δ,  δ = Tolerance, or Drop standard deviations of single values
//
// and the run is stopped with optimize.FunctionConvergence if
//
//	|Ā - B̄| + t se <= δ,  se² = (s_A² + s_B²)/m  and  |Ā - B̄| <= t_5% se
//
// where s² are the variances of m = Batches means over equal batches of consecutive values, and t is the quantile of
// Student's law for Level/(k(k+1)) at look k. The first condition is a test of equivalence and keeps the probability of
// ever stopping in a window that moves by δ at most Level, peeking included. The second keeps on a run that still travels
// visibly, though by less than δ, and costs 5 % of the stops that would be right. t has the degrees of freedom of Welch
// and Satterthwaite, between m-1 and 2m-2.
//
// The level holds if the batches are about independent: longer than the correlation time of the quantity. With short
// batches of an autocorrelated quantity se is too small (with single values of an AR(1) sequence at φ = 0.9, a test at 5
// % errs in 65 %). With Drop that does little harm, since then the quantity hardly varies within the batches either; with
// Tolerance choose First so that a batch, of First/(4 Batches) iterations, is several times as long. A quantity that
// stands still is found to do so in half of the looks when (t + 0.7) se = δ: with Drop and independent values after 8 (t
// + 0.7)²/Drop² iterations, some 300 at the defaults. A quantity that is constant stands still, as the best value so far
// of NelderMead does where it is stuck.
//
// Stationary looks at F and all variables in the same form and also at gradients; prefer it unless one quantity decides: a
// projection of x, a parameter of interest, a tolerance in the units of F. It keeps 2 Batches numbers.
//
// References: J. Geweke, Evaluating the accuracy of sampling-based approaches to calculating posterior moments, Bayesian
// Statistics 4, 1992, for the comparison of windows (there an early with a late one, and a spectral estimate of the
// variance); D. J. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987, for the test of equivalence.
type Window struct {
	// Of returns the quantity at a major iteration. It must not keep or modify loc. If it is nil, it is F.
	Of func(loc *optimize.Location) float64
	// Tolerance, if not 0, is δ, in units of the quantity.
	Tolerance float64
	// Drop is δ in standard deviations of a single value, if Tolerance is 0. If it is 0, 0.5 is used.
	Drop float64
	// Level is the probability of a false stop over a whole run, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Batches is m, the number of batches in each of the two windows. If it is 0, 16 is used.
	Batches int
	// First is the number of major iterations before the first look, a multiple of 4 Batches. If it is 0, 8 Batches is used.
	First int

	looks   int
	n, size int // values so far in the latest half of the run, and in a batch
	batches []float64
	ref     float64 // first value of the window
	spread  float64 // sum of squares of single values less ref
	k       int     // major iterations so far
	skip    int     // those before the window
}

// Init implements optimize.Converger.
func (w *Window) Init(int) {
	checkSize("Window.Tolerance", w.Tolerance, "Drop")
	checkSize("Window.Drop", w.Drop, "0.5")
	if w.Tolerance != 0 && w.Drop != 0 {
		panic("stopping: Window has both a Tolerance and a Drop")
	}
	checkLevel("Window.Level", w.Level)
	checkCount("Window.Batches", w.Batches, 2, "16")
	m := cmp.Or(w.Batches, 16)
	checkMultiple("Window.First", w.First, 4*m)
	first := cmp.Or(w.First, 8*m)
	w.batches = zeros(w.batches, 2*m)
	w.looks, w.k, w.skip = 0, 0, first/2
	w.size = first / 2 / len(w.batches)
	w.start()
}

func (w *Window) start() {
	w.n, w.spread = 0, 0
	clear(w.batches)
}

// Converged implements optimize.Converger.
func (w *Window) Converged(loc *optimize.Location) optimize.Status {
	if w.k++; w.k <= w.skip {
		return optimize.NotTerminated
	}
	v := loc.F
	if w.Of != nil {
		v = w.Of(loc)
	}
	if w.n == 0 {
		w.ref = v
	}
	v -= w.ref
	w.batches[w.n/w.size] += v
	w.spread += float64(v * v)
	if w.n++; w.n < len(w.batches)*w.size {
		return optimize.NotTerminated
	}
	w.looks++
	stop := w.look(spend(cmp.Or(w.Level, 0.05), w.looks))
	w.size *= 2
	w.start()
	if stop {
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

// look compares the halves of the window that has ended.
func (w *Window) look(level float64) bool {
	for i := range w.batches {
		w.batches[i] /= float64(w.size)
	}
	m := len(w.batches) / 2
	a, varA := stat.MeanVariance(w.batches[:m], nil)
	b, varB := stat.MeanVariance(w.batches[m:], nil)
	d := math.Abs(a - b)
	delta := w.Tolerance
	if delta == 0 {
		delta = cmp.Or(w.Drop, 0.5) * math.Sqrt(max(0, w.spread/float64(w.n)-(float64(a*a)+float64(b*b))/2))
	}
	se := math.Sqrt((varA + varB) / float64(m))
	if se == 0 {
		return d == 0
	}
	sum := varA + varB
	student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m-1) * sum * sum / (float64(varA*varA) + float64(varB*varB))}
	return d+float64(student.Quantile(1-level)*se) <= delta && d <= student.Quantile(0.975)*se
}

func (w *Window) memory() memory {
	return memory{
		counters: []*int{&w.looks, &w.n, &w.size, &w.k, &w.skip},
		scalars:  []*float64{&w.ref, &w.spread},
		vectors:  []*[]float64{&w.batches},
	}
}

func (w *Window) sound() bool { return w.n == 0 || w.n < len(w.batches)*w.size }

// MarshalBinary returns the state: the present window, and what is counted. The exported fields are not part of it.
func (w *Window) MarshalBinary() ([]byte, error) { return w.memory().marshal("Window") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error w is unchanged.
func (w *Window) UnmarshalBinary(data []byte) error {
	return unmarshal("Window", w, (*Window).memory, (*Window).sound, data)
}
