package regret

import (
	"errors"
	"fmt"
	"math"

	"github.com/stochopt/stochopt"
	"github.com/stochopt/stochopt/internal/hyper"
	"gonum.org/v1/gonum/optimize"
)

// Recorder is an optimize.Recorder of the regret R(T) of a run, after each of its rounds, that is, evaluations at an
// iterate. Its zero value needs Lower and Upper, or a Comparator; testfuncs.Sequence.Recorder makes one for a sequence.
//
// The best fixed point is found from the gradients: with g_t that of f_t at x_t,
//
//	R(T) = Σ (g_t'x_t - μ|x_t|²/2) - min_x (x'Σ(g_t - μ x_t) + Tμ|x|²/2)
//
// which is the regret of losses that are linear (μ = 0) or quadratic with the curvature μ in all directions, and an
// upper bound of it for other convex losses (μ = 0), or for μ-strongly convex ones. With a Comparator it is the regret
// to that point: exact for any losses if Loss is set, otherwise bounded in the same way.
//
// The certificate is an upper bound of the same regret that holds for iterates of the form
//
//	x_{t+1} = P(x_t - m_t/h_t),  m_t = β₁ m_{t-1} + (1-β₁) g_t,  m_0 = 0
//
// component by component, where P is the projection onto the box from Lower to Upper, or nothing, and h_t > 0 may be
// anything: Adam, AMSGrad, AdaBound, RMSProp, AdaGrad and gradient descent, with or without momentum, are such
// methods, with any Schedule. It is
//
//	Σ_i D²/2 (Σ_t max(h_t - h_{t-1}, 0) + β₁/(2(1-β₁)) h_T) + (1+β₁)/(2(1-β₁)) Σ_i Σ_t m_t²/h_t
//
// with h_0 = 0 and D the greatest distance of a component of an iterate from where the best point may be. h_t is found
// from the iterates. Where they leave it open, at a bound and in the last round, it is taken such that the certificate
// is small; a component with m_t ≠ 0 that stays where it is, by rounding, adds D|m_t|. After a step that has not this
// form in some component the certificate is +Inf, as it is without a Comparator where the box has no bound. It grows
// like √T where h_t grows like √t. Adam's h_t goes up and down, and with steps that decay like 1/√t its certificate may
// grow like T√T.
//
// Add allocates for the history only: two numbers a round, and one for each of Bounds. A Recorder must not be used by
// two runs at once.
//
// Reference for the decomposition behind the certificate: A. Alacaoglu, Y. Malitsky, P. Mertikopoulos, V. Cevher, A new
// regret analysis for Adam-type algorithms, ICML 2020; the constants are not theirs.
type Recorder struct {
	// Mu is the curvature μ >= 0 of the losses, in units of f/x²; 0 is none.
	Mu float64
	// Lower and Upper are the box, as in project.Box: nil, or an infinite component, is no bound. Iterates that are
	// projected must be projected onto it.
	Lower, Upper []float64
	// Comparator, if not nil, is a fixed point for the regret to refer to, in place of the best of the box.
	Comparator []float64
	// Loss, if not nil, is evaluated at Comparator, on the draws of the run. It is the Oracle of the Problem.
	Loss stochopt.Oracle
	// Seed is that of the Problem, for Loss.
	Seed uint64
	// Beta1 is β₁ in [0, 1) of the method, for the certificate; for SGD it is the Momentum. If it is 0, 0.9 is used;
	// for a method without memory of the gradient set stochopt.Zero.
	Beta1 float64
	// Bounds are given the gradients, and their values are kept.
	Bounds []Bound

	regret, certificate []float64   // after each round
	bounds              [][]float64 // likewise, of each of Bounds
	sum                 float64     // Σ (g'x - μ|x|²/2), or the regret to the Comparator
	g                   []float64   // Σ (g - μ x)
	steps               certificate
}

// Bound is an upper bound of regret that follows from the gradients.
type Bound interface {
	// Reset forgets everything. It panics if a hyperparameter is out of its range.
	Reset()
	// Add takes the gradient of the next round and returns the bound of the regret after it. It does not keep grad.
	Add(grad []float64) float64
}

