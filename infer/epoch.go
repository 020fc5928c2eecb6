package infer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// epoch is a number of steps with one preconditioner.
type epoch struct {
	x, g  moments
	f     float64   // mean value
	gg    []float64 // Σ g gᵀ, upper triangle; nil if it is not wanted
	floor float64   // mean variance of an iterate, in units of H⁻¹SH⁻¹, if P is H⁻¹ and it starts at the minimizer
	moved []int     // how often the projection has moved a variable
}

// steps takes n of them, x ← x - γ(t) P g, and hands the iterates to each, if that is not nil. P and γ are given.
// matrix asks for Σ g gᵀ, and rho is what the prediction of the floor needs.
func (r *run) steps(n int, matrix bool, p func(dst, g []float64), gamma func(t int) float64, rho float64,
	each func(x []float64)) (*epoch, error) {
	e := &epoch{x: newMoments(r.n), g: newMoments(r.n), moved: make([]int, r.n)}
	if matrix {
		e.gg = make([]float64, r.n*(r.n+1)/2)
	}
	r.part = &r.moves
	d, scratch := make([]float64, r.n), make([]float64, r.n)
	var variance float64 // of an iterate, as for floor
	for k := range n {
		f, err := r.draw(r.g, r.x, r.sample())
		if err != nil {
			return nil, err
		}
		e.x.add(r.x)
		c := gamma(r.t)
		p(d, r.g)
		for i, v := range d {
			r.x[i] -= float64(c * v)
			if v := r.x[i]; v-v != 0 {
				return nil, fmt.Errorf("infer: Estimate: step %d of estimation takes x[%d] to %v", r.t, i, v)
			}
		}
		if err := r.project(r.x, e.moved, scratch); err != nil {
			return nil, err
		}
		r.t++
		e.g.add(r.g)
		e.f += (f - e.f) / float64(k+1)
		e.floor += (variance - e.floor) / float64(k+1)
		variance = variance*(1-2*c+c*c*rho) + c*c
		if matrix {
			j := 0
			for i, a := range r.g {
				for _, b := range r.g[i:] {
					e.gg[j] += float64(a * b)
					j++
				}
			}
		}
		if each != nil {
			each(r.x)
		}
	}
	return e, nil
}

// scale returns the diagonal preconditioner P, which freezes the scale of the Rule, whichever it is, and the longest
// step that a variable may take with it:
//
//	P = 2d/√v,  longest step d/2
//
// d is the root mean square of the distance that a variable moves in 16 steps, and v the mean square of its gradient,
// over the last window of travel. For Adam in noise d is about 4α. The limit keeps early steps from diverging where √v
// is no measure of the curvature; later the steps are far below it.
func (r *run) scale() (p, longest []float64) {
	p, longest = make([]float64, r.n), make([]float64, r.n)
	w := r.where
	for i := range p {
		if v := w.g.mean[i]*w.g.mean[i] + w.g.squares[i]/float64(max(1, w.g.n)); v > 0 && w.moves > 0 {
			d := math.Sqrt(w.move[i] / float64(w.moves))
			p[i], longest[i] = 2*d/math.Sqrt(v), d/2
		}
	}
	return p, longest
}

// byScale takes the steps of an epoch with the preconditioner of scale.
func (r *run) byScale(n int, p, longest []float64, each func(x []float64)) (*epoch, error) {
	t0 := math.Pow(float64(r.n+2), 1/power) // for correlated variables and curvature that varies from draw to draw
	gamma := func(t int) float64 { return math.Pow(t0+float64(t), -power) }
	return r.steps(n, false, func(dst, g []float64) {
		for i, v := range g {
			dst[i] = p[i] * v
		}
		limit(dst, longest, gamma(r.t))
	}, gamma, 0, each)
}

