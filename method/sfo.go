package method

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"gonum.org/v1/gonum/floats"
)

// SFO, the sum of functions optimizer, minimizes the mean of N terms that stay what they are, such as the misfits to N fixed
// batches of data. It keeps a quadratic model of each term, and every evaluation of one term is followed by a
// quasi-Newton step for the whole sum.
//
//	F(x) = (1/N) Σ f_i(x)
//	f_i evaluated at p_i: gradient d_i, model Hessian H_i = B_i + e_i I
//	G ← Σ d_i + H_i (x - p_i)
//	H ← Σ H_i
//	x ← x - η H⁻¹ G
//
// The sums are over the terms in use (the active set), whose number begins with 2 and grows while their gradients tell
// too little about the sum. H_i is the BFGS matrix of the last differences of p_i and d_i, kept positive definite. The next
// term is one that has been evaluated less than twice, or else the one whose p_i is farthest from x in the metric of H or
// that of H_i. η is 1 until a term is found to have risen by more than all others were predicted to fall: the step is then
// rejected, the same term is evaluated at the point before, and if need be at points near it, and η is halved. It goes
// back to 1 in about N steps.
//
// All this takes place in the subspace of the last gradients and positions: of at most K = min(n, 3N+3) of n dimensions. If
// K is n that is the whole space, and the path does not depend on the orientation of the axes. It does depend on their
// scales. G and H are sums, of which N cancels: the values and gradients that are evaluated, and HessianInit with them, have the
// units of F.
//
// The terms must not be noisy: term i is the draw of the Sample with the Seed of the Problem and Step i, whatever FirstStep
// is, for i = 0, ..., N-1, and it must be the same function whenever it is wanted. Any Oracle that takes all its
// randomness from the Sample has such terms; N of them make a sample average approximation, whose minimum differs from
// that of the expectation like a mean of N draws. Of a gradient.FiniteSum, Blocks makes N terms. To find terms that are not
// what they were, the second evaluation, and once in each max(N, 20) after it, is made twice. If the difference is more
// than rounding (√ε of the largest value or gradient among the terms, plus 1e-12 of the largest of the run), Draw ends
// the run with an error that says what was seen.
//
// Prefer it where a sum of 25 to some hundreds of smooth terms, each a batch of data rather than a single one, is to be
// minimized to many digits: it needs no step size, and on logistic regressions in 12 variables it is at rounding level after
// 15 to 20 passes through the terms, when gradient descent with minibatches is 1e-3 above the minimum. The authors advise N of
// about √(size of the data)/10 and no less than 25. It is not for fresh noise, functions with jumps or kinks, or terms whose
// curvatures differ by orders of magnitude at the start. Terms that are far from quadratic and bend much more along one variable
// than along another may send it away, without an error: of sums of 8 terms Σ h_j √(1+(x_j-c_j)²), with h_j from 10⁻³ to 1 at
// random, one in five ended above its start. So compare the F of the sum at the Result with that at the start. A step takes time proportional to nK + (N+K)K(K+History), which terms
// must be large enough to be worth. It keeps nK numbers for the subspace and NK(4·History+2) for the models, and allocates
// nothing but what gonum needs to multiply matrices in parallel, in subspaces of more than some 200 dimensions.
//
// Each Step is for the one evaluation, of one term, that Draw has asked for; those of a rejected step and the double ones are
// iterations like others. So the F and the gradient of a Result are those of a single term, a threshold for the gradient
// says nothing, and the Result may be a point that would have been rejected next. The F of the sum takes N evaluations:
// FiniteSum.Full, or those of the Samples at Step 0, ..., N-1. End a run by a limit of 15 to 25 passes: the default stop of Minimize
// wants some thousand iterations, and may take the mean of the gradients of terms, which are not visited equally often, for a
// force against which x is held (optimize.StepConvergence). The gradients must reach it as they are, and of the x that it is shown:
// so Clip, Noise and Decay refuse it. A projection moves x as it does for any Rule, but the models do
// not know of it. In a plain loop of Draw, Observe and Step, a value or gradient that is not finite makes a step rejected,
// except at the first point, where there is nothing to go back to; the other drivers end a run there.
//
// Reference: J. Sohl-Dickstein, B. Poole, S. Ganguli, Fast large-scale optimization by unifying stochastic gradient and
// quasi-Newton methods, ICML 2014 (arXiv:1311.2115), and the authors' program. Here the subspace is made orthonormal again
// whenever it is reduced, not only when it has ceased to be; its eigenvalues are those of the dimensions in use; a start at 0
// does not add a random dimension; what is too small to count is so beside the numbers that it is a difference of, not beside 1;
// and terms that are constant or linear, for which no curvature is found, lose what HessianInit has given them.
type SFO struct {
	// Terms is N > 0. There is no default.
	Terms int
	// HessianInit is the curvature that the first terms are taken to have before it is measured, in units of F/x². The first step
	// is the gradient divided by twice that. It must be large: if the first steps fail, make it larger. If it is 0, 1e5 is used.
	HessianInit float64
	// History is how many differences of a term are kept. If it is 0, 10 is used.
	History int
	// MinStep is the length of the shortest step, in units of x: shorter ones would show no curvature. So x ends at about this
	// distance from a minimum, where F is above it by the square. If it is 0, 1e-8 is used; for none set stochopt.Zero. Steps
	// shorter than 2e-14 |x|, which are lost in the rounding of x, are lengthened to that.
	MinStep float64
	// Seed selects the stream of its own choices.
	Seed uint64

	sequential // optimize.Method

	phase       sfoPhase
	term        int       // that is wanted
	terms       []sfoTerm // N
	total       int       // visits to all terms
	check       int       // total at which to evaluate a term twice
	shortenings int       // of the step that is being rejected
	span        float64   // change of the term that was predicted for it
	f           float64   // of Observe

	eta     float64 // η
	gain    float64 // of the sum, predicted for the step that led to x
	travel  float64 // sum of the lengths of the steps that were kept
	steps   int     // of which travel is the sum
	growth  int     // steps since a term was activated
	largest struct{ value, gradient float64 }

	before   []float64 // x before the step
	far      []float64 // the point that is being rejected, or where a term is evaluated twice
	at       sfoPoint  // the evaluation under way
	rejected sfoPoint  // at far
	back     sfoPoint  // at before, of the same term
	seen     struct {  // of an evaluation to be repeated, and the repetition, if they contradict
		f, g, fAgain, gAgain float64
		component            int
		grad                 []float64
	}

	space sfoSpace
	b     []float64  // Σ B_i, upper triangle of a matrix of the size of the subspace
	work  sfoWork    // scratch
	pcg   rand.PCG   // of the present choice
	rnd   *rand.Rand // around pcg
	draws int        // choices made
	all   []float64  // the memory of all vectors above but those of work
}

