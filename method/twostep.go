package method

import "github.com/stochopt/stochopt"

// twoStep is where a step of two evaluations on one draw stands.
type twoStep struct {
	half   int             // 1 between the two evaluations
	sample stochopt.Sample // the draw of the first
}

// Draw returns the draw of the next evaluation: next, or that of the first evaluation of the step once more.
func (t *twoStep) Draw(next stochopt.Sample) (stochopt.Sample, error) {
	if t.half == 0 {
		t.sample = next
	}
	return t.sample, nil
}

// twoStepCounters is how many counters a twoStep takes in a state. Those are not negative, and so words are halved.
const twoStepCounters = 9

// counters is the state. Between steps there is no draw to be remembered.
func (t *twoStep) counters() []int {
	c := make([]int, 1, twoStepCounters)
	if t.half == 0 {
		return c[:twoStepCounters]
	}
	c[0] = 1
	s := t.sample
	for _, w := range [...]uint64{s.Seed, uint64(int64(s.Step)), uint64(int64(s.Probe)), uint64(int64(s.Replicate))} {
		c = append(c, int(w>>32), int(w&(1<<32-1)))
	}
	return c
}

// twoStepOf is the twoStep with these counters.
func twoStepOf(c []int) twoStep {
	word := func(i int) uint64 { return uint64(c[i])<<32 | uint64(c[i+1])&(1<<32-1) }
	return twoStep{
		half:   c[0],
		sample: stochopt.Sample{Seed: word(1), Step: int(int64(word(3))), Probe: int(int64(word(5))), Replicate: int(int64(word(7)))},
	}
}
