package gradient

import (
	"cmp"
	"fmt"
	"math"
	"slices"

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

// AdaptiveSPSA estimates the Newton step from values: the gradient as SPSA does, and the Hessian by two more values for a
// direction, averaged over all draws of a run (2SPSA).
//
//	q  = (f(x+cΔ+c'Δ') - f(x+cΔ) - f(x-cΔ+c'Δ') + f(x-cΔ)) / 2cc'
//	Ĥ  = q (Δ'Δᵀ + ΔΔ'ᵀ)/2                 Δ_i, Δ'_i = ±1, c and c' divided by (k+1)ᵞ
//	H̄  = mean of all Ĥ = QΛQᵀ
//	g  = Q max(|Λ|, φ max|Λ|, δ)⁻¹ Qᵀ ĝ    ĝ that of SPSA
//	δ² = 2n/N mean of all q²               N values of q so far, n variables
//
// in units of Scale. On a quadratic, Ĥ is unbiased. |H̄_ij| errs by a standard deviation of at most δ/√(2n), and the norm of
// the error of H̄ is about δ: curvatures below it are noise, and directions where f bends less make no longer steps. So
// the first steps are short, and no curvature need be positive.
//
// The gradient is a Newton step, in units of x: give it to method.SGD with a Schedule such as schedule.Power(A, 0.602), A a
// tenth of the steps. Its error is that of ĝ, √n times as long as itself: on a quadratic a StepSize below 2m/(n+m-1) is stable,
// where m is Directions, and half of that is best at first. (Methods that divide by the size of the gradient, such as
// Adam, have no use for a Newton step.) A draw costs 1 + 4m values, where the first has at least Warmup directions, and the
// eigenvectors of H̄, some 10 n³ operations; it keeps 2n² numbers.
//
// Prefer it to SPSA for up to about 20 variables on very different or correlated scales, where noise cancels or is small:
// a noise of standard deviation σ in each value that does not cancel adds σ²/(cc')² to the variance of q.
//
// An AdaptiveSPSA carries the state of one run: unlike other Oracles of this package its Oracle must be called for one
// Step after the other, and not concurrently. The same draw may be repeated while it is the last, and values alone may
// be asked for at any time.
//
// Reference: J. C. Spall, Adaptive stochastic approximation by the simultaneous perturbation method, IEEE Transactions on
// Automatic Control 45, 2000; the floor of the eigenvalues is not from there.
type AdaptiveSPSA struct {
	// Width is c > 0, in units of Scale. If it is 0, 0.01 is used.
	Width float64
	// SecondWidth is c' > 0, in units of Scale. If it is 0, twice Width is used.
	SecondWidth float64
	// Decay is γ >= 0, how fast the widths fall; at 0 they are constant.
	Decay float64
	// Scale is the unit of each variable, > 0. f should bend over distances of about Scale_i. If it is nil, it is 1 for all.
	Scale []float64
	// Directions is how many directions are averaged in a draw. If it is 0, it is 1.
	Directions int
	// Warmup is how many directions the first draw averages if that is more than Directions. If it is 0, 20 is used.
	Warmup int
	// Floor is φ in (0, 1], the least curvature of a direction, as a part of the largest. If it is 0, 1e-4 is used.
	Floor float64

	dim   int       // number of variables
	count int       // N
	last  int       // Step of the last draw
	sq    float64   // mean of q²
	store []float64 // H̄ row by row, of which only j >= i is used, and then x of the last draw

	grad, hat, delta, vectors, values, part, work []float64 // scratch
}

// Oracle returns the Oracle whose value is f and whose gradient is the Newton step. It goes on from the present state of
// e: use another AdaptiveSPSA for another run. f is asked for values only, all of a draw with the same Sample.
//
// An error of f is returned. It is also an error if a value is not finite or a width lost in the rounding of x, if no
// direction so far has shown curvature while f has a slope, if the Step of a draw is not that after the last (or its repetition,
// at the same x), or if its Probe or Replicate is not 0. The state is then what it was before the draw. To average over the noise of f,
// put an Average into e, not e into an Average or a Problem with Samples.
//
// Oracle panics if f is nil or a field is out of range; the Oracle panics if the number of variables is not that of
// Scale or of the last draw.
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
	ds := newDirections("AdaptiveSPSA", f, e.Width, e.Scale, max(1, e.Directions, cmp.Or(e.Warmup, 20)), 0)
	return func(grad, x []float64, s stochopt.Sample) (float64, error) {
		v, err := f(nil, x, s)
		if grad == nil || err != nil {
			return v, err
		}
		return v, e.draw(ds, grad, x, s)
	}
}

// draw stores a Newton step in grad and takes the curvature it has seen up into the state.
func (e *AdaptiveSPSA) draw(ds *directions, grad, x []float64, s stochopt.Sample) error {
	fresh := e.count == 0
	switch {
	case !fresh && len(x) != e.dim:
		panic(fmt.Sprintf("gradient: AdaptiveSPSA: len(x) = %d, but %d in the last draw", len(x), e.dim))
	case s.Step < 0 || s.Probe != 0 || s.Replicate != 0:
		return fmt.Errorf("gradient: AdaptiveSPSA: a draw for %+v, want Step >= 0, Probe = 0, Replicate = 0: put averages into it", s)
	}
	c := width(e.Width, e.Decay, s.Step)
	c2 := 2 * c
	if e.SecondWidth != 0 {
		c2 = width(e.SecondWidth, e.Decay, s.Step)
	}
	if err := ds.check(grad, x, min(c, c2)); err != nil {
		return err
	}
	if len(x) == 0 {
		return nil
	}
	if fresh {
		e.allocate(len(x))
	}
	n := e.dim
	last := e.store[n*n:]
	again := !fresh && s.Step == e.last && slices.Equal(x, last)
	if !fresh && !again && s.Step != e.last+1 {
		return fmt.Errorf("gradient: AdaptiveSPSA: Step %d after Step %d: it carries the state of one run, which goes step by step", s.Step, e.last)
	}
	m := max(1, e.Directions)
	if first := max(m, cmp.Or(e.Warmup, 20)); fresh || again && e.count == first {
		m = first
	}
	sq, err := e.estimate(ds, x, s, m, c, c2)
	if err != nil {
		return err
	}
	if !again {
		total := float64(e.count + m)
		for i, h := range e.hat {
			e.store[i] += (h - float64(float64(m)*e.store[i])) / total
		}
		e.sq += (sq - float64(float64(m)*e.sq)) / total
		e.count += m
		e.last = s.Step
		copy(last, x)
	}
	return e.newton(ds, grad)
}

