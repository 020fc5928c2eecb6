package stopping

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Trend stops a run when F has been shown to have no more than a small trend.
//
// Looks are made after N = First, 2 First, 4 First, ... major iterations, at the means y_1, ..., y_m of m = Blocks equal
// blocks of the latest half of the run. The null hypothesis is that the mean of F has a slope of at least
//
//	δ = Tolerance in units of F per iteration, or such that F moves by Drop standard deviations over the m blocks
//
// down or up, where the standard deviation is that of single values within blocks. The run is stopped with
// optimize.FunctionConvergence if the confidence interval for the slope, each of whose ends errs with probability
// Level/(k(k+1)) at look k, lies within ±δ, and the test of Mann and Kendall at 5 % sees no trend. "No significant trend"
// alone, the usual reading of that test, is no proof of anything: few or noisy values never have one. The interval makes
// the probability of ever stopping in a window with a trend of δ at most Level, peeking included.
//
// The interval is that of Theil and Sen, by the exact law of Kendall's S, or with LeastSquares that of the regression
// line by Student's t with m-2 degrees of freedom, and the t-test in place of that of Mann and Kendall. The first holds
// for any law of the block means that is continuous and the same for all, the second for normal ones. Under a constant
// slope both are exact if blocks are independent: a block must be several times as long as the correlation time of F.
// Values at the iterates of SGD depend on each other like an AR(1) sequence with φ of about 1 - αh, α the step and h a
// curvature: tests of 5 % on single values then err in 19 % at φ = 0.6 and 36 % at 0.9 (50 values). First/(2 Blocks) is
// the length of the first blocks, which doubles from look to look.
//
// F that stands still is found to do so in half of the looks when (t + 0.7) standard errors of the slope are δ: with Drop and
// independent values after about 24 (t + 0.7)²/Drop² iterations, some 1000 at the defaults.
// It keeps Blocks numbers, and Blocks²/2 slopes in a look. Prefer Window for jumps and wandering, Trend for slow steady
// progress, to which it is the more sensitive.
//
// References: H. B. Mann, Econometrica 13, 1945; M. G. Kendall, Rank correlation methods, 1948; H. Theil, Proceedings of the
// Royal Netherlands Academy of Sciences 53, 1950; P. K. Sen, Journal of the American Statistical Association 63, 1968.
type Trend struct {
	// Tolerance, if not 0, is δ, in units of F per major iteration.
	Tolerance float64
	// Drop gives δ, if Tolerance is 0, in standard deviations of a single value over the window. If it is 0, 0.5 is used.
	Drop float64
	// Level is the probability of a false stop over a whole run, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// LeastSquares takes the regression line in place of Theil's and Sen's.
	LeastSquares bool
	// Blocks is m, the number of blocks in a window, at most 60. If it is 0, 32 is used.
	Blocks int
	// First is the number of major iterations before the first look, a multiple of 2 Blocks. If it is 0, 4 Blocks is used.
	First int

	looks   int
	k, skip int // major iterations so far, and before the window
	n, size int // values in the window so far, and in a block
	y       []float64
	ref     float64 // first value of the window
	squares float64 // sum of those of single values less ref
}

// Init implements optimize.Converger.
func (t *Trend) Init(int) {
	checkSize("Trend.Tolerance", t.Tolerance, "Drop")
	checkSize("Trend.Drop", t.Drop, "0.5")
	if t.Tolerance != 0 && t.Drop != 0 {
		panic("stopping: Trend has both a Tolerance and a Drop")
	}
	checkLevel("Trend.Level", t.Level)
	checkCount("Trend.Blocks", t.Blocks, 4, "32")
	m := cmp.Or(t.Blocks, 32)
	if m > exactKendall {
		panic(fmt.Sprintf("stopping: Trend.Blocks = %d, want <= %d", m, exactKendall))
	}
	checkMultiple("Trend.First", t.First, 2*m)
	first := cmp.Or(t.First, 4*m)
	t.y = zeros(t.y, m)
	t.looks, t.k, t.skip = 0, 0, first/2
	t.size = first / 2 / m
	t.n, t.squares = 0, 0
}

