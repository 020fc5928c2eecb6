package fit

import (
	"cmp"
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
	errRecorder  = errors.New("fit: Recorder")
	errKnown     = errors.New("at a minimum that is known")
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
// undamped steps at the end, as long as they shorten the projection of r on the tangent plane.
//
// A damped step δ follows a parabola, not a straight line (geodesic acceleration of Transtrum and Sethna): with f" the second
// derivatives of the residuals along δ, from one more evaluation of the curve without derivatives at a tenth of the way,
// it is
//
//	δ + a/2,  a = argmin ‖J a + f"‖² + λ ‖D a‖²
//
// where ‖D a‖ <= ‖D δ‖, else δ. In the 54 runs of NIST's problems from the starts alone this takes 2982 evaluations in place
// of 3845, a third of them without derivatives, and 45 % of the processor's time: the narrow valley of Bennett5 is
// followed in 77 and 56 in place of 1139 and 351. Of 270 perturbed starts (TestPerturbedStarts) the right minimum
// is found from 237 in place of 236. With other limits of ‖D a‖/‖D δ‖ it is from 235 (at 0.15 and at 0.5), 236 (0.375), 232 (2.5) and 229 (none).
// Near the minimum, where λ is 0, it would cost more than it saves.
//
// Bounds are kept by the steps: a variable at a bound that would leave it along the negative gradient does not move, and a
// step of the others that would leave the bounds is replaced by the solution of the same damped problem between them
// (see box). So no step is cut short by a bound that is not in its way, and a minimum at a bound is reached exactly, with
// the gradient pointing outwards there and 0 in all other variables.
//
// References: K. Levenberg, A method for the solution of certain non-linear problems in least squares, Quart. Appl.
// Math. 2, 1944. D. W. Marquardt, An algorithm for least-squares estimation of nonlinear parameters, J. SIAM 11, 1963.
// J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, in Numerical Analysis, Lecture Notes in
// Mathematics 630, 1978. M. K. Transtrum, J. P. Sethna, Improvements to the Levenberg-Marquardt algorithm for nonlinear
// least-squares minimization, arXiv:1201.5885, 2012.
type levenberg struct {
	c          *curve
	lin        *linearized
	box        *box // nil if there are no bounds
	delta      []float64
	hit        bool    // the last step has been changed by bounds
	held       []int8  // and to which each variable has been led, as in box
	noise      float64 // sum of squares of the residuals' rounding errors, estimated
	iterations int
	bent, acc  []float64 // second derivatives of the residuals along a step, half the step that they add
	known      *point    // a minimum that need not be found again, or nil
	progress   *progress // nil if nobody wants to know
	spare      []*point  // whose memory is free
}

func newLevenberg(c *curve) *levenberg {
	l := &levenberg{c: c, lin: newLinearized(c.m, c.n), delta: make([]float64, c.n), held: make([]int8, c.n)}
	l.bent, l.acc = make([]float64, c.m), make([]float64, c.n)
	if c.bounded() {
		l.box = newBox(c.n)
	}
	return l
}

// take returns a point at u that has not been evaluated, in memory that has been given back, if there is some.
func (l *levenberg) take(u []float64) *point {
	k := len(l.spare) - 1
	if k < 0 {
		return newPoint(l.c, u)
	}
	p := l.spare[k]
	l.spare = l.spare[:k]
	copy(p.u, u)
	return p
}

// give gives back p, which nobody uses any more.
func (l *levenberg) give(p *point) { l.spare = append(l.spare, p) }

// run searches from p for at most limit iterations and returns the best point. It uses p as its own.
func (l *levenberg) run(ctx context.Context, p *point, scale []float64, limit int) (*point, optimize.Status, error) {
	lin := l.lin
	clear(lin.scale)
	if !l.arrive(p) {
		return p, optimize.Failure, errFactor
	}
	radius := l.length(scale)
	fresh := false // the step before has been taken
	if radius == 0 {
		radius = math.Sqrt(p.f) // from b = 0: a step that can change the curve by the residuals
	}
	trial := l.take(p.u)
	defer func() { l.give(trial) }()
	for range limit {
		if ctx.Err() != nil {
			return p, optimize.Failure, errCancelled
		}
		if err := l.progress.record(l.c, p, optimize.MajorIteration); err != nil {
			return p, optimize.Failure, err
		}
		l.iterations++
		_, promise, _ := l.step(p, 0)
		if promise <= 1e-15*p.f+l.rounding(p.f) {
			p, trial = l.polish(p, trial)
			return p, optimize.FunctionConvergence, nil
		}
		lambda := lin.damping(radius)
		length, predicted, slope := l.step(p, lambda)
		if !l.move(trial, p) {
			if l.large(promise, p.f) {
				if !fresh { // the promise is not kept however short the step
					if l.follows(p, trial) {
						return p, optimize.StepConvergence, nil // the decrease is lost in rounding: see Result.RanAway
					}
					return p, optimize.Failure, ErrNoDecrease
				}
				// The radius is from where columns were shorter by orders of magnitude.
				radius, fresh = max(1e-3*l.length(p.u), 1e-3*math.Sqrt(p.f)), false
				continue
			}
			p, trial = l.polish(p, trial)
			return p, optimize.StepConvergence, nil
		}

		if lambda > 0 && !l.hit {
			l.accelerate(p, trial, lambda, length)
			l.move(trial, p)
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
				shrink = min(max(slope/(2*slope+(p.f-trial.f)), 0.1), 0.5)
			}
			radius = shrink * min(radius, 10*length)
		case l.hit:
			radius = max(radius, 2*length) // not the radius has made it short
		case ratio > 0.75 || lambda == 0:
			radius = 2 * length
		}
		if ratio > 1e-4 {
			p, trial = trial, p
			if l.known != nil && l.isKnown(p) {
				return p, optimize.Failure, errKnown
			}
			if !l.arrive(p) {
				return p, optimize.Failure, errFactor
			}
			fresh = true
		}
	}
	return p, optimize.IterationLimit, ErrNotConverged
}

