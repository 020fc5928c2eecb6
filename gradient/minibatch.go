package gradient

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sync"

	"github.com/stochopt/stochopt"
	"gonum.org/v1/gonum/floats"
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
// SVRG, SARAH, SAG and SAGA make Oracles of it whose variance vanishes at the minimum.
type FiniteSum struct {
	// N is the number of terms, > 0.
	N int
	// Term returns f_i(x) and, if grad is not nil, adds the gradient of f_i to grad. It must not modify or keep x.
	Term func(grad, x []float64, i int) float64
}

func (fs FiniteSum) check() {
	if fs.N <= 0 {
		panic(fmt.Sprintf("gradient: FiniteSum.N = %d, want > 0", fs.N))
	}
	if fs.Term == nil {
		panic("gradient: FiniteSum.Term is nil")
	}
}

// Full returns the Oracle of the whole sum, which does not depend on the Sample. It panics if a field of fs is not set.
func (fs FiniteSum) Full() stochopt.Oracle {
	fs.check()
	return func(grad, x []float64, _ stochopt.Sample) (float64, error) { return fs.full(grad, x), nil }
}

func (fs FiniteSum) full(grad, x []float64) float64 {
	clear(grad)
	var sum float64
	for i := range fs.N {
		sum += fs.Term(grad, x, i)
	}
	return mean(grad, sum, fs.N)
}

// Sampled returns the Oracle of minibatches of b terms drawn with replacement: the draws of different Samples are
// independent. It keeps nothing. Prefer Shuffled, whose variance is smaller, unless independence is needed or N is too
// large to keep a permutation. It panics if b is not in [1, N] or a field of fs is not set.
func (fs FiniteSum) Sampled(b int) stochopt.Oracle {
	fs.check()
	if b <= 0 || b > fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Sampled(%d): want a batch of 1 to FiniteSum.N = %d terms", b, fs.N))
	}
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		clear(grad)
		pcg := stream(s, batches)
		var sum float64
		for range b {
			sum += fs.Term(grad, x, below(&pcg, fs.N))
		}
		return mean(grad, sum, b), nil
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
	fs.check()
	if b <= 0 || b > fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Weighted(%d): want a batch of 1 to FiniteSum.N = %d terms", b, fs.N))
	}
	if len(w) != fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Weighted: %d weights, want FiniteSum.N = %d", len(w), fs.N))
	}
	positive("gradient: FiniteSum.Weighted: weight", w)
	table := newAliasTable(w)
	var mu sync.Mutex
	var free [][]float64 // gradients of one term
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		var term []float64
		if grad != nil {
			mu.Lock()
			if n := len(free); n > 0 {
				term, free = free[n-1], free[:n-1]
			}
			mu.Unlock()
			if len(term) != len(grad) {
				term = make([]float64, len(grad))
			}
		}
		clear(grad)
		pcg := stream(s, batches)
		var sum float64
		for range b {
			i := table.draw(&pcg)
			c := 1 / table[i].ratio
			clear(term)
			sum += float64(c * fs.Term(term, x, i))
			for m, g := range term {
				grad[m] += float64(c * g)
			}
		}
		if grad != nil {
			mu.Lock()
			free = append(free, term)
			mu.Unlock()
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
	fs.check()
	if b <= 0 || b > fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Shuffled(%d): want a batch of 1 to FiniteSum.N = %d terms", b, fs.N))
	}
	if b == fs.N {
		return fs.Full()
	}
	orders := &permutations{n: fs.N, keep: min(256, max(4, (1<<22)/fs.N))}
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if s.Step < 0 {
			panic(fmt.Sprintf("gradient: FiniteSum.Shuffled: Sample.Step = %d, want >= 0", s.Step))
		}
		clear(grad)
		// Step*b may not fit an int; the epoch does, since b <= N.
		hi, lo := bits.Mul64(uint64(s.Step), uint64(b))
		epoch, first := bits.Div64(hi, lo, uint64(fs.N))
		s.Step = int(epoch)
		at := int(first)
		n := min(b, fs.N-at)
		sum := fs.part(grad, x, 0, orders, s, at, n)
		if n < b {
			s.Step++
			sum = fs.part(grad, x, sum, orders, s, 0, b-n)
		}
		return mean(grad, sum, b), nil
	}
}

// Blocks returns the Oracle of a fixed partition into k blocks, for methods that need to come back to one: Step = i of the
// Sample selects the terms i, i+k, i+2k, ..., which are as many for all blocks or one more, and the rest of it does not matter.
//
//	f_i(x) = (k/N) Σ f_j(x),  j = i, i+k, i+2k, ... < N
//
// The mean of the k blocks is the full sum; if k divides N each is the mean of its terms. A stride keeps blocks alike where the
// terms are sorted. It is an error if Step is not in [0, k), as it soon is for a method that does not choose its draws.
// Blocks panics if k is not in [1, N] or a field of fs is not set.
func (fs FiniteSum) Blocks(k int) stochopt.Oracle {
	fs.check()
	if k <= 0 || k > fs.N {
		panic(fmt.Sprintf("gradient: FiniteSum.Blocks(%d): want 1 to FiniteSum.N = %d blocks", k, fs.N))
	}
	weight := float64(fs.N) / float64(k)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		if s.Step < 0 || s.Step >= k {
			return math.NaN(), fmt.Errorf("gradient: FiniteSum.Blocks: Sample.Step = %d, want one of the %d blocks; Blocks is for methods that "+
				"choose their draws, such as method.SFO: for others use Shuffled", s.Step, k)
		}
		clear(grad)
		var sum float64
		for i := s.Step; i < fs.N; i += k {
			sum += fs.Term(grad, x, i)
		}
		for i := range grad {
			grad[i] /= weight
		}
		return sum / weight, nil
	}
}

