package method

import "github.com/stochopt/stochopt"

// draw is the draw that a Rule works on: the first one it is offered, until the Rule is done with it. Answers are
// evaluated on the draw of their iterate.
type draw struct {
	sample stochopt.Sample
	open   bool
}

func (d *draw) of(next stochopt.Sample) stochopt.Sample {
	if !d.open {
		d.sample, d.open = next, true
	}
	return d.sample
}

// done makes the next draw a new one.
func (d *draw) done() { d.open = false }

// drawWords is how many counters a draw takes in a state. Those are not negative, and so its words are halved.
const drawWords = 9

func (d *draw) counters() []int {
	s := d.sample
	c := []int{flag(d.open)}
	for _, w := range [...]uint64{s.Seed, uint64(int64(s.Step)), uint64(int64(s.Probe)), uint64(int64(s.Replicate))} {
		c = append(c, int(w>>32), int(w&(1<<32-1)))
	}
	return c
}

// drawOf is the draw with these counters.
func drawOf(c []int) draw {
	word := func(i int) uint64 { return uint64(c[i])<<32 | uint64(c[i+1])&(1<<32-1) }
	return draw{
		sample: stochopt.Sample{Seed: word(1), Step: int(int64(word(3))), Probe: int(int64(word(5))), Replicate: int(int64(word(7)))},
		open:   c[0] != 0,
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
