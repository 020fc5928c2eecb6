package gradient

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// FiniteSum is an objective that is the mean of many terms, such as a misfit over N data.
//
//	f(x) = (1/N) Σ f_i(x),  i = 0, ..., N-1
//
// Its methods make Oracles that evaluate all terms or a minibatch of them. Each returns a mean, so that step sizes need
// not change with the size of the batch. All but Blocks are unbiased. With S² the variance of the terms at x, divisor N-1, the
// variance of a draw of the value (likewise of a component of the gradient) is
//
//	Full            0
//	Sampled(b)      (S²/b) (1-1/N)
//	Shuffled(b)     (S²/b) (1-b/N)
//	Weighted(b, w)  (1/b) ((1/N²) Σ f_i²/p_i - f²),  p_i = w_i/Σw
//
// SVRG, SARAH, SAG and SAGA make Oracles of it whose variance vanishes at the minimum. SparseSum is for terms that depend on few variables.
type FiniteSum struct {
	// N is the number of terms, > 0.
	N int
	// Term returns f_i(x) and, if grad is not nil, adds the gradient of f_i to grad. It must not modify or keep x. A Term that
	// overwrites grad instead gives the gradient of one term divided by their number; Inspect(fs.Full(), ...) finds it.
	Term func(grad, x []float64, i int) float64
	// Terms, to be set in place of Term, does the same for the sum of the terms that index lists, in one call: for objectives that are
	// faster for many terms at once, as where one product of matrices takes the place of many with a vector. index may be
	// of any length from 1 to N, and must not be modified or kept. s is the Sample of the draw, for terms with randomness of their
	// own, such as dropout; SVRG, SARAH, SAG and SAGA are not made for these.
	Terms func(grad, x []float64, index []int, s stochopt.Sample) float64
}

func (fs FiniteSum) check() {
	if fs.N <= 0 {
		panic(fmt.Sprintf("gradient: FiniteSum.N = %d, want > 0", fs.N))
	}
	if fs.Term == nil && fs.Terms == nil {
		panic("gradient: FiniteSum.Term is nil, and so is Terms")
	}
	if fs.Term != nil && fs.Terms != nil {
		panic("gradient: FiniteSum has Term and Terms, want one of them")
	}
}

// checkBatch panics if b is not a number of terms for the method of that name.
func (fs FiniteSum) checkBatch(name string, b int) {
	fs.check()
	if b <= 0 || b > fs.N {
		panic(fmt.Sprintf("gradient: %s(%d): want a batch of 1 to FiniteSum.N = %d terms", name, b, fs.N))
	}
}

// sum returns the sum of the terms of index and adds its gradient to grad.
func (fs FiniteSum) sum(grad, x []float64, index []int, s stochopt.Sample) float64 {
	if fs.Terms != nil {
		return fs.Terms(grad, x, index, s)
	}
	var sum float64
	for _, i := range index {
		sum += fs.Term(grad, x, i)
	}
	return sum
}

// all returns the indices of all terms for Terms, and nil for Term.
func (fs FiniteSum) all() []int {
	if fs.Terms == nil {
		return nil
	}
	return indices(fs.N)
}

// indices returns 0, ..., n-1.
func indices(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// Full returns the Oracle of the whole sum, which does not depend on the Sample unless the terms do. It panics if a field of fs is not set.
func (fs FiniteSum) Full() stochopt.Oracle {
	fs.check()
	all := fs.all()
	return func(grad, x []float64, s stochopt.Sample) (float64, error) { return fs.full(grad, x, all, s), nil }
}

// full returns the mean of all terms and stores its gradient in grad; all is what fs.all has returned.
func (fs FiniteSum) full(grad, x []float64, all []int, s stochopt.Sample) float64 {
	if fs.Terms != nil {
		return fs.mean(grad, x, all, s)
	}
	clear(grad)
	var sum float64
	for i := range fs.N {
		sum += fs.Term(grad, x, i)
	}
	return mean(grad, sum, fs.N)
}

// mean returns the mean of the terms of index and stores its gradient in grad.
func (fs FiniteSum) mean(grad, x []float64, index []int, s stochopt.Sample) float64 {
	clear(grad)
	return mean(grad, fs.sum(grad, x, index, s), len(index))
}

// Sampled returns the Oracle of minibatches of b terms drawn with replacement: the draws of different Samples are
// independent. It keeps nothing. Prefer Shuffled, whose variance is smaller, unless independence is needed or N is too
// large to keep a permutation. It panics if b is not in [1, N] or a field of fs is not set.
func (fs FiniteSum) Sampled(b int) stochopt.Oracle {
	fs.checkBatch("FiniteSum.Sampled", b)
	return fs.minibatches(&sampling{n: fs.N, b: b})
}

// minibatches returns the Oracle of the means of minibatches.
func (fs FiniteSum) minibatches(m *sampling) stochopt.Oracle {
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		batch := m.take(s)
		defer m.put(batch)
		return fs.mean(grad, x, batch.index, s), nil
	}
}

