package infer

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/stat/distuv"
)

// BatchMeans records the iterates of a run whose steps decay like t^-a and gives their mean with confidence intervals
// from the scatter of means over batches. Batch k = 0, 1, ... ends with iterate
//
//	e_k = ⌈((k+1) r)^(1/(1-a))⌉
//
// so batches get longer as the iterates forget more slowly: a batch at iterate t has about (r/(1-a)) tᵃ of them. Batch
// 0 is left out with its part of the start.
//
//	Σ̂ = 1/(M-1) Σ n_k (x̄_k - x̄)²,  x̄ ± t_(M-1) √(Σ̂/n)
//
// over the M complete batches k = 1, ..., M of n_k iterates, component by component; n counts all iterates after batch
// 0. Neighbouring batches are correlated, which makes Σ̂ too small: with a = 0.505, r = 6.7 and 20 000 iterates by a
// fifth, so that nominal 95 % intervals cover 92 to 93 %. It needs nothing but the iterates; prefer RandomScaling,
// whose level is better kept, for the intervals, and BatchMeans for a standard error.
//
// It is an optimize.Recorder that takes the major iterations, and can be fed by hand with Add. It keeps five vectors of
// the length of x. A BatchMeans must not be used by two runs at once.
//
// Reference: X. Chen, J. D. Lee, X. T. Tong, Y. Zhang, Statistical inference for model parameters in stochastic gradient
// descent, Annals of Statistics 48, 2020, section 4.2, which divides by M instead of M-1 and takes normal quantiles.
type BatchMeans struct {
	// Power is a in (0, 1), that of the decay of the steps. If it is 0, 0.6 is used.
	Power float64
	// Spread is r > 0. If it is 0, 4 is used: 12 complete batches after 20 000 iterates with a = 0.6.
	Spread float64

	seen, n int       // iterates; those after batch 0
	batch   int       // the present batch
	m       int       // complete batches after 0
	end     int       // e of it
	size    int       // iterates in it
	full    int       // iterates in complete batches after 0
	ref     []float64 // the first iterate after batch 0
	mean    []float64 // of all after batch 0, less ref
	sum     []float64 // over the present batch, less ref
	first   []float64 // Σ n_k x̄_k over complete batches, less ref
	second  []float64 // Σ n_k x̄_k²
}

// Init implements optimize.Recorder. It forgets everything, and panics if Power or Spread is out of its range.
func (b *BatchMeans) Init() error {
	if !(b.Power >= 0 && b.Power < 1) {
		panic(fmt.Sprintf("infer: BatchMeans.Power = %v, want in (0, 1), or 0 for 0.6", b.Power))
	}
	if !(b.Spread >= 0) || math.IsInf(b.Spread, 1) {
		panic(fmt.Sprintf("infer: BatchMeans.Spread = %v, want finite and > 0, or 0 for 4", b.Spread))
	}
	*b = BatchMeans{Power: b.Power, Spread: b.Spread}
	return nil
}

// Record implements optimize.Recorder.
func (b *BatchMeans) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op == optimize.MajorIteration {
		b.Add(loc.X)
	}
	return nil
}

// Add takes the next iterate. It panics if the length of x changes, or if Power or Spread is out of its range.
func (b *BatchMeans) Add(x []float64) {
	if b.seen == 0 {
		b.Init()
		dim := len(x)
		b.ref = make([]float64, dim)
		b.mean, b.sum, b.first, b.second = make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
		b.end = b.ends(0)
	}
	length("BatchMeans.Add", len(x), len(b.ref))
	b.seen++
	b.size++
	if b.batch > 0 {
		if b.n == 0 {
			copy(b.ref, x)
		}
		b.n++
		for i, v := range x {
			v -= b.ref[i]
			b.sum[i] += v
			b.mean[i] += (v - b.mean[i]) / float64(b.n)
		}
	}
	if b.seen < b.end {
		return
	}
	if b.batch > 0 {
		b.m++
		b.full += b.size
		for i, v := range b.sum {
			b.first[i] += v
			b.second[i] += v * v / float64(b.size)
		}
	}
	clear(b.sum)
	b.size = 0
	for b.end <= b.seen {
		b.batch++
		b.end = b.ends(b.batch)
	}
}

// ends is e_k.
func (b *BatchMeans) ends(k int) int {
	e := math.Pow(float64(k+1)*cmp.Or(b.Spread, 4), 1/(1-cmp.Or(b.Power, 0.6)))
	return int(math.Ceil(min(e, 1<<53)))
}

// Batches returns M, the number of complete batches after batch 0.
func (b *BatchMeans) Batches() int { return b.m }

// N returns the number of iterates in the mean.
func (b *BatchMeans) N() int { return b.n }

// Mean returns the mean of the iterates after batch 0, or nil if there is none.
func (b *BatchMeans) Mean() []float64 {
	if b.n == 0 {
		return nil
	}
	mean := make([]float64, len(b.mean))
	for i, v := range b.mean {
		mean[i] = b.ref[i] + v
	}
	return mean
}

// StdErr returns √(Σ̂/n) of component i. It panics if there is no such component or Batches is less than 2.
func (b *BatchMeans) StdErr(i int) float64 {
	if b.m < 2 {
		panic(fmt.Sprintf("infer: BatchMeans.StdErr of %d complete batches, want >= 2", b.m))
	}
	component("BatchMeans.StdErr", i, len(b.mean))
	squares := b.second[i] - b.first[i]*b.first[i]/float64(b.full)
	return math.Sqrt(max(0, squares) / (float64(b.m-1) * float64(b.n)))
}

// Interval returns the confidence interval of component i at a level such as 0.95. It panics as StdErr does, or if the
// level is not in (0, 1).
func (b *BatchMeans) Interval(i int, level float64) (lo, hi float64) {
	checkLevel(level)
	half := b.StdErr(i) * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(b.m - 1)}.Quantile((1+level)/2)
	mean := b.ref[i] + b.mean[i]
	return mean - half, mean + half
}
