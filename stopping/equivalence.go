package stopping

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// Equivalence stops a run at a point where the mean of the gradient has been shown to be small.
//
// At looks whose gaps double it freezes x and draws n gradients there, apart from those of the run: draws at one point
// are independent and have one mean µ and one covariance Σ, which the gradients along a path do not. The null hypothesis
// is that the gradient is not small,
//
//	|Σ^-1/2 µ| >= δ        Margin, in standard deviations of one draw
//	|µ| >= δσ              Margin, where Σ is known to be σ² times the identity
//	max_i |µ_i| >= Δ       Threshold, in units of the gradient
//
// and the run is stopped with optimize.GradientThreshold when it is rejected at the level Level/(k(k+1)) of look k. So the
// probability of ever stopping at a point of the null hypothesis is at most Level, however many looks there are: peeking is
// paid for by the k(k+1), which makes n grow slowly with k. That is exact for normal gradients, and asymptotic in n
// for others.
//
// With Margin, for p variables,
//
//	F = n ḡ'C⁻¹ḡ (n-p)/(p(n-1)) <= q(Level/(k(k+1)); p, n-p, nδ²)
//
// where ḡ and C are mean and covariance of the draws, and q is the quantile of the noncentral F law. Where there are more
// variables than Block, they are tested in blocks, and each must reject: then the null hypothesis is that in some block
// |Σ^-1/2 µ| >= δ, and there is no price for the number of blocks in the level (an intersection-union test), but one in
// power. A variable whose draws are all 0 counts as arrived; if they are all equal and not 0, there is no stop, nor if a
// covariance is singular because variables of a block are bound to each other (see Err). With Sigma there are no blocks,
// and n|ḡ|²/σ² is compared with the quantile of the noncentral χ² law of p degrees of freedom and noncentrality nδ². With
// Threshold, every variable must have |ḡ_i| + t s_i/√n <= Δ, with Student's t for n-1 degrees of freedom: the threshold
// of optimize.Settings, held by the mean in place of one draw. These two need no covariance and may have n <= p.
//
// Power: if Draws is 0, n is the least number with which a look stops at µ = 0 with a probability of 0.8: about 11/δ² for
// one variable and 24/δ² for 16, at the first look, and less than twice that at the ninth. Halfway to the margin it is
// less. At a constant step size the last iterate of a run stays at a distance from the minimum where |Σ^-1/2 µ| is
// of the order of √(α h), α the step of SGD and h the curvature: let the step decay, average the iterates, or choose a
// margin that allows for it.
//
// It costs n draws in a look, and by default as many as the run has iterations up to the first look and a smaller part later.
// It keeps Block and 5 vectors of the length of x; a draw takes as many operations. Prefer it to all else here where draws
// of the gradient can be had at a point of one's choice: it is a statement about the point that is returned.
//
// References: H. Hotelling, The generalization of Student's ratio, Annals of Mathematical Statistics 2, 1931, for F;
// R. L. Berger, J. C. Hsu, Bioequivalence trials, intersection-union tests and equivalence confidence sets, Statistical
// Science 11, 1996, for tests of blocks and the form with Threshold.
type Equivalence struct {
	// Draw stores in grad draw i of the gradient at x. i = 0, 1, ... counts all draws of a run; draws must be independent of
	// each other and of those the method has seen. For a stochopt.Problem p it is, with eval := p.Evaluator(),
	//
	//	func(grad, x []float64, i int) error {
	//		_, err := eval(grad, x, stochopt.Sample{Seed: p.Seed + 1, Step: i}) // a Seed the run does not use
	//		return err
	//	}
	//
	// It must not modify or keep x. An error, or a gradient that is not finite, ends the run with optimize.Failure; see Err.
	Draw func(grad, x []float64, i int) error
	// Margin is δ, in standard deviations of one draw. If it is 0, 0.1 is used.
	Margin float64
	// Threshold, if not 0, is Δ, in units of the gradient, and is tested in place of Margin.
	Threshold float64
	// Sigma, if not 0, is σ: the standard deviation of every component of a draw, known, and without correlation between
	// them.
	Sigma float64
	// Level is the probability of ever stopping where the null hypothesis holds, in (0, 1). If it is 0, 0.05 is used.
	Level float64
	// Draws is n, the number of draws in a look. If it is 0 it is planned as above; with Threshold, for which that needs the
	// standard deviations, 1024 is used.
	Draws int
	// Block is the largest number of variables tested together. If it is 0, 16 is used.
	Block int
	// First is the major iteration of the first look. If it is 0 it is n.
	First int

	looks   int
	n       int // draws in the next look
	k, next int // major iterations so far, and at the next look
	gap     int
	drawn   int
	err     error

	x, g, ref, sum, sq []float64
	blocks             []block
}

