package gradient

import (
	"cmp"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"github.com/stochopt/stochopt/internal/state"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// AdaptiveSPSA estimates the Newton step from values: the gradient as SPSA does, and the Hessian by two more values for
// a direction, from all draws of a run (2SPSA).
//
//	q  = (f(x+cΔ+c'Δ') - f(x+cΔ) - f(x-cΔ+c'Δ') + f(x-cΔ)) / 2cc'
//	r  = q - Δ'ᵀH̄Δ
//	H̄  ← H̄ + r P/(N+|P|²),  P = (Δ'Δᵀ + ΔΔ'ᵀ)/2
//	v  ← v + (r²-v) 4/(N+4)
//	g  = Q max(|Λ|, φ max|Λ|, δ)⁻¹ Qᵀ ĝ,  QΛQᵀ = H̄,  δ² = 2nv/N
//
// in units of Scale. Δ and Δ' are random signs, c and c' are divided by (k+1)ᵞ in Step k, N counts the directions so
// far, |P|² is the sum of the squares of P, n is the number of variables, H̄ and v start at 0, and ĝ is the estimate of
// SPSA along the same Δ. On a quadratic qP has the mean H, the Hessian, and H̄ converges to it: an error of standard
// deviation σ in each value that does not cancel leaves an error like σ/(cc'√N) in H̄, and the start one like |P|²/N of
// H. Elsewhere H̄ is a mean along the way and lags behind. δ is the size of the error of H̄, seen as the norm of a
// random matrix: curvatures below it are noise, and along directions where f bends less no longer steps are made. So
// the first steps are short, and H̄ need not be positive.
//
// The gradient is a Newton step, in units of x: give it to method.SGD with a Schedule such as schedule.Power(A, 0.602),
// A a tenth of the steps. It has the error of ĝ, which is √n times as long as the gradient: on a quadratic a StepSize
// below 2m/(n+m-1), where m is Directions, is stable in the mean square, and half of that is best at first. (Methods
// that divide by the size of the gradient, such as Adam, have no use for a Newton step.) A draw costs 1 + 4m values,
// the first one at least 1 + 4 Warmup, and the eigenvectors of H̄, some 10 n³ operations; it keeps 3n² numbers.
//
// Prefer it to SPSA for up to some tens of variables on very different or correlated scales, where noise cancels or is
// small. Where Newton steps are not wanted, Scale with Adam is the simpler remedy for different scales.
//
// An AdaptiveSPSA carries the state of a run, by the same rules as SVRG, but that values alone do not count as draws and may
// be asked for at any time. To average over the noise of f, put an Average into it.
//
// Reference: J. C. Spall, Adaptive stochastic approximation by the simultaneous perturbation method, IEEE Transactions
// on Automatic Control 45, 2000; Feedback and weighting mechanisms for improving Jacobian estimates in the adaptive
// simultaneous perturbation algorithm, same journal 54, 2009, for the feedback -Δ'ᵀH̄Δ. The weights 1/(N+|P|²), with
// which the feedback is stable from the first draw on, and δ are not from there.
type AdaptiveSPSA struct {
	// Width is c > 0, in units of Scale. If it is 0, 0.01 is used, which is for noise that cancels: a first draw that
	// finds two values at the same x and Sample, by one value more, is then an error. Set Width, even to 0.01, for an
	// f that does not repeat its values.
	Width float64
	// SecondWidth is c' > 0, in units of Scale. If it is 0, twice Width is used.
	SecondWidth float64
	// Decay is γ >= 0, how fast the widths fall; at 0 they are constant.
	Decay float64
	// Scale is the unit of each variable, > 0. f should bend over distances of about Scale_i. If it is nil, it is 1 for
	// all.
	Scale []float64
	// Directions is how many directions are averaged in a draw. If it is 0, it is 1.
	Directions int
	// Warmup is how many directions the first draw averages if that is more than Directions. If it is 0, 20 is used.
	Warmup int
	// Floor is φ in (0, 1], the least curvature of a direction, as a part of the largest. If it is 0, 1e-4 is used.
	Floor float64

	oneRun
	before, after learned // the last draw; after it nothing if it has failed

	grad, delta, vectors, values, part, work []float64 // scratch
}

// learned is what an AdaptiveSPSA knows of the Hessian.
type learned struct {
	count   int       // N
	v       float64   // running mean of r²
	hessian []float64 // H̄ row by row, of which only j >= i is used
}

// Oracle returns the Oracle whose value is f and whose gradient is the Newton step. All Oracles of e carry the same state.
// f is asked for values only, all of a draw with the same Sample.
//
// An error of f is returned. It is also an error if a value is not finite or a width lost in the rounding of x, or if no
// direction so far has shown curvature while f has a slope. The Hessian learns nothing from such a draw.
//
// Oracle panics if f is nil or a field is out of range; the Oracle panics if the number of variables is not that of
// Scale.
func (e *AdaptiveSPSA) Oracle(f stochopt.Oracle) stochopt.Oracle {
	hyper.NonNegative("gradient: AdaptiveSPSA.SecondWidth", e.SecondWidth)
	hyper.NonNegative("gradient: AdaptiveSPSA.Decay", e.Decay)
	hyper.Between("gradient: AdaptiveSPSA.Floor", e.Floor, 0, 1)
	switch {
	case e.Directions < 0:
		panic(fmt.Sprintf("gradient: AdaptiveSPSA.Directions = %d, want >= 0", e.Directions))
	case e.Warmup < 0:
		panic(fmt.Sprintf("gradient: AdaptiveSPSA.Warmup = %d, want >= 0", e.Warmup))
	}
	ds := newDirections("AdaptiveSPSA", adaptiveDirections, f, e.Width, e.Scale, max(1, e.Directions, cmp.Or(e.Warmup, 20)), 0)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		v, err := f(nil, x, s)
		if grad == nil || err != nil {
			return v, err
		}
		return v, e.draw(ds, v, grad, x, s)
	}
}