// sfoPhase tells what the next evaluation is for.
type sfoPhase int

const (
	sfoVisit    sfoPhase = iota // a term at a new x
	sfoRepeat                   // the same again at the same x
	sfoReturn                   // the same at the point before
	sfoShorten                  // the same nearer to the point before
	sfoNoisy                    // nothing: terms have been found noisy
	sfoNowhere                  // nothing: the term is not finite at the start, nor before and after a step
	sfoOverflow                 // nothing: the step is not finite
)

const (
	sfoEps      = 1e-12  // relative
	sfoRounding = 1e-14  // of positions, relative
	sfoLeast    = 1e-200 // curvature, so that H is positive where there is none
	sfoRatio    = 1e8    // of eigenvalues of one model
	sfoMaxRatio = 10     // of a step to the mean of those before
	sfoMinEta   = 1e-5
	sfoBackoff  = 0.01 // of the step that is being rejected
)

// sfoPoint is an evaluation of a term: value, position and gradient in the subspace. If the evaluation was not finite, f is +Inf.
type sfoPoint struct {
	f    float64
	p, d []float64
}

func (p *sfoPoint) finite() bool { return !math.IsInf(p.f, 1) }

func (p *sfoPoint) set(q sfoPoint) {
	p.f = q.f
	copy(p.p, q.p)
	copy(p.d, q.d)
}

// Init implements optimize.Method.
func (r *SFO) Init(dim, tasks int) int {
	r.sequential.Rule = r
	return r.sequential.Init(dim, tasks)
}

// Reset implements stochopt.Rule.
func (r *SFO) Reset(dim int) {
	hyper.Dim("method: SFO.Reset", dim)
	if r.Terms <= 0 {
		panic(fmt.Sprintf("method: SFO.Terms = %d, want > 0", r.Terms))
	}
	if r.History < 0 {
		panic(fmt.Sprintf("method: SFO.History = %d, want >= 0", r.History))
	}
	hyper.NonNegative("method: SFO.HessianInit", r.HessianInit)
	hyper.NonNegative("method: SFO.MinStep", r.MinStep)
	r.allocate(dim)
	for range min(2, r.Terms) {
		r.terms[r.activate()].e = cmp.Or(r.HessianInit, 1e5)
	}
	r.eta, r.check, r.f = 1, 1, math.NaN()
	r.choose()
}