// block is a set of variables with their sums of products, of g less the first draw of the look.
type block struct {
	low, high int
	g         *mat.VecDense
	products  *mat.SymDense
}

// Init implements optimize.Converger.
func (e *Equivalence) Init(dim int) {
	if e.Draw == nil {
		panic("stopping: Equivalence.Draw is nil")
	}
	checkSize("Equivalence.Margin", e.Margin, "0.1")
	checkSize("Equivalence.Threshold", e.Threshold, "none")
	if e.Margin != 0 && e.Threshold != 0 {
		panic("stopping: Equivalence has both a Margin and a Threshold")
	}
	checkSize("Equivalence.Sigma", e.Sigma, "unknown")
	if e.Sigma != 0 && e.Threshold != 0 {
		panic("stopping: Equivalence has both a Sigma and a Threshold")
	}
	checkLevel("Equivalence.Level", e.Level)
	checkCount("Equivalence.Block", e.Block, 1, "16")
	size := min(dim, cmp.Or(e.Block, 16))
	switch least := size + 2; {
	case e.Threshold != 0:
		checkCount("Equivalence.Draws", e.Draws, 2, "1024")
	case e.Sigma != 0:
		checkCount("Equivalence.Draws", e.Draws, 1, "a planned number")
	case e.Draws != 0 && e.Draws < least:
		panic(fmt.Sprintf("stopping: Equivalence.Draws = %d, want >= %d for blocks of %d variables", e.Draws, least, size))
	}
	checkCount("Equivalence.First", e.First, 1, "the number of draws")

	e.x = make([]float64, dim)
	e.allocate()
	e.looks, e.k, e.drawn, e.err = 0, 0, 0, nil
	e.n = e.plan()
	e.gap = cmp.Or(e.First, e.n)
	e.next = e.gap
}

// allocate gets the memory for a look at x.
func (e *Equivalence) allocate() {
	dim := len(e.x)
	e.g, e.ref, e.sum, e.sq = make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
	e.blocks = nil
	if e.Threshold == 0 && e.Sigma == 0 {
		size := min(dim, cmp.Or(e.Block, 16))
		for low := 0; low < dim; low += size {
			high := min(dim, low+size)
			e.blocks = append(e.blocks, block{low, high, mat.NewVecDense(high-low, e.g[low:high]), mat.NewSymDense(high-low, nil)})
		}
	}
}

// Err returns the error for which the latest look has not decided: one of Draw, with the status optimize.Failure, or
// that the covariance of the gradient is singular.
func (e *Equivalence) Err() error { return e.err }

// level is that of the next look.
func (e *Equivalence) level() float64 { return spend(cmp.Or(e.Level, 0.05), e.looks+1) }

// plan returns the number of draws in the next look.
func (e *Equivalence) plan() int {
	if e.Draws != 0 {
		return e.Draws
	}
	if e.Threshold != 0 {
		return 1024
	}
	margin, level := cmp.Or(e.Margin, 0.1), e.level()
	if e.Sigma != 0 {
		p := float64(len(e.x))
		return least(0, func(n int) bool {
			q := noncentralChiSquared{p, float64(n) * margin * margin}.Quantile(level)
			return distuv.ChiSquared{K: p}.Survival(q) <= 0.2
		})
	}
	p := e.blocks[0].high - e.blocks[0].low
	return least(p+1, func(n int) bool {
		q := noncentralF{float64(p), float64(n - p), float64(n) * margin * margin}.Quantile(level)
		return distuv.F{D1: float64(p), D2: float64(n - p)}.Survival(q) <= 0.2/float64(len(e.blocks))
	})
}

// least returns the least n > low that is enough, if every greater one is.
func least(low int, enough func(n int) bool) int {
	high := low + 1
	for !enough(high) {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if n := (low + high) / 2; enough(n) {
			high = n
		} else {
			low = n
		}
	}
	return high
}

// Converged implements optimize.Converger.
func (e *Equivalence) Converged(loc *optimize.Location) optimize.Status {
	if e.k++; e.k < e.next {
		return optimize.NotTerminated
	}
	copy(e.x, loc.X)
	small, err := e.look()
	e.err = err
	switch {
	case err != nil && !errors.Is(err, errSingular):
		return optimize.Failure
	case err == nil && small:
		return optimize.GradientThreshold
	}
	e.looks++
	e.n = e.plan()
	e.gap *= 2
	e.next += e.gap
	return optimize.NotTerminated
}

