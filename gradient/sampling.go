package gradient

import (
	"fmt"
	"math/bits"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/freelist"
)

// sampling chooses the terms of minibatches of b of n terms: each batch is a function of its Sample alone.
type sampling struct {
	n, b    int
	orders  *permutations // of epochs; if it is nil, terms are drawn with replacement
	indices freelist.Slices[int]
}

// shuffling returns the sampling of FiniteSum.Shuffled.
func shuffling(n, b int) *sampling {
	return &sampling{n: n, b: b, orders: &permutations{n: n, keep: min(256, max(4, (1<<22)/n))}}
}

// minibatch is a choice of terms.
type minibatch struct {
	index []int
	epoch *permutation // that index is a part of, or nil
}

// take returns the minibatch of s, which must be put back.
func (m *sampling) take(s stochopt.Sample) minibatch {
	if m.orders == nil {
		pcg := stream(s, batches)
		index := m.indices.Take(m.b)
		for j := range index {
			index[j] = below(&pcg, m.n)
		}
		return minibatch{index: index}
	}
	if s.Step < 0 {
		panic(fmt.Sprintf("gradient: FiniteSum.Shuffled: Sample.Step = %d, want >= 0", s.Step))
	}
	// Step*b may not fit an int; the epoch does, since b <= N.
	hi, lo := bits.Mul64(uint64(s.Step), uint64(m.b))
	epoch, first := bits.Div64(hi, lo, uint64(m.n))
	at := int(first)
	if n := m.n - at; n < m.b { // the end of an epoch and the beginning of the next
		index := m.indices.Take(m.b)
		m.orders.copy(index[:n], s, int(epoch), at)
		m.orders.copy(index[n:], s, int(epoch)+1, 0)
		return minibatch{index: index}
	}
	s.Step = int(epoch)
	p := m.orders.get(s)
	return minibatch{index: p.index[at : at+m.b], epoch: p}
}

func (m *sampling) put(b minibatch) {
	if b.epoch != nil {
		m.orders.put(b.epoch)
	} else {
		m.indices.Put(b.index)
	}
}
