package method

import (
	"errors"

	"github.com/stochopt/stochopt/internal/state"
)

// Where the counters and scalars of the terms begin in the state.
const (
	sfoCounters = 12
	sfoScalars  = 13
)

func (r *SFO) state() state.State {
	s := state.State{
		Counters: []int{len(r.before), r.history(), int(r.phase), r.term, r.total, r.check, r.shortenings, r.steps, r.growth, r.space.k,
			r.draws, r.seen.component},
		Scalars: []float64{r.eta, r.gain, r.span, r.travel, r.largest.value, r.largest.gradient, r.at.f, r.rejected.f, r.back.f,
			r.seen.f, r.seen.g, r.seen.fAgain, r.seen.gAgain},
		Vectors: [][]float64{r.all},
	}
	for i := range r.terms {
		t := &r.terms[i]
		active := 0
		if t.active {
			active = 1
		}
		s.Counters = append(s.Counters, active, t.visits, t.pairs, t.columns)
		s.Scalars = append(s.Scalars, t.e, t.last.f)
	}
	return s
}

// MarshalBinary returns the state: of the run, of each term, of the subspace and of the choices. The exported fields, and Seed
// with them, are not part of it.
func (r *SFO) MarshalBinary() ([]byte, error) { return state.Marshal("SFO", r.state()), nil }

// UnmarshalBinary restores a state that MarshalBinary has returned. Terms and History must be those of its method. On an error r
// is unchanged.
func (r *SFO) UnmarshalBinary(data []byte) error {
	want := SFO{terms: make([]sfoTerm, max(0, r.Terms))}
	s, err := state.Unmarshal("SFO", data, want.state())
	if err != nil {
		return err
	}
	c, f := s.Counters, s.Scalars
	var sp sfoSpace
	all := s.Vectors[0]
	if c[0] <= 0 || c[0] > len(all) || c[1] != r.history() {
		return errors.New("stochopt: state of SFO: it has another History, or is damaged")
	}
	sp.size(c[0], r.Terms)
	damaged := len(all) != sfoNumbers(&sp, r.Terms, c[1]) || c[2] > int(sfoOverflow) || c[3] >= r.Terms ||
		c[9] > sp.most || sp.whole() && c[9] != sp.most || c[11] >= c[0]
	for i := sfoCounters; i < len(c); i += 4 {
		damaged = damaged || c[i] > 1 || c[i+2] > c[1] || c[i+3] > min(2*c[1], sp.most)
	}
	if damaged {
		return errors.New("stochopt: state of SFO: it has another number of Terms, or is damaged")
	}
	r.allocate(c[0])
	copy(r.all, all)
	r.phase, r.term, r.total, r.check, r.shortenings, r.steps = sfoPhase(c[2]), c[3], c[4], c[5], c[6], c[7]
	r.growth, r.space.k, r.draws, r.seen.component = c[8], c[9], c[10], c[11]
	r.eta, r.gain, r.span, r.travel, r.largest.value, r.largest.gradient = f[0], f[1], f[2], f[3], f[4], f[5]
	r.at.f, r.rejected.f, r.back.f = f[6], f[7], f[8]
	r.seen.f, r.seen.g, r.seen.fAgain, r.seen.gAgain = f[9], f[10], f[11], f[12]
	for i := range r.terms {
		t, c, f := &r.terms[i], c[sfoCounters+4*i:], f[sfoScalars+2*i:]
		t.active, t.visits, t.pairs, t.columns = c[0] == 1, c[1], c[2], c[3]
		t.e, t.last.f = f[0], f[1]
	}
	return nil
}