// Reset makes the next Sample the first of a run. It panics during a draw.
func (e *AdaptiveSPSA) Reset() {
	e.lock("AdaptiveSPSA.Reset")
	defer e.leave()
	e.forget()
}

// draw stores a Newton step in grad, where v is the value at x, and takes the curvature it has seen up into the state.
func (e *AdaptiveSPSA) draw(ds *directions, v float64, grad, x []float64, s stochopt.Sample) error {
	k := max(s.Step, 0) // an error below if it is negative
	c := width(e.Width, e.Decay, k)
	c2 := 2 * c
	if e.SecondWidth != 0 {
		c2 = width(e.SecondWidth, e.Decay, k)
	}
	if err := ds.check(grad, x, min(c, c2)); err != nil {
		return err
	}
	if len(x) == 0 {
		return nil
	}
	if err := ds.repeats(v, x, s); err != nil {
		return err
	}
	what, err := e.enter("AdaptiveSPSA", grad, x, s)
	if err != nil {
		return err
	}
	defer e.leave()
	switch {
	case what == newRun:
		e.allocate(len(x))
	case what == nextDraw && e.after.count > 0:
		e.before, e.after = e.after, e.before
	}
	e.after.count = 0 // should it fail
	m := max(1, e.Directions)
	if e.before.count == 0 {
		m = max(m, cmp.Or(e.Warmup, 20))
	}
	if err := e.estimate(ds, x, s, m, c, c2); err != nil {
		return err
	}
	if err := e.newton(ds, grad, e.before.count+m); err != nil {
		return err
	}
	e.after.count = e.before.count + m
	return nil
}

