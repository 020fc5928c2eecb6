package gradient

import "github.com/stochopt/stochopt"

// SAGA is a minibatch whose noise vanishes at the minimum: the batch at x less what the table holds of the same terms,
// the gradient that each had when it was last drawn, plus the mean of the table.
//
//	g = (1/b) Σ_B (∇f_i(x) - y_i) + ȳ
//	f = (1/b) Σ_B (f_i(x) - c_i - y_i·x) + c̄ + ȳ·x
//	then y_i ← ∇f_i(x), c_i ← f_i(x) - y_i·x for i in B, with ȳ and c̄ their means
//
// B are b terms drawn without replacement; c_i + y_i·x is the tangent of f_i at the point where it was last drawn. Both
// are unbiased, g is the gradient of f, and with S² the variance, divisor N-1, of ∇f_i(x) - y_i over the terms, that of
// a component of g is (S²/b)(1-b/N). The first draw of a run fills the table with all terms at its x, so that it is F
// and ∇F without noise.
//
// With it method.SGD at a constant step converges linearly on a strongly convex sum, where minibatches alone end in
// noise; 1/(3L) is a safe step for b = 1, with L a bound of the curvature of every term. The cost of a draw is b
// gradients of terms, half that of SVRG, and there are no pauses for the whole sum. It keeps N+b+2 vectors one longer
// than x, 8N(n+1) bytes and a little, and N indices: prefer SVRG or SARAH where that is too much. The means are updated
// in each draw, and every four passes computed afresh from the table, since rounding errors of the updates add up.
//
// For twelve digits set Settings.GradientThreshold, and Converger: optimize.NeverTerminate{}: the default stop of
// stochopt.Minimize ends a run that seems to travel no more, which can be long before.
//
// A SAGA carries the state of a run, by the same rules as SVRG; the table takes in every Sample, also one whose
// gradient is not asked for. A draw that is not finite does not enter it.
//
// Reference: A. Defazio, F. Bach, S. Lacoste-Julien, SAGA: a fast incremental gradient method with support for
// non-strongly convex composite objectives, NeurIPS 2014. There the value is not estimated, and b = 1.
type SAGA struct {
	// Sum is the objective. It must not change during a run, nor must Batch.
	Sum FiniteSum
	// Batch is b, in [1, Sum.N]. If it is 0, 1 is used.
	Batch int

	table
}

// Oracle returns r as an Oracle. All Oracles of r are one and the same. It panics if a field is out of range.
func (r *SAGA) Oracle() stochopt.Oracle {
	r.Sum.batchSize("SAGA", r.Batch)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		b := max(1, r.Batch)
		return r.draw("SAGA", r.Sum, b, b, grad, x, s)
	}
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (r *SAGA) Reset() { r.reset("SAGA.Reset") }

// MarshalBinary returns the state: the last Sample, the table with its means, and what the last draw will put into it.
// The exported fields are not part of it. It panics during a draw.
func (r *SAGA) MarshalBinary() ([]byte, error) {
	return r.marshal("SAGA", r.Sum.N, max(1, r.Batch))
}

// UnmarshalBinary restores a state that MarshalBinary has returned, into a SAGA with the same fields. On an error r is
// unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (r *SAGA) UnmarshalBinary(data []byte) error {
	return r.unmarshal("SAGA", data, r.Sum.N, max(1, r.Batch))
}