// byHessian estimates with the inverse Hessian.
func (r *run) byHessian() error {
	if r.left() < fewestEpochs*firstEpoch {
		return errSpent
	}
	p, longest := r.scale()
	e, err := r.byScale(firstEpoch, p, longest, nil)
	if err != nil {
		return err
	}
	// The first Hessian, for the steps only, takes a hundredth of the budget.
	c := &r.curve
	if err := r.measure(e.x.mean, r.spread(e.x), min(mostProbes, max(8, r.budget/(200*r.n)))); err != nil {
		return err
	}
	copy(r.x, e.x.mean)
	length := firstEpoch
	m := max(8, r.probing(length))
	settled := false // epochs have agreed
	for k := 0; ; k++ {
		if !c.digest(r.n, !settled && len(c.draws) < enoughDraws) {
			r.unsure("the Hessian cannot be inverted at x = %.6g: it is near 0, or cannot be measured, both ends of a difference being "+
				"outside the feasible set", r.x)
			return nil
		}
		if settled {
			if err := r.assess(); err != nil {
				return err
			}
			if r.result.Status == Estimated && r.excess() <= 1 {
				return nil
			}
		}
		if k > 0 {
			if length, m = r.plan(length); length == 0 {
				return r.conclude(settled)
			}
		}
		e, err := r.byNewton(length)
		if err != nil {
			return err
		}
		if which := names(e.moved, len(e.moved), func(k int) bool { return k*100 > length }); which != "" {
			r.unsure("%s at the boundary of the feasible set: the law of the estimate is not normal there", which)
			return r.alongBoundary()
		}
		// The first epoch is always burnt; later ones until they agree.
		next := length
		if k <= 1 || r.differs(e) {
			r.epochs, c.old = nil, len(c.draws)
		} else {
			if !settled {
				r.epochs, c.old = nil, len(c.draws) // what it agrees with may still have been on the way, unnoticed
			}
			settled = true
			next *= 2
		}
		r.epochs = append(r.epochs, e)
		if r.result.X, r.result.EffectiveSamples, err = r.center(r.epochs); err != nil {
			return err
		}
		copy(r.x, r.result.X)
		if err := r.measure(r.result.X, r.reach(e), m); err != nil {
			return err
		}
		if len(c.draws)-c.old >= enoughDraws {
			c.draws, c.old = c.draws[c.old:], 0
		}
		length = next
	}
}

// byNewton takes the steps of an epoch. None is longer in any variable than 4 times its scatter in travel, if it had
// any; they come near that only where H is wrong.
func (r *run) byNewton(n int) (*epoch, error) {
	t0 := math.Pow(r.curve.rho, 1/power)
	gamma := func(t int) float64 { return stiffness * math.Pow(t0+float64(t), -power) }
	longest := make([]float64, r.n)
	for i := range longest {
		longest[i] = 4 * math.Sqrt(r.where.x.variance(i))
		if !(longest[i] > 0) {
			longest[i] = math.Inf(1)
		}
	}
	return r.steps(n, true, func(dst, g []float64) {
		r.curve.precondition(dst, g)
		limit(dst, longest, gamma(r.t))
	}, gamma, r.curve.rho, nil)
}

// limit makes the components of c d no larger than longest.
func limit(d, longest []float64, c float64) {
	for i, v := range d {
		if !(math.Abs(c*v) <= longest[i]) { // NaN too, of an inverse that overflows
			d[i] = math.Copysign(longest[i]/c, v)
		}
	}
}

// alongBoundary goes on with multiples of the gradient, for which the projection leads to the minimum.
func (r *run) alongBoundary() error {
	r.epochs = nil
	var trace float64
	for i := range r.n {
		trace += math.Abs(r.curve.h.At(i, i))
	}
	n := r.left()
	if n < firstEpoch {
		return errSpent
	}
	e, err := r.steps(n, false, func(dst, g []float64) {
		for i, v := range g {
			dst[i] = v / trace
		}
	}, func(t int) float64 { return math.Pow(1+float64(t), -power) }, 1, nil)
	if err != nil {
		return err
	}
	r.result.X, r.result.EffectiveSamples = e.x.mean, e.x.n
	return nil
}

// plan returns the steps and the probes of the next epoch, of about length steps; 0 if the budget is spent.
func (r *run) plan(length int) (steps, m int) {
	if e := r.excess(); !math.IsInf(e, 1) && len(r.epochs) > 0 {
		length = min(length, max(firstEpoch/4, int(math.Ceil(float64(r.result.EffectiveSamples)*(1.02*e-1)))))
	}
	m = r.probing(length)
	if rest := r.left() - length - 2*r.n*m; rest < length/2 { // it is the last one
		m = r.probing(r.left() * 10 / 11)
		length = r.left() - 2*r.n*m
	}
	if length < firstEpoch/4 {
		return 0, 0
	}
	return length, m
}

// probing returns how many Samples H is to be measured with after so many steps: a tenth of their cost, until H is known
// well enough.
func (r *run) probing(length int) int {
	if !r.hessian {
		return 0
	}
	c := &r.curve
	m := max(4, (length+20*r.n-1)/(20*r.n))
	if len(c.draws) >= enoughDraws && c.old == 0 && len(r.epochs) > 0 {
		least := math.Inf(1)
		for _, v := range r.result.DF {
			least = min(least, v)
		}
		if least >= enoughDF {
			return 0
		}
	}
	return min(m, max(0, mostProbes-len(c.draws)))
}