// estimate makes grad the mean of m estimates of the gradient, in units of Scale, and after what is known with them.
func (e *AdaptiveSPSA) estimate(ds *directions, x []float64, s stochopt.Sample, m int, c, c2 float64) error {
	n := e.dim
	clear(e.grad)
	copy(e.after.hessian, e.before.hessian)
	v := e.before.v
	for j := range m {
		d := ds.get(s, j, n)
		signs(d.u, &d.pcg)
		signs(e.delta, &d.pcg)
		var y [4]float64 // at x + cΔ, x + cΔ + c'Δ', x - cΔ, x - cΔ + c'Δ'
		for k := range y {
			h, h2 := c, 0.0
			if k >= 2 {
				h = -c
			}
			if k%2 == 1 {
				h2 = c2
			}
			for i, v := range x {
				d.at[i] = v + float64(ds.unit(i)*(float64(h*d.u[i])+float64(h2*e.delta[i])))
			}
			var err error
			if y[k], err = ds.f(nil, d.at, s); err != nil {
				ds.put(d)
				return err
			}
		}
		slope := (y[0] - y[2]) / (2 * c)
		q := ((y[1] - y[0]) - (y[3] - y[2])) / (2 * c * c2)
		for i, u := range d.u {
			e.grad[i] += float64(slope*u) / float64(m)
		}
		r := e.learn(d.u, e.delta, q, e.before.count+j)
		v += float64((float64(r*r) - v) * 4 / (float64(e.before.count+j) + 4))
		ds.put(d)
		if slope-slope != 0 || v-v != 0 {
			return fmt.Errorf("gradient: AdaptiveSPSA: values at the ends of direction %d give the slope %v and the curvature %v", j, slope, q)
		}
	}
	if floats.Norm(e.after.hessian, 1) == 0 && floats.Norm(e.grad, 1) > 0 {
		return fmt.Errorf("gradient: AdaptiveSPSA: f has a slope and no curvature along %d directions, so there is no Newton step",
			e.before.count+m)
	}
	e.after.v = v
	return nil
}

// learn takes the second difference q along u and u2, the one after n others, up into after and returns r.
func (e *AdaptiveSPSA) learn(u, u2 []float64, q float64, n int) (r float64) {
	dot, r := 0.0, q
	hessian := e.after.hessian
	for i, a := range u {
		b := u2[i]
		dot += a * b
		row := hessian[i*e.dim : (i+1)*e.dim]
		r -= float64(row[i] * a * b)
		for k := i + 1; k < e.dim; k++ {
			r -= float64(row[k] * (a*u2[k] + b*u[k])) // signs: exact
		}
	}
	square := (float64(e.dim*e.dim) + dot*dot) / 2 // |P|²
	w := r / (float64(n) + square)
	for i, a := range u {
		b := u2[i]
		row := hessian[i*e.dim : (i+1)*e.dim]
		for k := i; k < e.dim; k++ {
			row[k] += float64(w * (a*u2[k] + b*u[k]) / 2)
		}
	}
	return r
}

// newton stores in grad the Newton step for the Hessian of after, which has been learned from count directions.
func (e *AdaptiveSPSA) newton(ds *directions, grad []float64, count int) error {
	n := e.dim
	copy(e.vectors, e.after.hessian)
	if !lapack64.Syev(lapack.EVCompute, symmetric(e.vectors, n), e.values, e.work, len(e.work)) {
		return fmt.Errorf("gradient: AdaptiveSPSA: no eigenvalues of the Hessian found")
	}
	largest := max(math.Abs(e.values[0]), math.Abs(e.values[n-1])) // they stand in ascending order
	floor := max(cmp.Or(e.Floor, 1e-4)*largest, math.Sqrt(2*float64(n)/float64(count)*e.after.v))
	clear(e.part)
	for i, g := range e.grad { // Qᵀ ĝ
		for j, q := range e.vectors[i*n : (i+1)*n] {
			e.part[j] += float64(q * g)
		}
	}
	for j, lambda := range e.values {
		if e.part[j] != 0 {
			e.part[j] /= max(math.Abs(lambda), floor)
		}
	}
	for i := range grad {
		step := 0.0
		for j, q := range e.vectors[i*n : (i+1)*n] {
			step += float64(q * e.part[j])
		}
		grad[i] = ds.unit(i) * step
	}
	return nil
}