// arrive makes ready for steps from p. It reports whether the factors are finite.
func (l *levenberg) arrive(p *point) bool {
	l.rescale(p)
	l.activate(p)
	return l.lin.factor(p.jac, p.r)
}

// activate chooses the variables that move: all but those at a bound that would leave it along the negative gradient.
func (l *levenberg) activate(p *point) {
	lin := l.lin
	lin.cols = lin.cols[:0]
	for j := range lin.n {
		if side := l.c.atBound(p.u, j); side == 0 || float64(side)*l.c.gradient(p, j) > 0 {
			lin.cols = append(lin.cols, j)
		}
	}
}

// length is ‖D v‖.
func (l *levenberg) length(v []float64) float64 {
	var sum float64
	for j, d := range l.lin.scale {
		sum = math.Hypot(sum, d*v[j])
	}
	return sum
}

// step stores the step from p with damping lambda in delta, between the bounds, and returns what linearized.step does.
func (l *levenberg) step(p *point, lambda float64) (length, decrease, slope float64) {
	lin, b := l.lin, l.box
	length, decrease, slope = lin.step(l.delta, lambda)
	clear(l.held)
	l.hit = b != nil && l.c.outside(p.u, l.delta)
	if !l.hit {
		return length, decrease, slope
	}
	for i, j := range lin.cols {
		b.lo[i] = (l.c.lower[j] - p.u[j]) * lin.scale[j]
		b.hi[i] = (l.c.upper[j] - p.u[j]) * lin.scale[j]
	}
	bl, bd, bs, ok := b.solve(lin, lambda)
	if !ok {
		return length, decrease, slope // R has been factored, and a part of it is no harder
	}
	for i, j := range lin.cols {
		l.delta[j], l.held[j] = b.d[i]/lin.scale[j], b.held[i]
	}
	return bl, bd, bs
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

// follows reports whether the residuals change with each variable, if it goes a short way from p, as the derivatives say,
// within a thousandth. Then these are right. It uses trial. With a Loss, or where the data are not kept, it cannot tell, and
// returns false.
func (l *levenberg) follows(p, trial *point) bool {
	c := l.c
	if c.loss != nil || c.pass != nil {
		return false
	}
	right := func(j int) bool {
		for h := cmp.Or(math.Abs(p.u[j]), math.Sqrt(p.f)/c.columnNorm(p, j)); ; h /= 10 {
			copy(trial.u, p.u)
			trial.u[j] -= math.Copysign(h, p.u[j])
			h = math.Abs(trial.u[j] - p.u[j]) // as rounded
			if !(h*c.columnNorm(p, j) > 1e4*math.Sqrt(l.noise)) {
				return false
			}
			if !c.values(trial) {
				continue
			}
			var miss float64
			for i, r := range p.r {
				miss = math.Hypot(miss, trial.r[i]-r-p.row(i)[j]*(trial.u[j]-p.u[j]))
			}
			if miss <= 1e-3*h*c.columnNorm(p, j) {
				return true
			}
		}
	}
	for _, j := range l.lin.cols {
		if !right(j) {
			return false
		}
	}
	return true
}

// isKnown reports whether p is so near to the known minimum that there is nothing between: the objectives differ by less
// than 1e-4, and the curves at all responses together by a hundredth of the residuals.
func (l *levenberg) isKnown(p *point) bool {
	k, c := l.known, l.c
	if math.Abs(p.f-k.f) > 1e-4*k.f {
		return false
	}
	var sum float64
	for i := range c.m {
		var d float64
		for j, v := range k.row(i) {
			d += v * (p.u[j] - k.u[j])
		}
		sum += d * d
	}
	return sum <= 1e-4*k.f
}

// tie is the difference from f that does not tell two minima apart.
func (l *levenberg) tie(f float64) float64 { return 1e-9*f + l.rounding(f) }

// move sets trial to p plus the step and reports whether that is another point.
func (l *levenberg) move(trial, p *point) (moved bool) {
	for j, d := range l.delta {
		v := min(max(p.u[j]+d, l.c.lower[j]), l.c.upper[j])
		switch l.held[j] { // exactly
		case -1:
			v = l.c.lower[j]
		case 1:
			v = l.c.upper[j]
		}
		moved = moved || v != p.u[j]
		trial.u[j] = v
	}
	return moved
}

// polish takes Gauss-Newton steps from p, a minimum of the objective up to its rounding error, while they shorten the
// projection of the residuals on the tangent plane. Variables at a bound stay there, and no step leaves the bounds.
// It returns the point with the shortest one and another, which is free.
func (l *levenberg) polish(p, trial *point) (best, free *point) {
	lin := l.lin
	lin.equilibrate(l.c, p)
	l.activate(p)
	if !lin.factor(p.jac, p.r) {
		return p, trial
	}
	best = p
	least, bar := lin.projection(), p.f+l.tie(p.f)
	// Convergence is linear or better and takes one to five steps in practice. Down in the rounding errors the projection
	// is a matter of chance: two misses in a row are the end.
	for steps, misses := 0, 0; steps < 50 && misses < 2; steps++ {
		l.iterations++
		lin.step(l.delta, 0)
		clear(l.held)
		if l.c.outside(p.u, l.delta) || !l.move(trial, p) || !l.c.eval(trial) || trial.f > bar || !lin.factor(trial.jac, trial.r) {
			break
		}
		misses++
		if here := lin.projection(); here < least {
			best, least, misses = trial, here, 0
		}
		p, trial = trial, p
		if trial == best {
			trial = l.take(p.u)
		}
	}
	if best != p {
		l.give(p)
	}
	return best, trial
}
