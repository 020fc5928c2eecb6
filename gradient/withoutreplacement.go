package gradient

import (
	"fmt"

	"github.com/stochopt/stochopt"
)

// batch chooses b of the N terms of a sum without replacement, each subset with the same probability: the first b
// places of a shuffle by a stream of the Sample. (D. E. Knuth, The Art of Computer Programming, vol. 2, algorithm
// 3.4.2 P, ended early.)
type batch struct {
	order []int // 0, ..., N-1 but for the exchanges
	with  []int // place j has been exchanged with place with[j]
	fixed []int // takes the place of chance in tests
}

// choose returns the indices of the batch of s, valid until the next call.
func (c *batch) choose(s stochopt.Sample, n, b int) []int {
	if c.fixed != nil {
		return c.fixed
	}
	for j := len(c.with) - 1; j >= 0; j-- { // back to the natural order
		k := c.with[j]
		c.order[j], c.order[k] = c.order[k], c.order[j]
	}
	c.with = c.with[:0]
	if len(c.order) != n {
		c.order = make([]int, n)
		for i := range c.order {
			c.order[i] = i
		}
	}
	if b == n {
		return c.order
	}
	pcg := stream(s, batches)
	for j := range b {
		k := j + below(&pcg, n-j)
		c.order[j], c.order[k] = c.order[k], c.order[j]
		c.with = append(c.with, k)
	}
	return c.order[:b]
}

// batchSize returns b, or 1 if it is 0. It panics if b is not a number of terms of fs.
func (fs FiniteSum) batchSize(name string, b int) int {
	fs.check()
	if b < 0 || b > fs.N {
		panic(fmt.Sprintf("gradient: %s.Batch = %d, want 1 to FiniteSum.N = %d terms, or 0 for 1", name, b, fs.N))
	}
	return max(1, b)
}
