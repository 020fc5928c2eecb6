package gradient

import (
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
)

// SampleSize averages as many draws of an objective as its gradient needs: few while the gradient stands out of its
// noise, more where it does not. So any method gets a control of its sample size.
//
//	ḡ = (1/b) Σ g_j,  tr C = (1/(b-1)) Σ |g_j - ḡ|²,  j = 0, ..., b-1
//
//	tr C/b <= θ² |ḡ|²                                                    norm test
//	V/b <= θ² |ḡ|⁴ and (tr C - V/|ḡ|²)/b <= ν² |ḡ|²,  V = Var g_j·ḡ       inner-product and orthogonality test
//
// b is Min at first. Where the test fails, the next Sample is given the least b at which the same numbers would have
// passed, but at most 2b, because ḡ is now and then near 0 by chance, and at most Max; b never falls in a run. The draw
// at hand is used as it is: to go on drawing until the test passes would select lucky means and bias the gradient. So
// the estimate is unbiased.
//
// The norm test asks that the error of ḡ as a vector be θ of its length, and tr C counts all variables. The second test
// asks this of the component along ḡ, which makes ḡ·∇F > 0 likely, and keeps the rest within ν: it takes fewer draws
// when there are many variables. Neither tells whether there is a signal. Where ∇F = 0, ḡ is all noise, and a draw with
// many gradients passes with the probability
//
//	                      1 variable   10     100     1000         θ = 0.9, ν = 5.84
//	norm test             0.267        0.263  0.056   5e-7         P(χ²_d >= d/θ²)
//	inner-product test    0.267        1.000  1.000   1.000        P(χ²_d >= 1/θ²)
//
// So at a stationary point of ten or more variables the second hardly ever asks for more, and the run moves on noise; stop
// it by other means. A run under the norm test that stays at Max without passing has reached the noise floor of Max draws,
// which is not convergence: see Last.
//
// A SampleSize carries the state of a run, by the same rules as SVRG: every Sample is tested, also one whose gradient
// is not asked for. Draw j is that of the Sample with Replicate j. It keeps a gradient or two for each of Concurrent,
// with InnerProduct the b gradients of a draw. |g|² must not overflow. A draw that is not finite does not change b.
//
// Reference: R. H. Byrd, G. M. Chin, J. Nocedal, Y. Wu, Sample size selection in optimization methods for machine
// learning, Mathematical Programming 134, 2012, for the norm test. R. Bollapragada, R. Byrd, J. Nocedal, Adaptive
// sampling strategies for stochastic optimization, SIAM Journal on Optimization 28, 2018, for the other. The doubling
// is ours.
type SampleSize struct {
	// Objective is what is averaged. It must be safe for concurrent use if Concurrent > 1.
	Objective stochopt.Oracle
	// Min is the first b, >= 2. If it is 0, 8 is used, or Max if that is less.
	Min int
	// Max is the largest b, >= Min. If it is 0, 1024 is used, or Min if that is more.
	Max int
	// Theta is θ > 0. If it is 0, 0.9 is used.
	Theta float64
	// InnerProduct selects the second test.
	InnerProduct bool
	// Nu is ν > 0, of the second test. If it is 0, 5.84 is used.
	Nu float64
	// Concurrent is how many draws are made at once. The result does not depend on it. If it is 0, 1 is used.
	Concurrent int

	oneRun
	size, following int // b of the last Sample and of the one after it
	last            SizeTest
	mean            *average.Mean[stochopt.Sample] // of size draws
	grad            []float64                      // ḡ
	squares         []float64                      // |g_j|²
	rows            [][]float64                    // g_j, for InnerProduct
}

// SizeTest is the outcome of the test of one draw of a SampleSize.
type SizeTest struct {
	// Size is b, the draws that were averaged.
	Size int
	// Noise is tr C/(b|ḡ|²), the squared relative error of ḡ, and Along the part of it along ḡ, V/(b|ḡ|⁴), which is
	// computed for the inner-product test only.
	Noise, Along float64
	// Passed tells the outcome. Where it is false and AtMax true, the gradient is lost in its noise at the largest
	// sample size: the noise floor, and not convergence.
	Passed, AtMax bool
}

// limits returns Min and Max.
func (c *SampleSize) limits() (least, most int) {
	least, most = c.Min, c.Max
	if least == 0 {
		least = 8
		if most > 0 {
			least = min(least, most)
		}
	}
	if most == 0 {
		most = max(1024, least)
	}
	switch {
	case c.Objective == nil:
		panic("gradient: SampleSize.Objective is nil")
	case least < 2:
		panic(fmt.Sprintf("gradient: SampleSize.Min = %d, want >= 2", least))
	case most < least:
		panic(fmt.Sprintf("gradient: SampleSize.Max = %d, want >= Min = %d", most, least))
	case c.Concurrent < 0:
		panic(fmt.Sprintf("gradient: SampleSize.Concurrent = %d, want >= 0", c.Concurrent))
	}
	hyper.NonNegative("gradient: SampleSize.Theta", c.Theta)
	hyper.NonNegative("gradient: SampleSize.Nu", c.Nu)
	return least, most
}

