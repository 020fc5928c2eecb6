package fit

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/stat"
)

// Resampling is a way to make new data like the old. Sets stay as large as they are, and nothing moves from one set to
// another. All responses of a vector-valued point stay together, so that their errors may be correlated.
type Resampling int

const (
	// ResampleResiduals adds residuals of other points, drawn with replacement, to the curve: y* = f + σᵢ eₖ, where e are
	// the residuals over σ √(1-h), with the leverages h, less their mean or, with a Loss, less what the Loss takes for their
	// middle, c with Σ ψ(e-c) = 0, for of outliers to one side it is not the mean. It takes any distribution of errors,
	// but the same for all points, up to the factor σ.
	ResampleResiduals Resampling = iota
	// ResampleCases draws points with replacement, responses with predictors and Sigma. It asks least of the errors, but
	// predictors must be a sample as the responses are, and not a small design where each point is needed.
	ResampleCases
	// ResampleNormal adds normal errors to the curve: y* = f + s σᵢ z, with the residual standard deviation s, or 1 with
	// AbsoluteSigma. It is the parametric bootstrap.
	ResampleNormal
	// ResampleSigns adds each point's own residual over 1-h with a random sign, y* = f ± e/(1-h). The standard deviations
	// of the errors may differ in unknown ways; their distributions should be symmetric. It is the wild bootstrap.
	//
	// References: R. Y. Liu, Bootstrap procedures under some non-i.i.d. models, Annals of Statistics 16, 1988. R.
	// Davidson, E. Flachaire, The wild bootstrap, tamed at last, J. Econometrics 146, 2008.
	ResampleSigns
)

// population is what new data are drawn from.
type population struct {
	r        *Result
	kind     Resampling
	v        *responses
	leverage []float64
	error    []float64 // of each response, before it is multiplied with σ
}

func newPopulation(r *Result, kind Resampling) (*population, error) {
	v := r.respond(r.sets, r.Estimate, true)
	p := &population{r: r, kind: kind, v: v, leverage: r.hat(), error: make([]float64, len(v.f))}
	if kind != ResampleCases && !(r.scale() >= 0) {
		return nil, errors.New("fit: without degrees of freedom there are no errors to resample")
	}
	for i, f := range v.f {
		left := 1 - p.leverage[i]
		switch e := (v.y[i] - f) / v.sigma[i]; {
		case left < 1e-10:
			// The curve passes through this response, and nothing is known of its error.
			if kind == ResampleResiduals || kind == ResampleSigns {
				return nil, errors.New("fit: a response has leverage 1 and no residual to resample; use ResampleNormal")
			}
		case kind == ResampleSigns:
			p.error[i] = e / left
		default:
			p.error[i] = e / math.Sqrt(left)
		}
	}
	if kind == ResampleResiduals {
		p.centre()
	}
	return p, nil
}

// centre takes the middles from the errors, those of each output of each set.
func (p *population) centre() {
	i := 0
	for _, s := range p.r.sets {
		outputs := max(1, s.Outputs)
		errors := make([]float64, len(s.X))
		for k := range outputs {
			for j := range errors {
				errors[j] = p.error[i+j*outputs+k]
			}
			c := p.middle(errors)
			for j := range errors {
				p.error[i+j*outputs+k] -= c
			}
		}
		i += len(s.Y)
	}
}

// middle is the mean of errors or, with a Loss, the location that the Loss gives them, at the scale of the fit: the mean with the
// weights ρ'((e-c)²/s²), from the median on.
func (p *population) middle(errors []float64) float64 {
	loss, s := p.r.settings.Loss, p.r.scale()
	if loss == nil || !(s > 0) {
		return stat.Mean(errors, nil)
	}
	sorted := slices.Sorted(slices.Values(errors))
	n := len(sorted)
	c := (sorted[n/2] + sorted[(n-1)/2]) / 2
	weights := make([]float64, n)
	for range 100 {
		for j, e := range errors {
			z := (e - c) / s
			_, weights[j], _ = loss.Rho(z * z)
		}
		next := stat.Mean(errors, weights)
		if !(math.Abs(next-c) > 1e-12*s) { // NaN where no error is near the median
			break
		}
		c = next
	}
	return c
}

// draw makes new data.
func (p *population) draw(rng *rand.Rand) []Set {
	sets := slices.Clone(p.r.sets)
	first := 0 // response of the set
	for k := range sets {
		s := &sets[k]
		outputs, n := max(1, s.Outputs), len(s.X)
		old := s.Data
		s.Y = make([]float64, len(old.Y))
		if p.kind == ResampleCases {
			s.X = make([][]float64, n)
			if old.Sigma != nil {
				s.Sigma = make([]float64, len(old.Sigma))
			}
		}
		for i := range n {
			var other int
			sign := 1.
			switch p.kind {
			case ResampleResiduals, ResampleCases:
				other = rng.IntN(n)
			case ResampleSigns:
				sign = float64(2*rng.IntN(2) - 1)
			}
			if p.kind == ResampleCases {
				s.X[i] = old.X[other]
			}
			for o := range outputs {
				here, there := i*outputs+o, other*outputs+o
				f, sigma := p.v.f[first+here], p.v.sigma[first+here]
				switch p.kind {
				case ResampleResiduals:
					s.Y[here] = f + float64(sigma*p.error[first+there])
				case ResampleCases:
					s.Y[here] = old.Y[there]
					if old.Sigma != nil {
						s.Sigma[here] = old.Sigma[there]
					}
				case ResampleNormal:
					s.Y[here] = f + float64(p.r.scale()*sigma*rng.NormFloat64())
				case ResampleSigns:
					s.Y[here] = f + float64(sign*sigma*p.error[first+here])
				}
			}
		}
		first += len(s.Y)
	}
	return sets
}

// acceleration is a of each parameter for BCa,
//
//	a = Σ U³ / (6 (Σ U²)^1.5)
//
// with the influences U of the points, by which the estimate changes, in one Gauss-Newton step, if a point is left out:
// U = (JᵀJ)⁻¹ gᵢ eᵢ/(1-hᵢ), with the sum over the outputs of a vector-valued point. Normal errors have no skewness, and a
// is 0 with ResampleNormal; it is 0 with a Loss, too, whose estimate changes in another way.
func (p *population) acceleration() []float64 {
	n := len(p.r.Parameters)
	a := make([]float64, n)
	if p.kind == ResampleNormal || p.r.settings.Loss != nil {
		return a
	}
	root := p.r.root.RawMatrix()
	w := make([]float64, root.Cols)
	squares, cubes := make([]float64, n), make([]float64, n)
	influence := make([]float64, n)
	for i := range p.v.f {
		if i > 0 && p.v.point[i] != p.v.point[i-1] {
			clear(influence)
		}
		p.r.spread(w, p.v.jac[i*n:(i+1)*n])
		left := max(1-p.leverage[i], 1e-10)
		e := (p.v.y[i] - p.v.f[i]) / (p.v.sigma[i] * p.v.sigma[i] * left)
		for j := range influence {
			influence[j] += e * blas64.Dot(blas64.Vector{N: root.Cols, Inc: 1, Data: root.Data[j*root.Stride:]},
				blas64.Vector{N: root.Cols, Inc: 1, Data: w})
		}
		if i+1 == len(p.v.f) || p.v.point[i+1] != p.v.point[i] {
			for j, u := range influence {
				squares[j] += u * u
				cubes[j] += u * u * u
			}
		}
	}
	for j := range a {
		if squares[j] > 0 {
			a[j] = cubes[j] / (6 * math.Pow(squares[j], 1.5))
		}
	}
	return a
}