// estimate makes grad the mean of m estimates of the gradient, hat the sum of m of the Hessian, in units of Scale, and
// returns the sum of q².
func (e *AdaptiveSPSA) estimate(ds *directions, x []float64, s stochopt.Sample, m int, c, c2 float64) (sq float64, err error) {
	n := e.dim
	clear(e.grad)
	clear(e.hat)
	for j := range m {
		d := ds.get(s, j, n)
		d.signs(d.u)
		d.signs(e.delta)
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
			if y[k], err = ds.f(nil, d.at, s); err != nil {
				ds.put(d)
				return 0, err
			}
		}
		slope := (y[0] - y[2]) / (2 * c)
		q := ((y[1] - y[0]) - (y[3] - y[2])) / (2 * c * c2)
		sq += float64(q * q)
		for i, u := range d.u {
			e.grad[i] += float64(slope*u) / float64(m)
			for k := i; k < n; k++ {
				e.hat[i*n+k] += float64(q * (float64(u*e.delta[k]) + float64(e.delta[i]*d.u[k])) / 2)
			}
		}
		ds.put(d)
		if slope-slope != 0 || sq-sq != 0 {
			return 0, fmt.Errorf("gradient: AdaptiveSPSA: values at the ends of direction %d give the slope %v and the curvature %v", j, slope, q)
		}
	}
	if sq == 0 && e.sq == 0 && floats.Norm(e.grad, 1) > 0 {
		return 0, fmt.Errorf("gradient: AdaptiveSPSA: f has a slope and no curvature along %d directions, so there is no Newton step", e.count+m)
	}
	return sq, nil
}

// newton stores the Newton step in grad.
func (e *AdaptiveSPSA) newton(ds *directions, grad []float64) error {
	n := e.dim
	copy(e.vectors, e.store[:n*n])
	if !lapack64.Syev(lapack.EVCompute, e.symmetric(e.vectors), e.values, e.work, len(e.work)) {
		return fmt.Errorf("gradient: AdaptiveSPSA: no eigenvalues of the Hessian found")
	}
	largest := max(math.Abs(e.values[0]), math.Abs(e.values[n-1])) // they stand in ascending order
	floor := max(cmp.Or(e.Floor, 1e-4)*largest, math.Sqrt(2*float64(n)/float64(e.count)*e.sq))
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

// allocate gets the memory for n variables.
func (e *AdaptiveSPSA) allocate(n int) {
	e.dim, e.store = n, make([]float64, n*n+n)
	e.grad, e.hat, e.delta = make([]float64, n), make([]float64, n*n), make([]float64, n)
	e.vectors, e.values, e.part = make([]float64, n*n), make([]float64, n), make([]float64, n)
	size := []float64{0}
	lapack64.Syev(lapack.EVCompute, e.symmetric(e.vectors), e.values, size, -1)
	e.work = make([]float64, int(size[0]))
}

func (e *AdaptiveSPSA) symmetric(data []float64) blas64.Symmetric {
	return blas64.Symmetric{N: e.dim, Stride: max(e.dim, 1), Data: data, Uplo: blas.Upper}
}

// Hessian stores H̄ in dst, in units of f and the variables (without Scale). It panics if there was no draw yet, or if dst
// is neither empty nor of the number of variables.
func (e *AdaptiveSPSA) Hessian(dst *mat.SymDense) {
	if e.count == 0 {
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
			h := e.store[i*n+j]
			if e.Scale != nil {
				h /= e.Scale[i] * e.Scale[j]
			}
			dst.SetSym(i, j, h)
		}
	}
}

func (e *AdaptiveSPSA) state() state.State {
	return state.State{Counters: []int{e.dim, e.count, e.last}, Scalars: []float64{e.sq}, Vectors: [][]float64{e.store}}
}

// MarshalBinary returns the state: N, the last Step and its x, H̄ and the mean of q². The exported fields are not part of it.
func (e *AdaptiveSPSA) MarshalBinary() ([]byte, error) {
	return state.Marshal("AdaptiveSPSA", e.state()), nil
}

// UnmarshalBinary restores a state that MarshalBinary has returned. On an error e is unchanged.
func (e *AdaptiveSPSA) UnmarshalBinary(data []byte) error {
	s, err := state.Unmarshal("AdaptiveSPSA", data, e.state())
	if err != nil {
		return err
	}
	n, store := s.Counters[0], s.Vectors[0]
	if n > len(store) || n*n+n != len(store) {
		return fmt.Errorf("stochopt: state of AdaptiveSPSA: %d numbers are no matrix and point of %d variables", len(store), n)
	}
	e.allocate(n)
	e.count, e.last, e.sq, e.store = s.Counters[1], s.Counters[2], s.Scalars[0], store
	return nil
}
