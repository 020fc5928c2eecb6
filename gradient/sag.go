package gradient

import "github.com/stochopt/stochopt"

// SAG is SAGA with a smaller weight on what is new: the mean of the table after the draw (stochastic average gradient).
//
//	g = (1/N) Σ_B (∇f_i(x) - y_i) + ȳ
//	f, the table, its means, first draw, memory and cost as in SAGA
//
// The value is unbiased, the gradient is not: its mean is (b/N) ∇F(x) + (1-b/N) ȳ. In return its variance is smaller
// than that of SAGA by the factor (b/N)². With method.SGD at a constant step it converges linearly as well; the step
// proved safe for b = 1 is 1/(16L), with L a bound of the curvature of every term, and 1/L often works. Prefer SAGA
// with methods that take the gradient to be unbiased, which are most, and for a feasible set.
//
// For twelve digits set Settings.GradientThreshold, and Converger: optimize.NeverTerminate{}: the default stop of
// stochopt.Minimize ends a run that seems to travel no more, which can be long before.
//
// A SAG carries the state of a run, by the same rules as SVRG.
//
// Reference: M. Schmidt, N. Le Roux, F. Bach, Minimizing finite sums with the stochastic average gradient, Mathematical
// Programming 162, 2017. There the table begins with zeros, and ȳ with the mean of the terms drawn so far; the value is
// not estimated.
type SAG struct {
	// Sum is the objective. It must not change during a run, nor must Batch.
	Sum FiniteSum
	// Batch is b, in [1, Sum.N]. If it is 0, 1 is used.
	Batch int

	table
}

// Oracle returns r as an Oracle. All Oracles of r are one and the same. It panics if a field is out of range.
func (r *SAG) Oracle() stochopt.Oracle {
	r.Sum.batchSize("SAG", r.Batch)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		return r.draw("SAG", r.Sum, max(1, r.Batch), r.Sum.N, grad, x, s)
	}
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (r *SAG) Reset() { r.reset("SAG.Reset") }

// MarshalBinary returns the state: the last Sample, the table with its means, and what the last draw will put into it.
// The exported fields are not part of it. It panics during a draw.
func (r *SAG) MarshalBinary() ([]byte, error) { return r.marshal("SAG", r.Sum.N, max(1, r.Batch)) }

// UnmarshalBinary restores a state that MarshalBinary has returned, into a SAG with the same fields. On an error r is
// unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (r *SAG) UnmarshalBinary(data []byte) error {
	return r.unmarshal("SAG", data, r.Sum.N, max(1, r.Batch))
}