// part adds the n terms from position at on of the epoch s to grad and sum.
func (fs FiniteSum) part(grad, x []float64, sum float64, orders *permutations, s stochopt.Sample, at, n int) float64 {
	p := orders.get(s)
	defer orders.put(p)
	for _, i := range p.index[at : at+n] {
		sum += fs.Term(grad, x, i)
	}
	return sum
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

// aliasTable draws index i with a given probability p_i. Every index has a column of height 1, which it shares with one
// other, its alias: a draw chooses a column, and the index itself with the probability own.
type aliasTable []struct {
	ratio float64 // N p_i
	own   float64
	alias int
}

// newAliasTable returns the table of the probabilities w/Σw.
func newAliasTable(w []float64) aliasTable {
	t := make(aliasTable, len(w))
	largest := floats.Max(w) // by which all are divided, or their sum may overflow
	var mean float64
	for _, v := range w {
		mean += v / largest / float64(len(w))
	}
	var low, high []int // columns not full; full or more
	for i, v := range w {
		r := v / largest / mean
		t[i].ratio, t[i].own, t[i].alias = r, r, i
		if r < 1 {
			low = append(low, i)
		} else {
			high = append(high, i)
		}
	}
	for len(low) > 0 && len(high) > 0 {
		i, j := low[len(low)-1], high[len(high)-1]
		low = low[:len(low)-1]
		t[i].alias = j
		t[j].own -= 1 - t[i].own // what j fills of column i
		if t[j].own < 1 {
			high = high[:len(high)-1]
			low = append(low, j)
		}
	}
	// The columns that are left are full but for rounding, and each is its own alias.
	return t
}

func (t aliasTable) draw(pcg *rand.PCG) int {
	i := below(pcg, len(t))
	if float64(pcg.Uint64()>>11)*0x1p-53 < t[i].own {
		return i
	}
	return t[i].alias
}

// permutations is a store of shuffled epochs. What it returns does not depend on what it stores.
type permutations struct {
	n    int // indices of each
	keep int // how many to keep

	mu    sync.Mutex
	clock int
	all   []*permutation
}

type permutation struct {
	epoch stochopt.Sample // the Sample of the shuffle, whose Step is the epoch
	users int             // calls that read index; guarded by permutations.mu
	used  int             // clock of the last get; likewise

	mu    sync.Mutex // held while index is made
	made  bool
	index []int
}

// get returns the permutation of an epoch; it must be put back.
func (ps *permutations) get(epoch stochopt.Sample) *permutation {
	p := ps.take(epoch)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.made {
		pcg := stream(epoch, batches)
		for i := range p.index {
			p.index[i] = i
		}
		for i := ps.n - 1; i > 0; i-- {
			j := below(&pcg, i+1)
			p.index[i], p.index[j] = p.index[j], p.index[i]
		}
		p.made = true
	}
	return p
}

// take finds a permutation or gives up one for it that no call reads: of the same sequence of epochs, if it has two
// already, else of any when the store is full.
func (ps *permutations) take(epoch stochopt.Sample) *permutation {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.clock++
	var oldest, own *permutation // not in use
	relatives := 0
	for _, p := range ps.all {
		if p.epoch == epoch {
			p.users++
			p.used = ps.clock
			return p
		}
		related := p.epoch.Seed == epoch.Seed && p.epoch.Probe == epoch.Probe && p.epoch.Replicate == epoch.Replicate
		if related {
			relatives++
		}
		if p.users > 0 {
			continue
		}
		if oldest == nil || p.used < oldest.used {
			oldest = p
		}
		if related && (own == nil || p.used < own.used) {
			own = p
		}
	}
	var p *permutation
	switch {
	case relatives >= 2 && own != nil:
		p = own
	case len(ps.all) >= ps.keep && oldest != nil:
		p = oldest
	default:
		p = &permutation{index: make([]int, ps.n)}
		ps.all = append(ps.all, p)
	}
	p.epoch, p.made, p.users, p.used = epoch, false, 1, ps.clock
	return p
}

func (ps *permutations) put(p *permutation) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p.users--
	if p.users == 0 && len(ps.all) > ps.keep {
		for i, q := range ps.all {
			if q == p {
				last := len(ps.all) - 1
				ps.all[i], ps.all[last] = ps.all[last], nil
				ps.all = ps.all[:last]
				break
			}
		}
	}
}
