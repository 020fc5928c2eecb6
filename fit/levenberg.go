package fit

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/optimize"
)

// ErrNotConverged is the error of a fit that has used up Settings.Iterations.
var ErrNotConverged = errors.New("fit: not converged within the limit of iterations")

// ErrNoDecrease is the error of a fit whose derivatives promise a lower sum of squares that no step finds.
var ErrNoDecrease = errors.New("fit: no step lowers the sum of squares although the derivatives promise it; are they right, and is the curve smooth?")

var (
	errCancelled = errors.New("cancelled")
	errFactor    = errors.New("fit: the singular values of the derivatives cannot be computed")
)

// levenberg is the method of Levenberg and Marquardt: a Gauss-Newton step, damped until it stays in a region where the
// curve was nearly linear before,
//
//	δ = argmin ‖J δ + r‖² + λ ‖D δ‖²   with the least λ >= 0 such that ‖D δ‖ <= Δ
//
// taken if RSS falls. Δ grows and shrinks with the ratio of the decrease to the predicted one. D, the largest length
// that each column of J has had, makes the run independent of the units of the parameters. Where the curve is not finite
// the step is rejected and Δ divided by 4.
//
// Damping, ratio test and scaling are those of Moré, and so is the first Δ, ‖D b‖ times a factor, but this is 1 where his
// is 100, which sends NIST's BoxBOD from start 1 to another minimum. Steps come from singular values of J/D in place of a
// pivoted QR. Rounding in RSS hides a decrease below 1e-16 of it, and so the last half of the digits of b; these come from
// undamped steps at the end, as long as they shorten the projection of r on the tangent plane. Geodesic acceleration
// (Transtrum and Sethna, arXiv:1201.5885) has been tried: on NIST's problems it takes fewer iterations but as many
// evaluations, and finds the right minimum no more often.
//
// References: K. Levenberg, A method for the solution of certain non-linear problems in least squares, Quart. Appl.
// Math. 2, 1944. D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11, 1963.
// J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, in Numerical Analysis, Lecture Notes in
// Mathematics 630, 1978.
type levenberg struct {
	c          *curve
	lin        *linearized
	delta      []float64
	noise      float64 // sum of squares of the residuals' rounding errors, estimated
	iterations int
}

func newLevenberg(c *curve) *levenberg {
	return &levenberg{c: c, lin: newLinearized(c.m, c.n), delta: make([]float64, c.n)}
}

// run searches from p for at most limit iterations and returns the best point. It uses p as its own.
func (l *levenberg) run(ctx context.Context, p *point, scale []float64, limit int) (*point, optimize.Status, error) {
	lin := l.lin
	clear(lin.scale)
	l.rescale(p)
	if !lin.factor(p.jac, p.r) {
		return p, optimize.Failure, errFactor
	}
	var size float64
	for j, v := range scale {
		size = math.Hypot(size, lin.scale[j]*v)
	}
	radius := size
	if radius == 0 {
		radius = math.Sqrt(p.f) // from b = 0: a step that can change the curve by the residuals
	}
	trial := newPoint(l.c, p.u)
	for range limit {
		if ctx.Err() != nil {
			return p, optimize.Failure, errCancelled
		}
		l.iterations++
		if _, promise := lin.step(l.delta, 0); promise <= 1e-15*p.f+l.rounding(p.f) {
			return l.polish(p, trial), optimize.FunctionConvergence, nil
		}
		lambda := lin.damping(radius)
		length, predicted := lin.step(l.delta, lambda)
		if !l.move(trial, p) {
			// The promise is not kept however short the step.
			if _, promise := lin.step(l.delta, 0); l.large(promise, p.f) {
				return p, optimize.Failure, ErrNoDecrease
			}
			return l.polish(p, trial), optimize.StepConvergence, nil
		}

		ratio, ok := -1.0, l.c.eval(trial)
		if ok {
			ratio = (p.f - trial.f) / predicted
		}
		switch {
		case !ok:
			radius = 0.25 * min(radius, length)
		case ratio < 0.25:
			// The minimum of the parabola through both values with the slope at p.
			shrink := 0.5
			if trial.f >= p.f {
				slope := lin.slope(lambda)
				shrink = min(max(slope/(2*slope+(p.f-trial.f)), 0.1), 0.5)
			}
			radius = shrink * min(radius, 10*length)
		case ratio > 0.75 || lambda == 0:
			radius = 2 * length
		}
		if ratio > 1e-4 {
			p, trial = trial, p
			l.rescale(p)
			if !lin.factor(p.jac, p.r) {
				return p, optimize.Failure, errFactor
			}
		}
	}
	return p, optimize.IterationLimit, ErrNotConverged
}

// rescale raises D to the lengths of the columns at p, and estimates noise: rounding y, or any one parameter, changes the
// residuals by that much.
func (l *levenberg) rescale(p *point) {
	const epsilon = 0x1p-52
	size := l.c.sizeY
	for j, d := range l.lin.scale {
		norm := l.c.columnNorm(p, j)
		l.lin.scale[j] = max(d, norm)
		size = math.Hypot(size, norm*p.u[j])
	}
	l.noise = epsilon * size * epsilon * size
}

// rounding is what rounding of the residuals can do to the objective f, by the inequality of Cauchy and Schwarz.
func (l *levenberg) rounding(f float64) float64 { return 2*math.Sqrt(f*l.noise) + l.noise }

// large reports whether a decrease that the linear problem promises is too large for a minimum: the cosine of the angle
// between the residuals and the tangent plane is above 0.001, and not by rounding. (D. M. Bates, D. G. Watts, A relative
// offset orthogonality convergence criterion for nonlinear least squares, Technometrics 23, 1981, for the threshold.)
func (l *levenberg) large(promise, f float64) bool {
	return promise > 1e-6*f && promise > 1e6*l.noise
}

// tie is the difference from f that does not tell two minima apart.
func (l *levenberg) tie(f float64) float64 { return 1e-9*f + l.rounding(f) }

// move sets trial to p plus the step and reports whether that is another point.
func (l *levenberg) move(trial, p *point) (moved bool) {
	for j, d := range l.delta {
		trial.u[j] = p.u[j] + d
		moved = moved || trial.u[j] != p.u[j]
	}
	return moved
}

// polish takes Gauss-Newton steps from p, a minimum of RSS up to its rounding error, while they shorten the projection of
// the residuals on the tangent plane.
func (l *levenberg) polish(p, trial *point) *point {
	lin := l.lin
	lin.equilibrate(l.c, p)
	if !lin.factor(p.jac, p.r) {
		return p
	}
	best, least, bar := p, lin.projection(), p.f+l.tie(p.f)
	// Convergence is linear or better and takes one to five steps in practice. Down in the rounding errors the projection
	// is a matter of chance: two misses in a row are the end.
	for steps, misses := 0, 0; steps < 50 && misses < 2; steps++ {
		l.iterations++
		lin.step(l.delta, 0)
		if !l.move(trial, p) || !l.c.eval(trial) || trial.f > bar || !lin.factor(trial.jac, trial.r) {
			break
		}
		misses++
		if here := lin.projection(); here < least {
			best, least, misses = trial, here, 0
		}
		p, trial = trial, p
		if trial == best {
			trial = newPoint(l.c, p.u)
		}
	}
	return best
}
