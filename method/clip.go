package method

import (
	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/kernel"
	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/floats"
)

// Clip bounds the gradient before Rule sees it: by component, by its length beside that of x, by length, or several of them
// in this order.
//
//	g ← min(max(g, -c), c)
//	g ← g min(1, ρ max(‖x‖, r)/‖g‖)    in each block
//	g ← g min(1, C/‖g‖)
//
// It keeps one vector of the length of x besides what Rule keeps. The last form keeps the direction, the second that of a
// block; it is for blocks whose length means something, such as the layers of neural networks, and for Rules whose steps are
// in proportion to the gradient: of SGD without momentum no step is longer than αρ‖x‖ then, but for r.
//
// Clip is needed for gradient descent in noise of infinite variance, where it does not converge without, and against
// single huge gradients. A bound that noise alone often exceeds has a price: it shifts the point of rest wherever the
// noise is skewed. A Rule that divides by the scale of the gradient, such as Adam, sees only the spikes cut.
//
// Reference: R. Pascanu, T. Mikolov, Y. Bengio, On the difficulty of training recurrent neural networks, ICML 2013,
// Algorithm 1; the second form: A. Brock, S. De, S. L. Smith, K. Simonyan, High-performance large-scale image recognition without
// normalization, ICML 2021.
type Clip struct {
	// Rule gets the clipped gradient.
	Rule stochopt.Rule
	// Value is c, in units of g; 0 is no bound.
	Value float64
	// Norm is C, in units of g; 0 is no bound. One of Value, Norm and Ratio must be set.
	Norm float64
	// Ratio is ρ, in units of g/x; 0 is no bound. Its authors try 0.01 to 0.16.
	Ratio float64
	// MinScale is r, in units of x, below which ‖x‖ does not bound more. If it is 0, 1e-3 is used; for none set stochopt.Zero:
	// then a block that is 0 stays 0 under SGD.
	MinScale float64
	// Blocks are the lengths of the blocks of Ratio, in the order of x, positive and with the sum dim. If it is empty, x is one
	// block.
	Blocks []int

	sequential     // optimize.Method
	dim        int // of Reset
	g          scratch
}

// Init implements optimize.Method.
func (r *Clip) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule. It resets Rule as well.
func (r *Clip) Reset(dim int) {
	r.held().check(dim)
	hyper.NonNegative("method: Clip.Value", r.Value)
	hyper.NonNegative("method: Clip.Norm", r.Norm)
	hyper.NonNegative("method: Clip.Ratio", r.Ratio)
	hyper.NonNegative("method: Clip.MinScale", r.MinScale)
	checkBlocks("method: Clip.Blocks", r.Blocks, dim)
	if r.Value == 0 && r.Norm == 0 && r.Ratio == 0 {
		panic("method: Clip.Value, Clip.Norm and Clip.Ratio are all 0, want one of them set")
	}
	r.held().reset(dim)
	r.held().refuseSFO()
	r.dim = dim
	r.g.of(dim)
}

// Observe passes the value on to Rule.
func (r *Clip) Observe(f float64) { r.held().observe(f) }

// Step implements stochopt.Rule.
func (r *Clip) Step(x, grad []float64) {
	hyper.Lengths("method: Clip.Step", x, grad, r.dim)
	g := grad // or what has been cut, in r.g
	if c := r.Value; c > 0 {
		g = r.g.of(r.dim)
		for i, v := range grad {
			g[i] = min(max(v, -c), c)
		}
	}
	if r.Ratio > 0 {
		least := hyper.Or(r.MinScale, 1e-3)
		dst := r.g.of(r.dim)
		for j, from := 0, 0; from < len(x); j++ {
			to := blockEnd(r.Blocks, j, from, len(x))
			copy(dst[from:to], cut(dst[from:to], g[from:to], r.Ratio*max(kernel.Norm(x[from:to]), least)))
			from = to
		}
		g = dst
	}
	if r.Norm > 0 {
		g = cut(r.g.of(r.dim), g, r.Norm)
	}
	r.Rule.Step(x, g)
}

// cut returns g, or, where g is longer than top, g times top/‖g‖, in dst. The norm needs a pass of its own, for the factor must be
// known before the first component moves. It adds a tenth to a step of Adam (BenchmarkClip, in the cache), and storing the product a
// fifth, which only a factor in the loop of every method would save.
func cut(dst, g []float64, top float64) []float64 {
	if n := kernel.Norm(g); n > top {
		return floats.ScaleTo(dst, top/n, g)
	}
	return g
}

// Estimate is that of Rule.
func (r *Clip) Estimate(dst, x []float64) { r.held().estimate(dst, x) }

// Unwrap returns Rule.
func (r *Clip) Unwrap() stochopt.Rule { return r.Rule }

func (r *Clip) held() held { return held{"Clip", r.Rule} }

func (r *Clip) state() state.State { return state.State{Counters: []int{r.dim}} }

// MarshalBinary returns the state: the number of variables and the state of Rule. The exported fields are not part of it.
func (r *Clip) MarshalBinary() ([]byte, error) { return r.held().marshal(r.state()) }

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error r is unchanged.
func (r *Clip) UnmarshalBinary(data []byte) error {
	s, err := r.held().unmarshal(data, r.state())
	if err == nil {
		r.dim = s.Counters[0]
	}
	return err
}
