package gradient

import (
	"sync"

	"github.com/stochopt/stochopt"
)

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

// copy copies an epoch of the sequence of s from a position on to dst.
func (ps *permutations) copy(dst []int, s stochopt.Sample, epoch, from int) {
	s.Step = epoch
	p := ps.get(s)
	defer ps.put(p)
	copy(dst, p.index[from:])
}