// allocate makes an empty state for dim variables.
func (r *SFO) allocate(dim int) {
	history := r.history()
	*r = SFO{Terms: r.Terms, HessianInit: r.HessianInit, History: r.History, MinStep: r.MinStep, Seed: r.Seed, sequential: r.sequential}
	r.rnd = rand.New(&r.pcg)
	r.space.size(dim, r.Terms)
	k := r.space.most
	r.all = make([]float64, sfoNumbers(&r.space, r.Terms, history))
	free := r.all
	take := func(n int) []float64 {
		v := free[:n:n]
		free = free[n:]
		return v
	}
	r.space.p = take(r.space.numbers())
	r.before, r.far, r.seen.grad = take(dim), take(dim), take(dim)
	for _, p := range []*sfoPoint{&r.at, &r.rejected, &r.back} {
		p.p, p.d = take(k), take(k)
	}
	r.b = take(k * k)
	r.terms = make([]sfoTerm, r.Terms)
	for i := range r.terms {
		r.terms[i].carve(k, history, take)
	}
	r.work.size(k, history)
}

// sfoNumbers is how many numbers an SFO keeps.
func sfoNumbers(s *sfoSpace, terms, history int) int {
	k := s.most
	return s.numbers() + 3*s.n + 6*k + k*k + terms*sfoTermNumbers(k, history)
}

func (r *SFO) history() int {
	if r.History == 0 {
		return 10
	}
	return r.History
}

// Draw asks for the term that is wanted next.
func (r *SFO) Draw(next stochopt.Sample) (stochopt.Sample, error) {
	switch s := &r.seen; r.phase {
	case sfoNoisy:
		return next, fmt.Errorf("method: SFO: term %d is noisy: evaluated twice at one point, its value was %v and %v, component %d of its "+
			"gradient %v and %v; freeze its randomness (the Oracle must take all of it from the Sample), or use Adam, which is "+
			"made for fresh noise", r.term, s.f, s.fAgain, s.component, s.g, s.gAgain)
	case sfoNowhere:
		return next, fmt.Errorf("method: SFO: the value or the gradient of term %d is not finite (or Observe was not called), and "+
			"there is no point to go back to where it is", r.term)
	case sfoOverflow:
		return next, errors.New("method: SFO: the models have left the range of numbers, as where the sum has no minimum; if it has " +
			"one, make HessianInit larger, and merge terms whose curvatures differ by orders of magnitude")
	}
	return stochopt.Sample{Seed: next.Seed, Step: r.term}, nil
}

// Observe takes the value of the term.
func (r *SFO) Observe(f float64) { r.f = f }

// Step implements stochopt.Rule. grad is the gradient of the term that Draw has asked for, and x moves to where a term is
// wanted next. After an error of Draw it stays.
func (r *SFO) Step(x, grad []float64) {
	hyper.Lengths("method: SFO.Step", x, grad, len(r.before))
	f := r.f
	r.f = math.NaN() // whoever does not call Observe will see
	switch r.phase {
	case sfoVisit:
		if finite(f, grad) && r.total >= r.check {
			r.check = r.total + max(r.Terms, 20)
			r.seen.f = f
			copy(r.seen.grad, grad)
			copy(r.far, x)
			r.phase = sfoRepeat
			return
		}
		r.visit(x, f, grad)
	case sfoRepeat:
		switch {
		case !slices.Equal(x, r.far): // a Rule around this one has moved it
			r.visit(x, f, grad)
		case r.contradicted(f, grad):
			r.phase = sfoNoisy
		default:
			r.visit(x, r.seen.f, r.seen.grad)
		}
	case sfoReturn:
		r.locate(x, f, grad)
		copy(r.before, x)
		r.back.set(r.at)
		r.approach(x)
	case sfoShorten:
		r.locate(x, f, grad)
		r.rejected.set(r.at)
		copy(r.far, x)
		r.approach(x)
	}
}

// visit takes an evaluation of a term at a new x: step 3 of the algorithm, and the others if it is not a failure.
func (r *SFO) visit(x []float64, f float64, grad []float64) {
	r.locate(x, f, grad)
	t := &r.terms[r.term]
	if r.failed(t) {
		if r.steps == 0 {
			r.phase = sfoNowhere
			return
		}
		r.eta = max(r.eta/2, sfoMinEta)
		r.rejected.set(r.at)
		copy(r.far, x)
		copy(x, r.before)
		r.shortenings, r.span = 0, 0
		switch {
		case t.known():
			r.span = math.Abs(r.predict(t, r.at.p) - t.last.f)
		case r.at.finite():
			r.span = math.Inf(1) // without a model there is no telling what is too much
		}
		r.phase = sfoReturn
		return
	}
	n := float64(r.Terms)
	r.eta = 1/n + float64((1-1/n)*r.eta)
	r.travelled(x)
	flat := t.record(&r.at)
	r.advance(x, false, flat)
}