// allocate gets the memory for n variables, of which nothing is known.
func (e *AdaptiveSPSA) allocate(n int) {
	e.before, e.after = learned{hessian: make([]float64, n*n)}, learned{hessian: make([]float64, n*n)}
	e.grad, e.delta = make([]float64, n), make([]float64, n)
	e.vectors, e.values, e.part = make([]float64, n*n), make([]float64, n), make([]float64, n)
	size := []float64{0}
	lapack64.Syev(lapack.EVCompute, symmetric(e.vectors, n), e.values, size, -1)
	e.work = make([]float64, int(size[0]))
}

func symmetric(data []float64, n int) blas64.Symmetric {
	return blas64.Symmetric{N: n, Stride: max(n, 1), Data: data, Uplo: blas.Upper}
}

// Hessian stores H̄ in dst, in units of f and the variables (without Scale). It panics during a draw, if there was none yet,
// or if dst is neither empty nor of the number of variables.
func (e *AdaptiveSPSA) Hessian(dst *mat.SymDense) {
	e.lock("AdaptiveSPSA.Hessian")
	defer e.leave()
	known := e.after
	if known.count == 0 {
		known = e.before
	}
	if e.dim == 0 || known.count == 0 {
		panic("gradient: AdaptiveSPSA.Hessian before the first draw")
	}
	n := e.dim
	if dst.IsEmpty() {
		dst.ReuseAsSym(n)
	}
	if dst.SymmetricDim() != n {
		panic(fmt.Sprintf("gradient: AdaptiveSPSA.Hessian of %d variables into a matrix of %d", n, dst.SymmetricDim()))
	}
	for i := range n {
		for j := i; j < n; j++ {
			h := known.hessian[i*n+j]
			if e.Scale != nil {
				h /= e.Scale[i] * e.Scale[j]
			}
			dst.SetSym(i, j, h)
		}
	}
}

func (e *AdaptiveSPSA) state() state.State {
	before, after := e.before, e.after
	if e.dim == 0 {
		before, after = learned{}, learned{}
	} else if after.count == 0 { // it may not be finite
		after = learned{hessian: make([]float64, e.dim*e.dim)}
	}
	return state.State{
		Counters: e.counters(e.dim, before.count, after.count),
		Scalars:  []float64{before.v, after.v},
		Vectors:  [][]float64{before.hessian, after.hessian},
	}
}

// MarshalBinary returns the state: the last Sample, and N, H̄ and v before it and after it. The exported fields are not part
// of it. It panics during a draw.
func (e *AdaptiveSPSA) MarshalBinary() ([]byte, error) {
	e.lock("AdaptiveSPSA.MarshalBinary")
	defer e.leave()
	return state.Marshal("AdaptiveSPSA", e.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned, into an AdaptiveSPSA with the same fields. On an error e
// is unchanged. The run goes on with the last Sample once more or with the one after it. It panics during a draw.
func (e *AdaptiveSPSA) UnmarshalBinary(data []byte) error {
	e.lock("AdaptiveSPSA.UnmarshalBinary")
	defer e.leave()
	s, err := state.Unmarshal("AdaptiveSPSA", data, e.state())
	if err != nil {
		return err
	}
	c, numbers := s.Counters[ownCounters:], len(s.Vectors[0])
	n := c[0]
	ok := n <= numbers && n*n == numbers && (n > 0 || c[1] == 0 && c[2] == 0) && (c[2] == 0 || c[2] > c[1])
	if err := unsound("AdaptiveSPSA", s.Counters, n, ok); err != nil {
		return err
	}
	e.restore(s.Counters, n)
	e.allocate(n)
	e.before = learned{c[1], s.Scalars[0], s.Vectors[0]}
	e.after = learned{c[2], s.Scalars[1], s.Vectors[1]}
	return nil
}