// Converged implements optimize.Converger.
func (t *Trend) Converged(loc *optimize.Location) optimize.Status {
	if t.k++; t.k <= t.skip {
		return optimize.NotTerminated
	}
	if t.n == 0 {
		t.ref, t.squares = loc.F, 0
		clear(t.y)
	}
	v := loc.F - t.ref
	t.y[t.n/t.size] += v / float64(t.size)
	t.squares += float64(v * v)
	if t.n++; t.n < len(t.y)*t.size {
		return optimize.NotTerminated
	}
	t.looks++
	stop := t.look(spend(cmp.Or(t.Level, 0.05), t.looks))
	t.n = 0
	t.size *= 2
	if stop {
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

func (t *Trend) look(level float64) bool {
	if slices.ContainsFunc(t.y, func(v float64) bool { return v-v != 0 }) {
		return false
	}
	m := float64(len(t.y))
	delta := t.Tolerance * float64(t.size) // per block
	if t.Tolerance == 0 {
		var blocks float64 // sum of squares of block means
		for _, y := range t.y {
			blocks += float64(y * y)
		}
		delta = cmp.Or(t.Drop, 0.5) / m * t.deviation(blocks)
	}
	if t.LeastSquares {
		slope, se := Line(t.y)
		student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: m - 2}
		return math.Abs(slope)+float64(student.Quantile(1-level)*se) <= delta && math.Abs(slope) <= student.Quantile(0.975)*se
	}
	_, low, high := TheilSen(t.y, 2*level)
	_, fall, rise := MannKendall(t.y)
	return -delta <= low && high <= delta && min(fall, rise) > 0.025
}

// deviation returns the standard deviation of single values: about their block means, or, of blocks of one, about the mean.
func (t *Trend) deviation(blocks float64) float64 {
	if t.size > 1 {
		return math.Sqrt(max(0, t.squares-float64(t.size)*blocks) / float64(t.n-len(t.y)))
	}
	return stat.StdDev(t.y, nil)
}

func (t *Trend) memory() memory {
	return memory{
		counters: []*int{&t.looks, &t.k, &t.skip, &t.n, &t.size},
		scalars:  []*float64{&t.ref, &t.squares},
		vectors:  []*[]float64{&t.y},
	}
}

func (t *Trend) sound() bool { return t.n == 0 || t.n < len(t.y)*t.size }

// MarshalBinary returns the state: the present window, and what is counted. The exported fields are not part of it.
func (t *Trend) MarshalBinary() ([]byte, error) { return t.memory().marshal("Trend") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error t is unchanged.
func (t *Trend) UnmarshalBinary(data []byte) error {
	return unmarshal("Trend", t, (*Trend).memory, (*Trend).sound, data)
}

// exactKendall is the greatest length for which the law of S is computed.
const exactKendall = 60

// MannKendall returns Kendall's S of a sequence, the number of pairs that rise less those that fall, and the
// probabilities that independent values of one continuous law have an S no greater (fall, the level at which a falling
// trend is significant) or no less (rise). They are exact for up to 60 values without ties, and otherwise those of the
// normal law with Kendall's correction for ties and for continuity,
//
//	Z = (S - sign S)/√(n(n-1)(2n+5)/18 - Σ t(t-1)(2t+5)/18)
//
// for groups of t equal values. Autocorrelated values look like trends: see Trend. It takes n² comparisons.
func MannKendall(y []float64) (s int, fall, rise float64) {
	for j := range y {
		for i := range j {
			s += cmp.Compare(y[j], y[i])
		}
	}
	n := len(y)
	ties := tieSum(y)
	if ties == 0 && n <= exactKendall {
		law := kendall(n)
		falling := (n*(n-1)/2 - s) / 2 // pairs
		for q, p := range law {
			if q >= falling {
				fall += p
			}
			if q <= falling {
				rise += p
			}
		}
		return s, min(fall, 1), min(rise, 1)
	}
	variance := (float64(n)*float64(n-1)*float64(2*n+5) - ties) / 18
	if variance <= 0 {
		return s, 1, 1 // all values are equal
	}
	sd := math.Sqrt(variance)
	return s, distuv.UnitNormal.CDF(float64(s+1) / sd), distuv.UnitNormal.Survival(float64(s-1) / sd)
}

// tieSum returns Σ t(t-1)(2t+5) over the groups of t equal values.
func tieSum(y []float64) float64 {
	sorted := slices.Sorted(slices.Values(y))
	var sum float64
	for i := 0; i < len(sorted); {
		j := i
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		t := float64(j - i)
		sum += t * (t - 1) * (2*t + 5)
		i = j
	}
	return sum
}

// kendall returns the law of the number of falling pairs among n independent values of one continuous law: the sum of
// independent uniform numbers from {0, ..., k-1}, k = 2, ..., n.
func kendall(n int) []float64 {
	law := []float64{1}
	for k := 2; k <= n; k++ {
		next := make([]float64, len(law)+k-1)
		var sum float64
		for q := range next {
			if q < len(law) {
				sum += law[q]
			}
			if q >= k {
				sum -= law[q-k]
			}
			next[q] = max(0, sum) / float64(k)
		}
		law = next
	}
	return law
}

// TheilSen returns the median of the slopes (y_j - y_i)/(j - i), per step of the index, and a confidence interval for the
// slope: for independent deviations of one continuous law from a line, each of its ends errs with probability at most
// level/2. It is exact, and infinite where no slope can be excluded at that level. TheilSen panics for fewer than 2
// values, or more than 60.
func TheilSen(y []float64, level float64) (slope, low, high float64) {
	if len(y) < 2 || len(y) > exactKendall {
		panic("stopping: TheilSen takes 2 to 60 values")
	}
	slopes := make([]float64, 0, len(y)*(len(y)-1)/2)
	for j := range y {
		for i := range j {
			slopes = append(slopes, (y[j]-y[i])/float64(j-i))
		}
	}
	slices.Sort(slopes)
	n := len(slopes)
	slope = (slopes[(n-1)/2] + slopes[n/2]) / 2
	// The number of slopes below the true one has Kendall's law.
	k, sum := 0, 0.0
	for _, p := range kendall(len(y)) {
		if sum += p; sum > level/2 {
			break
		}
		k++
	}
	if k == 0 {
		return slope, math.Inf(-1), math.Inf(1)
	}
	return slope, slopes[k-1], slopes[n-k]
}

// Line returns the slope of the regression line of y on its index, and its standard error for independent deviations of
// equal variance, with len(y)-2 degrees of freedom. It wants at least three values.
func Line(y []float64) (slope, se float64) {
	x := make([]float64, len(y))
	for i := range x {
		x[i] = float64(i)
	}
	intercept, slope := stat.LinearRegression(x, y, nil, false)
	var residual float64
	for i, v := range y {
		d := v - intercept - float64(slope*x[i])
		residual += float64(d * d)
	}
	n := float64(len(y))
	return slope, math.Sqrt(residual / (n - 2) * 12 / (n * (n*n - 1)))
}