// spread returns the ends of differences: the standard deviations of x, or what suits a gradient without noise.
func (r *run) spread(x moments) []float64 {
	by := make([]float64, r.n)
	for i := range by {
		by[i] = 0x1p-17 * max(math.Abs(r.x[i]), 0x1p-17)
		if v := math.Sqrt(x.variance(i)); v > by[i] {
			by[i] = v
		}
	}
	return by
}

// covariance returns S over the given epochs, and how many gradients it is from.
func (r *run) covariance(epochs []*epoch) (*mat.SymDense, int) {
	s := mat.NewSymDense(r.n, nil)
	g := newMoments(r.n)
	for _, e := range epochs {
		g.merge(e.g)
	}
	k := 0
	for i := range r.n {
		for j := i; j < r.n; j++ {
			var sum float64
			for _, e := range epochs {
				sum += e.gg[k]
			}
			c := sum/float64(g.n) - float64(g.mean[i]*g.mean[j])
			if i == j {
				c = max(c, 0) // rounding, far from the minimizer
			}
			s.SetSym(i, j, c)
			k++
		}
	}
	return s, g.n
}

// differs reports whether the mean of e is another one than that of the epochs before.
func (r *run) differs(e *epoch) bool {
	s, n := r.covariance(append(slices.Clone(r.epochs), e))
	v, df := r.curve.sandwich(s, n)
	a, na := r.newton(r.epochs)
	b, nb := r.newton([]*epoch{e})
	for i, x := range a {
		t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df[i]}.Quantile(1 - agreement/float64(2*r.n))
		se := math.Sqrt(v.At(i, i) * (1/float64(na) + 1/float64(nb)))
		if math.Abs(x-b[i]) > float64(t*se)+r.slack(i) {
			return true
		}
	}
	return false
}

// slack is a distance that does not count, where a variable has no noise: a millionth of the scatter in travel.
func (r *run) slack(i int) float64 { return 1e-6 * math.Sqrt(max(0, r.where.x.variance(i))) }

// newton returns x̄ - P ḡ over the epochs, and the number of their steps. For a quadratic with H⁻¹ = P it is the
// minimizer less P times the mean noise, wherever the steps began. No variable is moved by more than 16 times its
// scatter: a H that is wrong must not lead far away.
func (r *run) newton(epochs []*epoch) ([]float64, int) {
	x, g := newMoments(r.n), newMoments(r.n)
	for _, e := range epochs {
		x.merge(e.x)
		g.merge(e.g)
	}
	move := make([]float64, r.n)
	r.curve.precondition(move, g.mean)
	longest := make([]float64, r.n)
	for i := range longest {
		longest[i] = 16 * math.Sqrt(x.variance(i))
	}
	limit(move, longest, 1)
	for i, v := range move {
		x.mean[i] -= v
	}
	return x.mean, x.n
}

// center is newton, feasible.
func (r *run) center(epochs []*epoch) ([]float64, int, error) {
	x, n := r.newton(epochs)
	return x, n, r.project(x, nil, make([]float64, r.n))
}

// reach returns the ends of differences after an epoch of n steps: n^-1/4 times the standard deviation that an
// observation of the variable alone would have, the others being known, √S_ii/H_ii. They go to 0, but so slowly that a
// gradient with jumps shows its slope.
func (r *run) reach(e *epoch) []float64 {
	s, n := r.covariance([]*epoch{e})
	by := r.spread(e.x)
	for i := range by {
		if h := math.Abs(r.curve.h.At(i, i)); h > 0 {
			least := 0x1p-17 * max(math.Abs(r.x[i]), 0x1p-17)
			by[i] = max(least, math.Sqrt(s.At(i, i))/h*math.Pow(float64(n), -0.25))
		}
	}
	return by
}

