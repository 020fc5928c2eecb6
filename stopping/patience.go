package stopping

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Patience stops a run that has shown no better F for a number of major iterations.
//
// It is what most programs do, and what gonum does by default; here its error is stated. The null hypothesis is that F
// improves steadily. If the best of n values so far is not beaten in the next P, the run is stopped with
// optimize.FunctionConvergence. For independent values, whatever their law,
//
//	P(no record in n+1, ..., n+P) = n/(n+P)                    if they have stopped improving
//	                              ≈ e^(-cP)                     if they improve by c in each iteration
//
// the second for noise of the Gumbel law of scale 1, in the units of which c is, and large n. PatienceLaw gives the
// probability of having stopped by iteration n: with P = 20, 0.765 by n = 100 for a run that improves by a tenth of the
// scale of its noise in each iteration. So it has no level unless a slowest improvement c is named: then P =
// ln(1/level)/c for one window. The default of P overlooks an improvement of c = 0.01 in 5 % of the windows, and a long
// run has many windows. Peeking is built in, and only the patience pays for it.
//
// With a Delta, only values that are better by more than it count; take 2 standard deviations or more where single lucky
// draws should not count as progress. Stops are then earlier than the formulas say. If F is not finite when the patience
// ends, the status is optimize.Failure.
//
// The best value seen is the luckiest: it is below E F there by about s √(2 ln n) for n values with noise of standard
// deviation s. Neither it nor its point should be reported without drawing F anew. It keeps three numbers. Prefer
// Stationary or Window, unless values are exact or very dear.
//
// Reference: R. Ballerini, S. I. Resnick, Records from improving populations, Journal of Applied Probability 22, 1985.
type Patience struct {
	// Iterations is P. If it is 0, 300 is used.
	Iterations int
	// Delta is by how much a value must be below the best to be better, in units of F; 0 is none.
	Delta float64

	best  float64
	since int // iterations since the best
}

// Init implements optimize.Converger.
func (p *Patience) Init(int) {
	checkCount("Patience.Iterations", p.Iterations, 1, "300")
	checkSize("Patience.Delta", p.Delta, "none")
	p.best, p.since = math.Inf(1), 0
}

// Converged implements optimize.Converger.
func (p *Patience) Converged(loc *optimize.Location) optimize.Status {
	if loc.F < p.best-p.Delta {
		p.best, p.since = loc.F, 0
		return optimize.NotTerminated
	}
	if p.since++; p.since < cmp.Or(p.Iterations, 300) {
		return optimize.NotTerminated
	}
	if loc.F-loc.F != 0 {
		return optimize.Failure
	}
	return optimize.FunctionConvergence
}

func (p *Patience) memory() memory {
	return memory{
		counters: []*int{&p.since},
		scalars:  []*float64{&p.best},
	}
}

// MarshalBinary returns the state: the best value and its age. The exported fields are not part of it.
func (p *Patience) MarshalBinary() ([]byte, error) { return p.memory().marshal("Patience") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error p is unchanged.
func (p *Patience) UnmarshalBinary(data []byte) error {
	return unmarshal("Patience", p, (*Patience).memory, nil, data)
}

// PatienceLaw returns the probability that Patience, with the given Iterations and no Delta, has stopped a run by
// iteration n, for independent values that improve by drift in each iteration: exactly, for noise of the Gumbel law of
// scale 1, and at drift 0 for any continuous law. Records are then independent events of probability (1-e^-c)/(1-e^(-ck))
// at iteration k, or 1/k. It takes n times iterations operations. It panics if iterations < 1 or drift < 0.
func PatienceLaw(iterations, n int, drift float64) float64 {
	if iterations < 1 || !(drift >= 0) {
		panic(fmt.Sprintf("stopping: PatienceLaw(%d, %d, %v): want at least one iteration, and a drift >= 0", iterations, n, drift))
	}
	since := make([]float64, iterations) // probability of running, and of so many iterations since the last record
	since[0] = 1
	var stopped float64
	for k := 1; k <= n; k++ {
		record := 1 / float64(k)
		if drift > 0 {
			record = math.Expm1(-drift) / math.Expm1(-drift*float64(k))
		}
		stopped += float64(since[iterations-1] * (1 - record))
		var running float64
		for _, p := range since {
			running += p
		}
		for i := iterations - 1; i > 0; i-- {
			since[i] = since[i-1] * (1 - record)
		}
		since[0] = running * record
	}
	return stopped
}