// Oracle returns c as an Oracle. All Oracles of c are one and the same. It panics if a field is out of range.
func (c *SampleSize) Oracle() stochopt.Oracle {
	c.limits()
	return c.draw
}

// Last returns the test of the last draw, and the zero SizeTest before the first of a run. It panics during a draw.
func (c *SampleSize) Last() SizeTest {
	c.lock("SampleSize.Last")
	defer c.leave()
	return c.last
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (c *SampleSize) Reset() {
	c.lock("SampleSize.Reset")
	defer c.leave()
	c.forget()
	c.size, c.following, c.last = 0, 0, SizeTest{}
}

func (c *SampleSize) draw(grad, x []float64, s stochopt.Sample) (float64, error) {
	what, err := c.enter("SampleSize", grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	defer c.leave()
	least, most := c.limits()
	switch what {
	case newRun:
		c.resize(least, len(x))
	case nextDraw:
		c.resize(c.following, len(x))
	case sameDraw:
		c.resize(c.size, len(x))
	}
	c.following, c.last = c.size, SizeTest{}
	f, err := c.mean.Eval(c.grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	copy(grad, c.grad)
	c.test(most)
	return f, nil
}

// resize gets ready for b draws of n variables.
func (c *SampleSize) resize(b, n int) {
	c.size = b
	if c.mean != nil && len(c.squares) == b && len(c.grad) == n && (len(c.rows) > 0) == c.InnerProduct {
		return
	}
	c.grad, c.squares, c.rows = resized(c.grad, n), make([]float64, b), nil
	if c.InnerProduct {
		c.rows = newRows(b, n)
	}
	c.mean = average.New(b, max(1, c.Concurrent), func(grad, x []float64, s stochopt.Sample, j int) (float64, error) {
		s.Replicate = j
		f, err := c.Objective(grad, x, s)
		c.squares[j] = dot(grad, grad)
		if c.rows != nil {
			copy(c.rows[j], grad)
		}
		return f, err
	})
}

// dot is that of the vectors, in the order of their components: the size must not depend on the machine.
func dot(a, b []float64) float64 {
	var sum float64
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}

// test fills in last and following.
func (c *SampleSize) test(most int) {
	b := float64(c.size)
	length := dot(c.grad, c.grad) // |ḡ|²
	var spread float64            // (b-1) tr C
	for _, v := range c.squares {
		spread += v
	}
	spread = max(0, spread-float64(b*length)) // 0 where it is lost in rounding, far below |ḡ|²
	theta, nu := hyper.Or(c.Theta, 0.9), hyper.Or(c.Nu, 5.84)
	t := SizeTest{Size: c.size, Noise: relative(spread/(b*(b-1)), length), AtMax: c.size == most}
	excess := t.Noise / (theta * theta) // over what would just pass, and so is b over the b needed
	if c.InnerProduct {
		var v float64 // (b-1) V/|ḡ|²
		for _, row := range c.rows {
			d := relative(dot(row, c.grad)-length, math.Sqrt(length))
			v += float64(d * d)
		}
		t.Along = relative(v/(b*(b-1)), length)
		excess = max(t.Along/(theta*theta), (t.Noise-t.Along)/(nu*nu))
	}
	t.Passed = excess <= 1
	c.last = t
	if excess > 1 {
		c.following = min(most, 2*c.size, int(math.Ceil(min(b*excess, math.MaxInt32))))
	}
}

// relative is a/b, and 0 if both are 0.
func relative(a, b float64) float64 {
	if a == 0 && b == 0 {
		return 0
	}
	return a / b
}

func (c *SampleSize) state() state.State {
	return state.State{Counters: c.counters(c.dim, c.size, c.following)}
}

// MarshalBinary returns the state: the last Sample and two sizes. The exported fields are not part of it, nor is Last.
// It panics during a draw.
func (c *SampleSize) MarshalBinary() ([]byte, error) {
	c.lock("SampleSize.MarshalBinary")
	defer c.leave()
	return state.Marshal("SampleSize", c.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned, into a SampleSize with the same fields. On an error
// c is unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (c *SampleSize) UnmarshalBinary(data []byte) error {
	c.lock("SampleSize.UnmarshalBinary")
	defer c.leave()
	s, err := state.Unmarshal("SampleSize", data, c.state())
	if err != nil {
		return err
	}
	n := s.Counters[ownCounters:]
	dim, size, following := n[0], n[1], n[2]
	least, most := c.limits()
	ok := dim == 0 && size == 0 && following == 0 || size >= least && following >= size && following <= min(most, 2*size)
	if err := unsound("SampleSize", s.Counters, dim, ok); err != nil {
		return err
	}
	c.restore(s.Counters, dim)
	c.size, c.following, c.last = size, following, SizeTest{}
	return nil
}
