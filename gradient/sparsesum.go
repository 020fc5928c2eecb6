package gradient

import (
	"fmt"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// SparseSum is a FiniteSum of terms that depend on few of the variables each. Its methods give what those of the same name
// of FiniteSum give, to the last bit, as a stochopt.Sparse:
//
//	p := stochopt.Problem{Sparse: gradient.SparseSum{Sum: sum, Support: words}.Shuffled(1)}
//
// A draw depends on the variables of the terms in its batch, and takes a time in proportion to the number of these, not of all.
// It keeps one gradient of the length of x for each call that is under way, which is 0 in between, and a bit for each variable.
// Small batches are the sparse ones: where a batch touches more than a tenth of the variables, the FiniteSum is faster.
//
// The terms must not touch grad outside of their Support: what they add there is left for another draw. stochopt.Sparse says
// what to do with an L2 term, and CheckSparse finds terms that depend on more than their Support.
type SparseSum struct {
	// Sum is the sum. Its Term, or Terms, finds in grad an element for every variable, as always.
	Sum FiniteSum
	// Support appends to dst the variables on which term i depends, strictly increasing, and returns it. The variables of a
	// batch are those of its terms together. It must be safe for concurrent use if Problem.Samples and Concurrent call for it.
	Support func(dst []int, i int) []int
}

// Full returns the whole sum. It panics if a field of ss is not set.
func (ss SparseSum) Full() *stochopt.Sparse {
	ss.check("SparseSum.Full", ss.Sum.N)
	return ss.sparse(&everything{indices(ss.Sum.N)})
}

// Sampled returns minibatches of b terms drawn with replacement, those of FiniteSum.Sampled. It panics if b is not in [1, N] or a
// field of ss is not set.
func (ss SparseSum) Sampled(b int) *stochopt.Sparse {
	ss.check("SparseSum.Sampled", b)
	return ss.sparse(&sampling{n: ss.Sum.N, b: b})
}

// Shuffled returns minibatches of b terms drawn without replacement, those of FiniteSum.Shuffled. It panics if b is not in
// [1, N] or a field of ss is not set.
func (ss SparseSum) Shuffled(b int) *stochopt.Sparse {
	ss.check("SparseSum.Shuffled", b)
	if b == ss.Sum.N {
		return ss.Full()
	}
	return ss.sparse(shuffling(ss.Sum.N, b))
}

func (ss SparseSum) check(name string, b int) {
	ss.Sum.checkBatch(name, b)
	if ss.Support == nil {
		panic("gradient: SparseSum.Support is nil")
	}
}

// batcher is a sampling or everything.
type batcher interface {
	take(s stochopt.Sample) minibatch
	put(b minibatch)
}

// everything is the batch of all terms.
type everything struct{ index []int }

func (e *everything) take(stochopt.Sample) minibatch { return minibatch{index: e.index} }
func (e *everything) put(minibatch)                  {}

func (ss SparseSum) sparse(m batcher) *stochopt.Sparse {
	var unions freelist.List[*union]
	var gradients freelist.Slices[float64] // of zeros
	return &stochopt.Sparse{
		Support: func(dst []int, s stochopt.Sample) ([]int, error) {
			batch := m.take(s)
			defer m.put(batch)
			if len(batch.index) == 1 {
				return ss.support(dst, batch.index[0])
			}
			u := unions.Take()
			if u == nil {
				u = &union{}
			}
			for _, i := range batch.index {
				index, err := ss.support(dst, i)
				if err != nil {
					return nil, err
				}
				u.add(index[len(dst):])
				dst = index[:len(dst)]
			}
			dst = u.drain(dst)
			unions.Put(u)
			return dst, nil
		},
		Draw: func(grad []float64, index []int, x []float64, s stochopt.Sample) (float64, error) {
			batch := m.take(s)
			defer m.put(batch)
			if grad == nil {
				return ss.Sum.sum(nil, x, batch.index, s) / float64(len(batch.index)), nil
			}
			all := gradients.Take(len(x))
			sum := ss.Sum.sum(all, x, batch.index, s)
			for k, j := range index {
				grad[k], all[j] = all[j], 0
			}
			gradients.Put(all)
			return mean(grad, sum, len(batch.index)), nil
		},
	}
}

// support appends the variables of term i to dst, if they are strictly increasing and none is beyond all that fit into memory.
func (ss SparseSum) support(dst []int, i int) ([]int, error) {
	n := len(dst)
	dst = ss.Support(dst, i)
	last := -1
	for k, j := range dst[n:] {
		switch {
		case j < 0 || uint64(j) >= 1<<34:
			return nil, fmt.Errorf("SparseSum.Support of term %d: index[%d] is %d, want one of the variables", i, k, j)
		case j <= last:
			return nil, fmt.Errorf("SparseSum.Support of term %d: index[%d] is %d after %d, want strictly increasing variables", i, k, j, last)
		}
		last = j
	}
	return dst, nil
}