// Weighted returns the Oracle of minibatches of b terms drawn with replacement, term i with a probability in proportion to
// its weight w_i > 0, and counted the less the more often it is drawn:
//
//	f(x) ≈ (1/b) Σ f_i(x)/(N p_i),  p_i = w_i/Σw
//
// It is unbiased for all weights. The variance of a component of the gradient is least for w_i in proportion to its size
// in term i, which is not known; the usual choice is a bound of it, such as the Lipschitz constant of the gradient of f_i.
// It pays where the terms differ much: with w_i = |∇f_i| the mean squared length of the gradient of one term falls from
// the mean of |∇f_i|² to the square of the mean of |∇f_i|. But a term that is drawn rarely and turns out large
// adds its square over b N² p_i to the variance: if the weights are guesses, add a constant to them, such as their mean.
//
// A draw takes constant time (the alias method). The Oracle keeps 24 bytes a term, and one gradient for each call that is
// under way. gonum's sampleuv.Weighted draws without replacement, and a draw of it changes its state.
//
// Weighted panics if b is not in [1, N], w does not have N elements, a weight is not finite and positive, or a field of fs
// is not set.
//
// Reference: A. J. Walker, An efficient method for generating discrete random variables with general distributions, ACM
// Transactions on Mathematical Software 3(3):253-256, 1977; M. D. Vose, A linear algorithm for generating random numbers
// with a given distribution, IEEE Transactions on Software Engineering 17(9):972-975, 1991; P. Zhao, T. Zhang, Stochastic
// optimization with importance sampling for regularized loss minimization, ICML 2015, for the choice of the weights.
func (fs FiniteSum) Weighted(b int, w []float64) stochopt.Oracle {
	fs.checkBatch("FiniteSum.Weighted", b)
	if len(w) != fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Weighted: %d weights, want FiniteSum.N = %d", len(w), fs.N))
	}
	positive("gradient: FiniteSum.Weighted: weight", w)
	table := newAliasTable(w)
	var terms freelist.Slices[float64] // gradients of one term
	var indices freelist.Slices[int]
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		var term []float64
		if grad != nil {
			term = terms.Take(len(grad))
		}
		one := indices.Take(1)
		defer indices.Put(one)
		clear(grad)
		pcg := stream(s, batches)
		var sum float64
		for range b {
			one[0] = table.draw(&pcg)
			c := 1 / table[one[0]].ratio
			clear(term)
			sum += float64(c * fs.sum(term, x, one, s))
			for m, g := range term {
				grad[m] += float64(c * g)
			}
		}
		if grad != nil {
			terms.Put(term)
		}
		return mean(grad, sum, b), nil
	}
}

// Shuffled returns the Oracle of minibatches of b terms drawn without replacement: the batches of Step = 0, 1, ... walk
// through the terms in a random order, an epoch, and then through them all again in another order.
//
//	batch k    positions p = k b, ..., k b + b-1
//	position p term π_e(p mod N) of epoch e = ⌊p/N⌋
//
// π_e is a shuffle by a stream of its own of the Sample with Step e, so a batch is a function of its Sample alone; every Probe and
// Replicate has epochs of its own. If b = N, it is Full, bit for bit. The mean of the batches of an epoch is the full sum
// when b divides N. When it does not, some batches have m terms of one epoch and b-m of the next, and the variance
// (S²/b) (1-(m²+(b-m)²)/(bN)).
//
// It keeps the permutations in use, the last two of each Probe and Replicate, up to 256 of them and 4 million indices
// (32 MB) together, but always four. Beyond that they are shuffled anew in each call, in a time proportional to N. The
// Oracle panics if the Step of a Sample is negative, Shuffled if b is not in [1, N] or a field of fs is not set.
//
// Reference for the shuffle: D. E. Knuth, The Art of Computer Programming, vol. 2, algorithm 3.4.2 P.
func (fs FiniteSum) Shuffled(b int) stochopt.Oracle {
	fs.checkBatch("FiniteSum.Shuffled", b)
	if b == fs.N {
		return fs.Full()
	}
	return fs.minibatches(shuffling(fs.N, b))
}

// Blocks returns the Oracle of a fixed partition into k blocks, for methods that need to come back to one: Step = i of the
// Sample selects the terms i, i+k, i+2k, ..., which are as many for all blocks or one more, and the rest of it does not matter.
//
//	f_i(x) = (k/N) Σ f_j(x),  j = i, i+k, i+2k, ... < N
//
// The mean of the k blocks is the full sum; if k divides N each is the mean of its terms. A stride keeps blocks alike where the
// terms are sorted. k must be the Terms of method.SFO: fewer Terms leave blocks out, and it finds the minimum of another
// function. It is an error if Step is not in [0, k), as it soon is for a method that does not choose its draws. Blocks panics if k is not in [1, N] or a field of fs is not set.
func (fs FiniteSum) Blocks(k int) stochopt.Oracle {
	fs.check()
	if k <= 0 || k > fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Blocks(%d): want 1 to FiniteSum.N = %d blocks", k, fs.N))
	}
	weight := float64(fs.N) / float64(k)
	var indices freelist.Slices[int]
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if s.Step < 0 || s.Step >= k {
			return math.NaN(), fmt.Errorf("gradient: FiniteSum.Blocks: Sample.Step = %d, want one of the %d blocks; Blocks is for methods that "+
				"choose their draws, such as method.SFO: for others use Shuffled", s.Step, k)
		}
		index := indices.Take((fs.N-s.Step-1)/k + 1)
		defer indices.Put(index)
		for j := range index {
			index[j] = s.Step + j*k
		}
		clear(grad)
		sum := fs.sum(grad, x, index, s)
		for i := range grad {
			grad[i] /= weight
		}
		return sum / weight, nil
	}
}

// mean divides the sums of n terms.
func mean(grad []float64, sum float64, n int) float64 {
	for i := range grad {
		grad[i] /= float64(n)
	}
	return sum / float64(n)
}

// below returns an integer in [0, n), each with the same probability. (D. Lemire, Fast random integer generation in an
// interval, ACM Transactions on Modeling and Computer Simulation 29(1):3, 2019.) rand.Rand would do the same, but allocate.
func below(pcg *rand.PCG, n int) int {
	m := uint64(n)
	hi, lo := bits.Mul64(pcg.Uint64(), m)
	if lo < m {
		for reject := -m % m; lo < reject; {
			hi, lo = bits.Mul64(pcg.Uint64(), m)
		}
	}
	return int(hi)
}
