package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Band is an interval for each response of a curve.
type Band struct{ Lower, Upper []float64 }

// Bands are a curve with what is known of it. All slices have one number for each point, or Outputs for each.
type Bands struct {
	Value  []float64 // f(x; Estimate)
	StdErr []float64 // standard error of Value, √(gᵀ Cov g) with the gradient g = ∂f/∂b
	// Confidence holds f(x; b) of the true b at each point with the probability level: Value ± t StdErr.
	Confidence Band
	// Simultaneous holds it at all points, and at any others, at once: Value ± √(p F) StdErr, where p is the number of
	// fitted parameters and F the quantile of Fisher's distribution with p and DF degrees of freedom (H. Scheffé, A
	// method for judging all contrasts in the analysis of variance, Biometrika 40, 1953).
	Simultaneous Band
	// Prediction holds a new response at each point: Value ± t √(StdErr² + s²σ²), with its Sigma σ.
	Prediction Band
}

// Predict returns the curve m at the predictors d.X, with bands at a level such as 0.95. The model is one of those
// fitted, or any other function of the same parameters: the area under a peak has an error bar, too. For Prediction,
// d.Sigma are the standard deviations of the new responses, as in the fit; where the fit had Sigma and d has none, it
// is NaN. d.Y is not used.
//
// t is the (1+level)/2 quantile of Student's distribution with DF degrees of freedom, and s the ResidualSD; with
// AbsoluteSigma t is that of the normal distribution, s is 1 and p F that of χ² with p. The bands rest on the curve
// linearized at Estimate, and are too narrow where it is not, as in the tails of a peak (TestCalibration has one where
// Simultaneous, at 95 %, holds the whole curve in 91 % of the fits). They are NaN where StdErr is,
// as with errors of the fit, where the curve changes with what the data do not determine, and where it is not finite.
//
// A parameter of m that the Result does not have, and Sigma of another length than the responses, are errors. Predict
// panics if level is not in (0, 1) or m has no function.
func (r *Result) Predict(m Model, d Data, level float64) (*Bands, error) {
	checkLevel(level)
	if m.Func == nil && m.Vector == nil {
		panic("fit: Model.Func and Model.Vector are nil")
	}
	for _, name := range m.Parameters {
		if !slices.Contains(r.Parameters, name) {
			return nil, fmt.Errorf("fit: the fit has no parameter %s", name)
		}
	}
	outputs := max(1, m.Outputs)
	if d.Sigma != nil && len(d.Sigma) != len(d.X)*outputs {
		return nil, fmt.Errorf("fit: Sigma has length %d, want %d, one for each response", len(d.Sigma), len(d.X)*outputs)
	}
	weighted := slices.ContainsFunc(r.sets, func(s Set) bool { return s.Sigma != nil }) || r.passed != nil && r.passed.sigma
	n, p := len(d.X)*outputs, float64(r.N-r.DF)
	value, jac := make([]float64, n), make([]float64, n*len(r.Parameters))
	r.values(value, jac, m, d.X, r.Estimate)
	band := func() Band { return Band{make([]float64, n), make([]float64, n)} }
	b := &Bands{Value: value, StdErr: make([]float64, n), Confidence: band(), Simultaneous: band(), Prediction: band()}
	s, t := r.scale(), r.quantile((1+level)/2)
	var scheffe float64
	switch {
	case r.settings.AbsoluteSigma:
		scheffe = math.Sqrt(distuv.ChiSquared{K: p}.Quantile(level))
	case r.DF == 0:
		scheffe = math.NaN()
	default:
		scheffe = math.Sqrt(p * distuv.F{D1: p, D2: float64(r.DF)}.Quantile(level))
	}
	w := make([]float64, r.root.RawMatrix().Cols)
	for i, f := range value {
		g := jac[i*len(r.Parameters) : (i+1)*len(r.Parameters)]
		se := math.NaN()
		switch {
		case !r.known(g):
		case r.settings.Loss == nil:
			se = s * r.spread(w, g)
		default:
			v := mat.NewVecDense(len(g), g)
			se = math.Sqrt(mat.Inner(v, r.Cov, v))
		}
		sigma := 1.
		switch {
		case d.Sigma != nil:
			sigma = d.Sigma[i]
		case weighted:
			sigma = math.NaN()
		}
		b.StdErr[i] = se
		b.Confidence.set(i, f, t*se)
		b.Simultaneous.set(i, f, scheffe*se)
		b.Prediction.set(i, f, t*math.Hypot(se, s*sigma))
	}
	return b, nil
}

func (b Band) set(i int, middle, half float64) { b.Lower[i], b.Upper[i] = middle-half, middle+half }