// failed reports whether the evaluation r.at of t shows that the last step has failed.
func (r *SFO) failed(t *sfoTerm) bool {
	switch {
	case !r.at.finite():
		return true
	case t.known():
		predicted := r.predict(t, r.at.p)
		return r.at.f > t.last.f && r.at.f-predicted > r.gain-(t.last.f-predicted)
	}
	// There is nothing to compare a new term with but the others.
	var n, mean, variance float64
	for i := range r.terms {
		if u := &r.terms[i]; u.known() && u.visits > 1 {
			n++
			mean += u.last.f
		}
	}
	if n == 0 {
		return false
	}
	mean /= n
	for i := range r.terms {
		if u := &r.terms[i]; u.known() && u.visits > 1 {
			d := u.last.f - mean
			variance += float64(d * d / n)
		}
	}
	return r.at.f > mean+3*math.Sqrt(variance)
}

// approach follows an evaluation at the point before, or nearer to it. A value that has exploded is of no use to the model:
// nearer points are tried until it has risen by no more than ten times what the model said it would change.
func (r *SFO) approach(x []float64) {
	if r.rejected.f-r.back.f > 10*max(r.span, sfoEps*math.Abs(r.back.f)) && r.shortenings < 10 {
		for i, b := range r.before {
			r.far[i] = b + float64(sfoBackoff*(r.far[i]-b))
		}
		copy(x, r.far)
		r.shortenings++
		r.phase = sfoShorten
		return
	}
	// Both evaluations teach the model of the term, that of the better point last, where x goes on from.
	worse, better, to := &r.rejected, &r.back, r.before
	if r.rejected.f < r.back.f {
		worse, better, to = better, worse, r.far
	}
	if !better.finite() {
		r.phase = sfoNowhere
		return
	}
	t := &r.terms[r.term]
	if worse.finite() {
		t.record(worse)
	}
	t.record(better)
	r.at.set(*better)
	copy(x, to)
	r.travelled(x)
	r.advance(x, true, false)
}

// travelled counts the length of the last step, of which x is the end that was kept.
func (r *SFO) travelled(x []float64) {
	if r.steps > 0 {
		r.travel += floats.Distance(x, r.before, 2)
	}
}

// advance moves x, which is at r.at, by a step for the sum: the rest of the algorithm after the term has been recorded.
func (r *SFO) advance(x []float64, failed, flat bool) {
	r.fit(&r.terms[r.term], flat)
	step := r.newton()
	length := floats.Norm(step, 2)
	if length-length != 0 {
		r.phase = sfoOverflow
		return
	}
	limit := math.Inf(1)
	if r.total > r.Terms && r.travel > 0 {
		limit = sfoMaxRatio * r.travel / float64(r.steps)
	}
	shortest := hyper.Or(r.MinStep, 1e-8)
	if shortest > 0 {
		shortest = max(shortest, 2*sfoRounding*floats.Norm(r.at.p, 2))
	}
	if want := max(min(length, limit), shortest); want != length && length > 0 {
		floats.Scale(want/length, step)
	}
	r.gain = r.curvature(step) / 2
	copy(r.before, x)
	r.space.move(x, step)
	floats.Add(r.at.p[:len(step)], step)
	r.steps++
	r.grow(failed)
	r.choose()
	r.phase = sfoVisit
}

// finite reports whether f and all of grad are.
func finite(f float64, grad []float64) bool {
	if f-f != 0 {
		return false
	}
	for _, g := range grad {
		if g-g != 0 {
			return false
		}
	}
	return true
}

// contradicted compares f and grad with the evaluation seen before.
func (r *SFO) contradicted(f float64, grad []float64) bool {
	s := &r.seen
	value, gradient := math.Abs(s.f), floats.Norm(s.grad, 2)
	for i := range r.terms {
		if t := &r.terms[i]; t.known() {
			value = max(value, math.Abs(t.last.f))
			gradient = max(gradient, floats.Norm(t.last.d, 2))
		}
	}
	r.largest.value, r.largest.gradient = max(r.largest.value, value), max(r.largest.gradient, gradient)
	s.component = 0
	apart := 0.0
	for i, g := range grad {
		if d := math.Abs(g - s.grad[i]); !(d <= apart) {
			s.component, apart = i, d
		}
	}
	const half = 1.5e-8 // of the digits
	if math.Abs(f-s.f) <= half*value+sfoEps*r.largest.value && apart <= half*gradient+sfoEps*r.largest.gradient {
		return false
	}
	s.fAgain, s.g, s.gAgain = f, s.grad[s.component], grad[s.component]
	return true
}
