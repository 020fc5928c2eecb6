package stopping

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// Plateau stops a run when F has not improved on its best window for a while.
//
// A window is ten batches of B values of F. It is an improvement if its mean is below that of the best window so far by
// more than r |best| + a and 2.55 standard errors of the difference besides. Those are taken from the spread of the
// batches' means, and 1 % of windows exceed them without any change. The best window is replaced by improvements alone,
// so that slow progress adds up. After P windows in a row without an improvement the run is stopped with
// optimize.FunctionConvergence.
//
// The null hypothesis is that F falls, and how fast is what the level depends on. With independent values of standard
// deviation σ and P = 10, the 10 windows after the best are taken for a plateau with probability 0.93 if the values do
// not change, 0.42 if they fall by 3σ/√(10B) in that time, 0.013 if by 6σ/√(10B). A batch should be longer than the values
// remember one another, some 1/αh steps of SGD where h is the least curvature that matters; otherwise noise takes part in
// improvements and delays the stop. F may have any sign: the margin is r |best| because (1-r) best, which other
// programs compare with, is above best if that is negative. It keeps nine numbers.
//
// Prefer it to Patience, which goes by single values. Around a Rule, method.DropWhenStationary with this test shortens
// steps on plateaus, as the schedulers named ReduceLROnPlateau in programs for neural networks do. With epochs of E
// values, their usual settings (factor 0.1, patience 10, threshold 1e-4) are
//
//	&method.DropWhenStationary{
//		Rule:   &stochopt.Adam{},
//		Test:   &stopping.Plateau{Batch: E / 10, Patience: 11},
//		Factor: 0.1,
//	}
//
// Patience is one more than theirs, since they act on the epoch after the last that is allowed. What differs: F is the
// mean of the values met while training, not a loss on other data; an improvement must also stand out of the noise; the
// best begins afresh after each drop, where they keep it; windows grow like the inverse of the step; there is no
// cooldown; and Minimum is a factor of StepSize, where min_lr is a step.
type Plateau struct {
	// Patience is P, in windows. If it is 0, 10 is used.
	Patience int
	// Relative is r, without unit. If it is 0, 1e-4 is used; NaN is none.
	Relative float64
	// Absolute is a, in units of F; 0 is none.
	Absolute float64
	// Batch is B. If it is 0, 10 is used.
	Batch int

	n, bad, known int     // values in the window; windows without an improvement; 1 if there is a best window
	sum           float64 // of the values of the batch, over B
	now, best     running // of the means of the batches in the window; in the best window
}

// plateauBatches is how many there are in a window of Plateau.
const plateauBatches = 10

// Init implements optimize.Converger.
func (p *Plateau) Init(int) {
	checkCount("Plateau.Patience", p.Patience, 1, "10")
	if !math.IsNaN(p.Relative) {
		checkSize("Plateau.Relative", p.Relative, "1e-4")
	}
	checkSize("Plateau.Absolute", p.Absolute, "none")
	checkCount("Plateau.Batch", p.Batch, 1, "10")
	p.n, p.bad, p.known = 0, 0, 0
	p.sum, p.now, p.best = 0, running{}, running{}
}

// Converged implements optimize.Converger.
func (p *Plateau) Converged(loc *optimize.Location) optimize.Status {
	batch := cmp.Or(p.Batch, 10)
	p.sum += loc.F / float64(batch)
	if p.n++; p.n%batch != 0 {
		return optimize.NotTerminated
	}
	p.now.add(p.sum)
	p.sum = 0
	if p.n < batch*plateauBatches {
		return optimize.NotTerminated
	}
	finite := p.now.mean-p.now.mean == 0
	if p.known == 0 && finite || p.improved() {
		p.known, p.best, p.bad = 1, p.now, 0
	} else {
		p.bad++
	}
	p.n, p.now = 0, running{}
	if p.bad < cmp.Or(p.Patience, 10) {
		return optimize.NotTerminated
	}
	if !finite {
		return optimize.Failure
	}
	return optimize.FunctionConvergence
}

// improved compares the window that has ended with the best.
func (p *Plateau) improved() bool {
	// Student's law with 18 degrees of freedom exceeds it with probability 1 %.
	const t = 2.552
	r := cmp.Or(p.Relative, 1e-4)
	if math.IsNaN(r) {
		r = 0
	}
	noise := t * math.Sqrt((p.now.ss+p.best.ss)/(plateauBatches*(plateauBatches-1)))
	return p.best.mean-p.now.mean > float64(r*math.Abs(p.best.mean))+p.Absolute+noise
}

func (p *Plateau) memory() memory {
	return memory{
		counters: []*int{&p.n, &p.bad, &p.known, &p.now.n, &p.best.n},
		scalars:  []*float64{&p.sum, &p.now.mean, &p.now.ss, &p.best.mean, &p.best.ss},
	}
}

// MarshalBinary returns the state: the window, the best, and what they count. The exported fields are not part of it.
func (p *Plateau) MarshalBinary() ([]byte, error) { return p.memory().marshal("Plateau") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error p is unchanged.
func (p *Plateau) UnmarshalBinary(data []byte) error {
	return unmarshal("Plateau", p, (*Plateau).memory, nil, data)
}
