package gradient

import (
	"encoding"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/average"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/optimize"
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
// Test, if there is one, decides in place of these: where it says that a run with draws of b gradients has got as far as it
// goes, the next Sample has 2b, and Test begins afresh. It is shown each Sample once, at the point that the first of its
// evaluations is at. So the test that shortens steps in method.DropWhenStationary makes draws larger at a constant step.
// It looks at the way of the run and not at a single draw, and notices a noise floor in any number of variables.
//
// A SampleSize carries the state of a run, by the same rules as SVRG: every Sample is tested, also one whose gradient
// is not asked for. Draw j is that of the Sample with Replicate j. It keeps a gradient or two for each of Concurrent,
// with InnerProduct the b gradients of a draw. |g|² must not overflow. A draw that is not finite does not change b.
//
// On a quadratic in 10 variables with a condition number of 10 SGD ends, after 20 000 draws at a constant step, with F - F* at
// 0.3 of that with the best constant size, 256, if it has Test: &stopping.Distance{}, at 1.5 with the norm test, at 16 with the
// inner-product test, and at 25 if it stays at the 8 draws that all of these begin with.
//
// Reference: R. H. Byrd, G. M. Chin, J. Nocedal, Y. Wu, Sample size selection in optimization methods for machine
// learning, Mathematical Programming 134, 2012, for the norm test. R. Bollapragada, R. Byrd, J. Nocedal, Adaptive
// sampling strategies for stochastic optimization, SIAM Journal on Optimization 28, 2018, for the other. The doubling
// is ours.
type SampleSize struct {
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
	// Test, if not nil, takes the place of both. It belongs to this SampleSize alone. If it fails (optimize.Failure), the
	// draw is an error.
	Test optimize.Converger
	// Concurrent is how many draws are made at once. The result does not depend on it. If it is 0, 1 is used.
	Concurrent int

	oneRun
	oracle          stochopt.Oracle // of the draw under way
	size, following int             // b of the last Sample and of the one after it
	stopped         int             // 1 if Test has stopped at the last Sample
	last            SizeTest
	mean            *average.Mean[stochopt.Sample] // of size draws
	grad            []float64                      // ḡ
	squares         []float64                      // |g_j|²
	rows            [][]float64                    // g_j, for InnerProduct
	loc             optimize.Location              // for Test
}

// SizeTest is the outcome of the test of one draw of a SampleSize.
type SizeTest struct {
	// Size is b, the draws that were averaged.
	Size int
	// Noise is tr C/(b|ḡ|²), the squared relative error of ḡ, and Along the part of it along ḡ, V/(b|ḡ|⁴), which is
	// computed for the inner-product test only.
	Noise, Along float64
	// Passed tells the outcome. Where it is false and AtMax true, the gradient is lost in its noise at the largest
	// sample size: the noise floor, and not convergence. With Test it is false where Test would stop the run.
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
	case c.Test != nil && c.InnerProduct:
		panic("gradient: SampleSize has both Test and InnerProduct")
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

// Oracle returns the Oracle that averages draws of o, which must be safe for concurrent use if Concurrent > 1. All Oracles of
// c carry the same state. It panics if o is nil or a field is out of range.
func (c *SampleSize) Oracle(o stochopt.Oracle) stochopt.Oracle {
	if o == nil {
		panic("gradient: SampleSize.Oracle of nil")
	}
	c.limits()
	return func(grad, x []float64, s stochopt.Sample) (float64, error) { return c.draw(o, grad, x, s) }
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
	c.size, c.following, c.stopped, c.last = 0, 0, 0, SizeTest{}
}

func (c *SampleSize) draw(o stochopt.Oracle, grad, x []float64, s stochopt.Sample) (float64, error) {
	what, err := c.enter("SampleSize", grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	defer c.leave()
	least, most := c.limits()
	c.oracle = o
	defer func() { c.oracle = nil }()
	switch what {
	case newRun:
		if c.Test != nil {
			c.Test.Init(len(x))
		}
		c.resize(least, len(x))
	case nextDraw:
		c.resize(c.following, len(x))
	case sameDraw:
		c.resize(c.size, len(x))
	}
	if what != sameDraw || c.Test == nil { // which has seen it
		c.following, c.stopped = c.size, 0
	}
	c.last = SizeTest{}
	f, err := c.mean.Eval(c.grad, x, s)
	if err != nil {
		return math.NaN(), err
	}
	copy(grad, c.grad)
	c.test(most)
	if c.Test != nil {
		if what != sameDraw {
			if err := c.ask(f, x, most); err != nil {
				return math.NaN(), err
			}
		}
		c.last.Passed = c.stopped == 0
	}
	return f, nil
}

// ask shows the draw to Test.
func (c *SampleSize) ask(f float64, x []float64, most int) error {
	if length := dot(c.grad, c.grad); f-f != 0 || length-length != 0 {
		return nil
	}
	c.loc = optimize.Location{X: x, F: f, Gradient: c.grad}
	s := c.Test.Converged(&c.loc)
	c.loc = optimize.Location{}
	switch s {
	case optimize.NotTerminated:
	case optimize.Failure:
		err := fmt.Errorf("gradient: SampleSize.Test, a %T, has failed", c.Test)
		if e, ok := c.Test.(interface{ Err() error }); ok {
			err = fmt.Errorf("%w: %w", err, e.Err())
		}
		return err
	default:
		c.stopped = 1
		c.following = min(most, 2*c.size)
		c.Test.Init(len(x))
	}
	return nil
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
		f, err := c.oracle(grad, x, s)
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
	if excess > 1 && c.Test == nil {
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
	s := state.State{Counters: c.counters(c.dim, c.size, c.following, c.stopped)}
	if c.Test != nil {
		s.Inner = []byte{}
	}
	return s
}

// MarshalBinary returns the state: the last Sample, two sizes, whether Test has stopped, and its state. The exported fields are not part of it, nor
// is Last. It panics during a draw.
func (c *SampleSize) MarshalBinary() ([]byte, error) {
	c.lock("SampleSize.MarshalBinary")
	defer c.leave()
	s := c.state()
	if c.Test != nil {
		t, ok := c.Test.(encoding.BinaryMarshaler)
		if !ok {
			return nil, fmt.Errorf("stochopt: state of SampleSize: its Test, %T, has no MarshalBinary", c.Test)
		}
		var err error
		if s.Inner, err = t.MarshalBinary(); err != nil {
			return nil, err
		}
	}
	return state.Marshal("SampleSize", s), nil
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
	ok = ok && n[3] <= 1
	if err := unsound("SampleSize", s.Counters, dim, ok); err != nil {
		return err
	}
	if c.Test != nil {
		t, ok := c.Test.(encoding.BinaryUnmarshaler)
		if !ok {
			return fmt.Errorf("stochopt: state of SampleSize: its Test, %T, has no UnmarshalBinary", c.Test)
		}
		if err := t.UnmarshalBinary(s.Inner); err != nil {
			return err
		}
	}
	c.restore(s.Counters, dim)
	c.size, c.following, c.stopped, c.last = size, following, n[3], SizeTest{}
	return nil
}