// look draws e.n gradients at e.x and reports whether their mean is shown to be small.
func (e *Equivalence) look() (small bool, err error) {
	clear(e.sum)
	clear(e.sq)
	for _, b := range e.blocks {
		b.products.Zero()
	}
	for j := range e.n {
		err := e.Draw(e.g, e.x, e.drawn)
		if err == nil && slices.ContainsFunc(e.g, func(v float64) bool { return v-v != 0 }) {
			err = errors.New("the gradient is not finite")
		}
		if err != nil {
			return false, fmt.Errorf("stopping: Equivalence: draw %d: %w", e.drawn, err)
		}
		e.drawn++
		if j == 0 {
			copy(e.ref, e.g)
		}
		floats.Sub(e.g, e.ref)
		floats.Add(e.sum, e.g)
		for _, b := range e.blocks {
			b.products.SymRankOne(b.products, 1, b.g)
		}
		if e.Threshold != 0 {
			for i, g := range e.g {
				e.sq[i] += float64(g * g)
			}
		}
	}
	n, margin := float64(e.n), cmp.Or(e.Margin, 0.1)
	switch {
	case e.Threshold != 0:
		return e.below(e.Threshold), nil
	case e.Sigma != 0:
		var square float64 // |ḡ|²
		for i, sum := range e.sum {
			mean := e.ref[i] + sum/n
			square += float64(mean * mean)
		}
		return noncentralChiSquared{float64(len(e.x)), n * margin * margin}.CDF(n*square/e.Sigma/e.Sigma) <= e.level(), nil
	}
	small = true
	for _, b := range e.blocks {
		f, p, err := e.statistic(b)
		if err != nil {
			return false, err
		}
		if p > 0 && !(noncentralF{p, n - p, n * margin * margin}.CDF(f) <= e.level()) {
			small = false
		}
	}
	return small, nil
}

var errSingular = errors.New("stopping: Equivalence: the covariance of the gradient is singular: a smaller Block may help")

// statistic returns F of a block, and how many of its variables have a draw that is not 0.
func (e *Equivalence) statistic(b block) (f, p float64, err error) {
	n := float64(e.n)
	var noisy []int
	for i := range b.high - b.low {
		j := b.low + i
		switch {
		case b.products.At(i, i) > 0:
			noisy = append(noisy, i)
		case e.ref[j] != 0:
			return math.Inf(1), 1, nil // µ is not 0 and known
		}
	}
	if len(noisy) == 0 {
		return 0, 0, nil
	}
	// Means in standard deviations and the matrix of correlations: units do not matter.
	scale, mean := make([]float64, len(noisy)), mat.NewVecDense(len(noisy), nil)
	for a, i := range noisy {
		j := b.low + i
		d := e.sum[j] / n
		scale[a] = math.Sqrt(max(0, b.products.At(i, i)-float64(n*d*d)) / (n - 1))
		if scale[a] == 0 {
			return 0, 0, errSingular
		}
		mean.SetVec(a, (e.ref[j]+d)/scale[a])
	}
	correlation := mat.NewSymDense(len(noisy), nil)
	for a, i := range noisy {
		for c, k := range noisy[:a+1] {
			covariance := (b.products.At(i, k) - e.sum[b.low+i]*e.sum[b.low+k]/n) / (n - 1)
			correlation.SetSym(a, c, covariance/scale[a]/scale[c])
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(correlation) || chol.Cond() > 1e12 {
		return 0, 0, errSingular
	}
	var v mat.VecDense
	if err := chol.SolveVecTo(&v, mean); err != nil {
		return 0, 0, errSingular
	}
	p = float64(len(noisy))
	return n * mat.Dot(mean, &v) * (n - p) / (p * (n - 1)), p, nil
}

// below reports whether all means are shown to be below threshold in absolute value.
func (e *Equivalence) below(threshold float64) bool {
	n := float64(e.n)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - e.level())
	for i, sum := range e.sum {
		d := sum / n
		variance := max(0, e.sq[i]-float64(n*d*d)) / (n - 1)
		if !(math.Abs(e.ref[i]+d)+float64(t*math.Sqrt(variance/n)) <= threshold) {
			return false
		}
	}
	return true
}

func (e *Equivalence) memory() memory {
	return memory{
		counters: []*int{&e.looks, &e.n, &e.k, &e.next, &e.gap, &e.drawn},
		vectors:  []*[]float64{&e.x},
	}
}

// MarshalBinary returns the state: the draws and looks so far. The exported fields are not part of it.
func (e *Equivalence) MarshalBinary() ([]byte, error) { return e.memory().marshal("Equivalence") }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error e is unchanged.
func (e *Equivalence) UnmarshalBinary(data []byte) error {
	err := unmarshal("Equivalence", e, (*Equivalence).memory, nil, data)
	if err == nil {
		e.err = nil
		e.allocate()
	}
	return err
}