// Init implements optimize.Recorder. It forgets everything, and panics if the fields make no sense.
func (r *Recorder) Init() error {
	hyper.NonNegative("regret: Recorder.Mu", r.Mu)
	hyper.Unit("regret: Recorder.Beta1", r.Beta1)
	if r.Loss != nil && r.Comparator == nil {
		panic("regret: Recorder.Loss is set and Comparator is not")
	}
	for i := range min(len(r.Lower), len(r.Upper)) {
		if !(r.Lower[i] <= r.Upper[i]) {
			panic(fmt.Sprintf("regret: Recorder.Lower[%d] = %v, want <= Upper[%d] = %v", i, r.Lower[i], i, r.Upper[i]))
		}
	}
	if r.Comparator == nil && r.Mu == 0 && !(bounded(r.Lower) && bounded(r.Upper)) {
		panic("regret: Recorder of linear losses has no best point: set Lower and Upper, or Comparator")
	}
	*r = Recorder{
		Mu: r.Mu, Lower: r.Lower, Upper: r.Upper, Comparator: r.Comparator, Loss: r.Loss, Seed: r.Seed, Beta1: r.Beta1, Bounds: r.Bounds,
		bounds: make([][]float64, len(r.Bounds)),
	}
	for _, b := range r.Bounds {
		b.Reset()
	}
	return nil
}

func bounded(b []float64) bool {
	for _, v := range b {
		if math.IsInf(v, 0) {
			return false
		}
	}
	return b != nil
}

// Record implements optimize.Recorder. The error is that of Loss, or tells that a location is no iterate with a
// gradient.
func (r *Recorder) Record(loc *optimize.Location, op optimize.Operation, _ *optimize.Stats) error {
	if op != optimize.MajorIteration {
		return nil
	}
	if loc.Gradient == nil {
		return errors.New("regret: Recorder.Record: a location without gradient; methods whose answer is not their iterate have no rounds")
	}
	return r.Add(loc.F, loc.X, loc.Gradient)
}

// Add takes the next round: the loss f and its gradient at x, which it does not keep. The first call of a Recorder that
// has not seen Init does that. The error is that of Loss. It panics if the lengths change or are not those of the
// fields.
func (r *Recorder) Add(f float64, x, grad []float64) error {
	if r.g == nil {
		r.Init()
		for _, c := range []struct {
			name string
			v    []float64
		}{{"Lower", r.Lower}, {"Upper", r.Upper}, {"Comparator", r.Comparator}} {
			if c.v != nil && len(c.v) != len(x) {
				panic(fmt.Sprintf("regret: Recorder.%s has length %d, want %d", c.name, len(c.v), len(x)))
			}
		}
		r.g = make([]float64, len(x))
		r.steps = newCertificate(len(x), hyper.Or(r.Beta1, 0.9))
	}
	if len(x) != len(r.g) || len(grad) != len(r.g) {
		panic(fmt.Sprintf("regret: Recorder.Add: len(x) = %d, len(grad) = %d, want %d", len(x), len(grad), len(r.g)))
	}
	least, err := r.least(f, x, grad)
	if err != nil {
		return err
	}
	r.regret = append(r.regret, r.sum-least)
	r.certificate = append(r.certificate, r.steps.add(x, grad, r))
	for i, b := range r.Bounds {
		r.bounds[i] = append(r.bounds[i], b.Add(grad))
	}
	return nil
}

// least adds the round to the sums and returns what is to be taken from r.sum.
func (r *Recorder) least(f float64, x, grad []float64) (least float64, err error) {
	if r.Loss != nil {
		best, err := r.Loss(nil, r.Comparator, stochopt.Sample{Seed: r.Seed, Step: len(r.regret)})
		r.sum += f - best
		return 0, err
	}
	curvature := r.Mu * float64(len(r.regret)+1)
	for i, g := range grad {
		v := x[i]
		if r.Comparator != nil {
			d := v - r.Comparator[i]
			r.sum += float64(g*d) - float64(r.Mu*d*d)/2
			continue
		}
		r.sum += float64(g*v) - float64(r.Mu*v*v)/2
		r.g[i] += g - float64(r.Mu*v)
		lo, hi := r.box(i)
		least += lowest(r.g[i], curvature, lo, hi)
	}
	return least, nil
}

// lowest is the least a x + c x²/2 of x in [lo, hi].
func lowest(a, c, lo, hi float64) float64 {
	if a == 0 && c == 0 {
		return 0
	}
	x := hi
	if a > 0 {
		x = lo
	}
	if c > 0 {
		x = min(max(-a/c, lo), hi)
	}
	return float64(a*x) + float64(c*x*x)/2
}

// box returns the bounds of component i.
func (r *Recorder) box(i int) (lo, hi float64) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if r.Lower != nil {
		lo = r.Lower[i]
	}
	if r.Upper != nil {
		hi = r.Upper[i]
	}
	return lo, hi
}

// Regret returns R(1), R(2), ... It must not be modified.
func (r *Recorder) Regret() []float64 { return r.regret }

// Certificate returns the certificate after each round. It must not be modified.
func (r *Recorder) Certificate() []float64 { return r.certificate }

// Bound returns the values of Bounds[i] after each round. It must not be modified.
func (r *Recorder) Bound(i int) []float64 { return r.bounds[i] }