// assess sets the error bars of X, from the epochs in the mean.
func (r *run) assess() (err error) {
	res, c := r.result, &r.curve
	s, n := r.covariance(r.epochs)
	if res.X, res.EffectiveSamples, err = r.center(r.epochs); err != nil {
		return err
	}
	v, df := c.sandwich(s, n)
	last := r.epochs[len(r.epochs)-1]
	res.Status, res.DF = Estimated, df
	res.PredictedFloor, res.MeasuredFloor = make([]float64, r.n), make([]float64, r.n)
	res.Cov = mat.NewSymDense(r.n, nil)
	res.Cov.ScaleSym(1/float64(n), v)
	for i := range r.n {
		res.StdErr[i] = math.Sqrt(res.Cov.At(i, i))
		res.PredictedFloor[i] = math.Sqrt(v.At(i, i) * last.floor)
		off := last.x.mean[i] - res.X[i]
		res.MeasuredFloor[i] = math.Sqrt(last.x.variance(i) + off*off)
	}
	if c.singular() != nil {
		res.Status = Unsure
		r.strip()
	}
	r.look(last.f)
	return nil
}

// look adds to the trace.
func (r *run) look(f float64) {
	l := Look{Samples: r.spent * r.rep, X: slices.Clone(r.result.X), F: f}
	if r.result.Status != Unsure {
		l.StdErr = slices.Clone(r.result.StdErr)
	}
	r.result.Trace = append(r.result.Trace, l)
}

// conclude sets the status when the budget is spent.
func (r *run) conclude(settled bool) error {
	if !settled {
		r.unsure("estimation has not settled: the means of all successive epochs of %d steps or more differ; a larger budget or another start "+
			"is needed", firstEpoch)
		return nil
	}
	if u := r.curve.singular(); u != nil {
		parts := make([]float64, r.n) // of the direction, in units in which H has a unit diagonal
		for i := range parts {
			parts[i] = math.Abs(u.AtVec(i)) / r.curve.scale[i]
		}
		r.unsure("the Hessian is not shown to be positive definite: the objective may be flat along a direction of %s",
			names(parts, r.n, func(v float64) bool { return v > slices.Max(parts)/10 }))
		return nil
	}
	return r.wide()
}

// wide tells whether the budget was enough for what was asked.
func (r *run) wide() error {
	if r.asked() {
		if e := r.excess(); e > 1 {
			r.result.Status = Wide
			r.say("the budget ended before the intervals were as narrow as asked for: about %.3g evaluations in the mean would "+
				"be needed, there are %d", e*float64(r.result.EffectiveSamples), r.result.EffectiveSamples)
		}
	}
	return nil
}

// names lists the variables of which that holds.
func names[T any](v []T, n int, that func(T) bool) string {
	var all []string
	for i := range n {
		if that(v[i]) {
			all = append(all, fmt.Sprintf("x[%d]", i))
		}
	}
	if len(all) > 8 {
		return fmt.Sprintf("%s and %d more", strings.Join(all[:8], ", "), len(all)-8)
	}
	return strings.Join(all, ", ")
}

// start is a RandomScaling of the iterates after a number of steps.
type start struct {
	after int
	RandomScaling
}

// byScaling estimates with the frozen scale of the gradient, and random scaling.
func (r *run) byScaling() error {
	p, longest := r.scale()
	for i := range p {
		p[i] *= 4 // the intervals need iterates that mix soon; byHessian only a quieter place
	}
	var starts []*start
	var bound string // variables there
	length := firstEpoch
	if r.left() < fewestEpochs*length {
		return errSpent
	}
	for k := 0; ; k++ {
		if k > 0 {
			if length, _ = r.plan(2 * length); length == 0 {
				break
			}
		}
		starts = append(starts, &start{after: r.t})
		e, err := r.byScale(length, p, longest, func(x []float64) {
			for _, s := range starts {
				s.Add(x)
			}
		})
		if err != nil {
			return err
		}
		for len(starts) > 1 && starts[1].after <= r.t/5 {
			starts = starts[1:]
		}
		if k == 0 {
			continue
		}
		if which := names(e.moved, r.n, func(k int) bool { return k*100 > length }); which != "" {
			bound = which
		}
		res, s := r.result, starts[0]
		res.X, res.EffectiveSamples, res.Scaled = s.Mean(), s.N(), true
		res.PredictedFloor, res.MeasuredFloor = nans(r.n), make([]float64, r.n)
		for i := range r.n {
			res.StdErr[i] = math.Sqrt(6 * max(0, s.v(i, i, i)) / float64(s.N()))
			res.DF[i] = math.NaN()
			res.MeasuredFloor[i] = math.Sqrt(e.x.variance(i))
		}
		if bound != "" {
			r.strip()
		}
		r.look(e.f)
		if r.excess() <= 1 {
			return nil
		}
	}
	if r.result.EffectiveSamples == 0 {
		return errSpent
	}
	if bound != "" {
		r.unsure("%s at the boundary of the feasible set: the law of the estimate is not normal there", bound)
		return nil
	}
	return r.wide()
}
