package method

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stochopt/stochopt"
)

// probe estimates the diagonal of the Hessian of a draw from one product with a vector z of signs: the mean of z (H z)
// over z is diag H, and the variance of a component is the sum of the squares of the others of its row of H.
//
// Reference: C. Bekas, E. Kokiopoulou, Y. Saad, An estimator for the diagonal of a matrix, Applied Numerical
// Mathematics 57, 2007, after M. F. Hutchinson's estimator of the trace.
type probe struct {
	sample stochopt.Sample // of the present gradient
	asked  bool            // Draw has been called since the last step
	err    error           // of the last product, until Draw has returned it

	z, d scratch
	pcg  rand.PCG
}

// Draw returns next, of which it takes note for HessVec, or the error of HessVec in the last step.
func (p *probe) Draw(next stochopt.Sample) (stochopt.Sample, error) {
	err := p.err
	p.sample, p.asked, p.err = next, err == nil, nil
	return next, err
}

// forget is what precedes a first step.
func (p *probe) forget() { p.asked, p.err = false, nil }

// done is the end of a step.
func (p *probe) done() { p.asked = false }

// reset is that of the Rule called name.
func (p *probe) reset(name string, dim int, hessVec func(dst, x, v []float64, s stochopt.Sample) error) {
	if hessVec == nil {
		panic("method: " + name + ".HessVec is nil")
	}
	p.forget()
	p.z.of(dim)
	p.d.of(dim)
}

// ready panics if the Rule called name cannot take a step: the draw of the gradient is not known, or a product has failed.
func (p *probe) ready(name string) {
	if p.err != nil {
		panic(fmt.Sprintf("method: %s.Step after an error, which Draw returns: %v", name, p.err))
	}
	if !p.asked {
		panic("method: " + name + ".Step: no draw: ask Draw for the Sample of every gradient")
	}
}

// diagonal returns an estimate at x, of the draw of the gradient there. It returns nil, and keeps the error, if there
// is none.
func (p *probe) diagonal(hessVec func(dst, x, v []float64, s stochopt.Sample) error, x []float64) []float64 {
	z, d := p.z.of(len(x)), p.d.of(len(x))
	s := p.sample
	s.Replicate = ^s.Replicate // an Oracle's draws have Replicate >= 0, and so have those that estimate its gradient
	p.pcg = s.PCG()
	var bits uint64
	for i := range z {
		if i%64 == 0 {
			bits = p.pcg.Uint64()
		}
		z[i] = 1 - 2*float64(bits&1)
		bits >>= 1
		d[i] = math.NaN() // a component that HessVec does not store is found
	}
	err := hessVec(d, x, z, p.sample)
	for i, v := range d {
		if err == nil && !(v*v <= math.MaxFloat64) {
			err = fmt.Errorf("component %d is %v, want it finite and its square as well", i, v)
		}
		d[i] = z[i] * v
	}
	if err != nil {
		err = fmt.Errorf("the product of Hessian and vector: %w", err)
		p.err = &stochopt.EvaluationError{Sample: p.sample, Component: -1, X: slices.Clone(x), Err: err}
		return nil
	}
	return d
}
