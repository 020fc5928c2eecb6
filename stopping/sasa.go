package stopping

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// SASA stops a run by the test of SASA+, in which the direction d of the steps balances their length.
//
// It is a heuristic. For steps x_(k+1) = x_k - α d_k the mean of
//
//	Δ_k = x_k·d_k - (α/2)|d_k|² = (|x_k|² - |x_(k+1)|²)/(2α)
//
// is 0 when |x|² is stationary, whatever the method. Every so many iterations the Δ of the latest part of the run are
// averaged, as are those of either half of this part; N being their number, an interval of Student's t is made from the
// means of batches of √N. The run is stopped with optimize.StepConvergence if 0 lies in the intervals about the means of
// both halves, which have the width of that of the whole, and these means are of one sign: the condition of SASA+ for its
// first drop of the step size. α only scales Δ, so it need not be known; it must be constant.
//
// What makes it a heuristic: the right side above telescopes. The mean of Δ over N iterations is (|x_0|² - |x_N|²)/(2αN)
// for every trajectory of every method on every objective, so that the test compares two points, and at stationarity its
// long-run variance is 0: a t of 20 batches has a variance of about 1/20, and "rejection at 5 %" occurs in less than 0.1
// % of the looks. The level has no meaning as one. Δ depends on where x has its origin, and a run at |x| that happens to
// be constant looks arrived. "0 is in the interval" is no proof: short or noisy windows always have it. It is here for
// comparison with published work. Prefer Window, of F or of a variable. It keeps a number for each iteration of the
// latest part, and 1 vector of the length of x.
//
// References: H. Lang, P. Zhang, L. Xiao, Using statistics to automate stochastic optimization, NeurIPS 2019; P. Zhang,
// H. Lang, Q. Liu, L. Xiao, Statistical adaptive stochastic gradient methods, arXiv:2002.10597, 2020, whose code has the
// degrees of freedom √N - 1. S. Yaida, Fluctuation-dissipation relations for stochastic gradient descent, ICLR 2019, for
// the relation.
type SASA struct {
	// Level is that of the intervals, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Part is the latest part of the run that is looked at, in (0, 1]. If it is 0, 1/8 is used.
	Part float64
	// Least is the least number of Δ for a look, at least 16. If it is 0, 1000 is used.
	Least int
	// Every is the number of major iterations from look to look. If it is 0, 100 is used.
	Every int

	k      int
	square float64   // |x|² in the iteration before
	delta  []float64 // 2αΔ of at least the latest part
}

// Init implements optimize.Converger.
func (s *SASA) Init(int) {
	checkLevel("SASA.Level", s.Level)
	if !(s.Part >= 0 && s.Part <= 1) {
		panic(fmt.Sprintf("stopping: SASA.Part = %v, want in (0, 1], or 0 for 1/8", s.Part))
	}
	checkCount("SASA.Least", s.Least, 16, "1000")
	checkCount("SASA.Every", s.Every, 1, "100")
	s.k, s.square, s.delta = 0, 0, s.delta[:0]
}

// Converged implements optimize.Converger.
func (s *SASA) Converged(loc *optimize.Location) optimize.Status {
	square := floats.Dot(loc.X, loc.X)
	if s.k > 0 {
		s.delta = append(s.delta, s.square-square)
	}
	s.square = square
	s.k++
	n := int(cmp.Or(s.Part, 0.125) * float64(s.k-1))
	if len(s.delta) > 2*n+1000 { // n grows by less than 1 in an iteration
		s.delta = append(s.delta[:0], s.delta[len(s.delta)-n:]...)
	}
	if s.k%cmp.Or(s.Every, 100) != 0 || n < cmp.Or(s.Least, 1000) {
		return optimize.NotTerminated
	}
	if delta := s.delta[len(s.delta)-n:]; s.balanced(delta) {
		return optimize.StepConvergence
	}
	return optimize.NotTerminated
}

// balanced is the test.
func (s *SASA) balanced(delta []float64) bool {
	n := len(delta)
	width := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: math.Floor(math.Sqrt(float64(n))) - 1}.Quantile(1-cmp.Or(s.Level, 0.05)/2) * batchError(delta)
	early, late := stat.Mean(delta[:n/2], nil), stat.Mean(delta[n/2:], nil)
	return math.Abs(early) < width && math.Abs(late) < width && early*late > 0
}

// batchError returns the standard error of the mean of v by the means of batches of ⌊√n⌋.
func batchError(v []float64) float64 {
	size := int(math.Sqrt(float64(len(v))))
	mean := stat.Mean(v, nil)
	var sum float64
	count := len(v) / size
	for b := range count {
		d := stat.Mean(v[b*size:][:size], nil) - mean
		sum += float64(d * d)
	}
	return math.Sqrt(float64(size) * sum / float64(count-1) / float64(len(v)))
}

func (s *SASA) memory() memory {
	return memory{
		counters: []*int{&s.k},
		scalars:  []*float64{&s.square},
		vectors:  []*[]float64{&s.delta},
	}
}

// MarshalBinary returns the state: the Δ that are kept, the last |x|², and the number of iterations. The exported fields are not
// part of it.
func (s *SASA) MarshalBinary() ([]byte, error) { return s.memory().marshal("SASA") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error s is unchanged.
func (s *SASA) UnmarshalBinary(data []byte) error {
	return unmarshal("SASA", s, (*SASA).memory, nil, data)
}
