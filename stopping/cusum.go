package stopping

import (
	"cmp"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// CUSUM stops a run when a cumulative sum chart of F has seen no improvement for a design run length.
//
// The means y of Block values of F are standardized by the mean and the standard deviation of a reference window of the
// first Reference of them. Then
//
//	C ← max(0, C - z - k),  z = (y - mean)/sd
//
// An alarm, C >= h, is an improvement: a new reference window begins. If there is none in Length blocks the run is
// stopped with optimize.FunctionConvergence. The null hypothesis is that F has fallen by s standard deviations of a
// block, or more, since the reference window. Then a chart has an alarm after RunLength(k, h, s) blocks on average, with
// about exponential tails, and a false stop has the probability exp(-Length/RunLength(k, h, s)). At the defaults, and
// with a known reference, that is below 10^-5 for s >= 0.5, 0.012 for 0.25, and 0.15 for 0.1. The reference window of 100
// has an error of 0.1 of its own: with it, 0.0005, 0.05 and 0.19 were measured. Of steady falls that amount to 0.5
// standard deviations over Length blocks 3 % were overlooked, of 0.25 14 %. On flat noise a chart passes with probability
// e^-1 = 0.37, if Length is the mean run length of false alarms, which is its default, and otherwise tries again: peeking
// is part of the design, and such run lengths are its error. Values that depend on each other have many more alarms:
// Block must be several times their correlation time. A rise of F is not seen, as in every test for improvement; a value
// that is not finite begins a new reference window.
//
// It keeps seven numbers. Prefer Window or Trend, whose levels are for a whole run, unless steps are what is to be seen
// early.
//
// References: E. S. Page, Continuous inspection schemes, Biometrika 41, 1954; D. Siegmund, Sequential analysis, 1985, for the
// run length.
type CUSUM struct {
	// Slack is k, half of the fall to be seen, in standard deviations of a block. If it is 0, 0.5 is used.
	Slack float64
	// Threshold is h, in standard deviations of a block. If it is 0, 4 is used.
	Threshold float64
	// Reference is the number of blocks in the reference window. If it is 0, 100 is used.
	Reference int
	// Length is the number of blocks without an alarm that ends the run. If it is 0, RunLength(k, h, 0) is used, rounded up:
	// 339 at the defaults.
	Length int
	// Block is the number of values in a block mean. If it is 0, 1 is used.
	Block int

	length    int
	reference running
	c         float64
	quiet     int     // blocks since the reference window
	sum       float64 // of the present block
	n         int     // values in it
}

// Init implements optimize.Converger.
func (c *CUSUM) Init(int) {
	checkSize("CUSUM.Slack", c.Slack, "0.5")
	checkSize("CUSUM.Threshold", c.Threshold, "4")
	checkCount("CUSUM.Reference", c.Reference, 2, "100")
	checkCount("CUSUM.Length", c.Length, 1, "the mean run length of false alarms")
	checkCount("CUSUM.Block", c.Block, 1, "1")
	c.length = c.Length
	if c.length == 0 {
		c.length = int(math.Ceil(RunLength(cmp.Or(c.Slack, 0.5), cmp.Or(c.Threshold, 4), 0)))
	}
	c.reference, c.c, c.quiet, c.sum, c.n = running{}, 0, 0, 0, 0
}

// Converged implements optimize.Converger.
func (c *CUSUM) Converged(loc *optimize.Location) optimize.Status {
	c.sum += loc.F
	if c.n++; c.n < cmp.Or(c.Block, 1) {
		return optimize.NotTerminated
	}
	y := c.sum / float64(c.n)
	c.sum, c.n = 0, 0
	if c.reference.n < cmp.Or(c.Reference, 100) {
		c.reference.add(y)
		return optimize.NotTerminated
	}
	z := (y - c.reference.mean) / math.Sqrt(c.reference.variance())
	if y == c.reference.mean {
		z = 0 // where there is no noise at all
	}
	if z-z != 0 && !(z < 0) {
		c.reference, c.c, c.quiet = running{}, 0, 0 // F is not finite, or has no noise and rises
		return optimize.NotTerminated
	}
	if c.c = max(0, c.c-z-cmp.Or(c.Slack, 0.5)); c.c >= cmp.Or(c.Threshold, 4) {
		c.reference, c.c, c.quiet = running{}, 0, 0
		return optimize.NotTerminated
	}
	if c.quiet++; c.quiet < c.length {
		return optimize.NotTerminated
	}
	return optimize.FunctionConvergence
}

func (c *CUSUM) memory() memory {
	return memory{
		counters: []*int{&c.length, &c.reference.n, &c.quiet, &c.n},
		scalars:  []*float64{&c.reference.mean, &c.reference.ss, &c.c, &c.sum},
	}
}

// MarshalBinary returns the state: the chart, its reference window, and the present block. The exported fields are not part of it.
func (c *CUSUM) MarshalBinary() ([]byte, error) { return c.memory().marshal("CUSUM") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error c is unchanged.
func (c *CUSUM) UnmarshalBinary(data []byte) error {
	return unmarshal("CUSUM", c, (*CUSUM).memory, nil, data)
}

// RunLength returns the mean number of independent normal values until an alarm of a cumulative sum chart with slack k and
// threshold h, where the mean has moved by shift standard deviations in the direction that is watched:
//
//	(exp(-2Db) + 2Db - 1)/(2D²),  D = shift - k, b = h + 1.166
//
// and b² at D = 0: Siegmund's approximation, which errs by about 1 %. RunLength(0.5, 4, 0) = 338, and with a shift of 1
// it is 8.3.
func RunLength(k, h, shift float64) float64 {
	d, b := shift-k, h+1.166
	if u := 2 * d * b; math.Abs(u) > 1e-4 {
		return (math.Expm1(-u) + u) / (2 * d * d)
	}
	return b * b * (1 - 2*d*b/3)
}
