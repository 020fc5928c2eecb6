package fit

import "math"

// Residuals are what a curve leaves of the responses. All slices are in the order of the sets, points and outputs.
type Residuals struct {
	// Fitted are the values f of the curve at Estimate.
	Fitted []float64
	// Raw are e = y - f.
	Raw []float64
	// Leverage are the h in [0, 1] that say how far a response pulls the curve towards itself: h = ∂f/∂y, in the
	// linearized problem. Their sum is the number of fitted parameters.
	Leverage []float64
	// Standardized are e/(s σ √(1-h)), of variance 1 if the model holds. They are also called internally studentized.
	// They are NaN where the leverage is 1, for there the curve passes through the response, whatever it is.
	Standardized []float64
	// Studentized are e/(s₋ σ √(1-h)) with the s₋ of a fit without this response, up to the curvature of the model. They
	// follow Student's distribution with DF-1 degrees of freedom if the model holds, which tells how unlikely a response
	// is. They are also called externally studentized. With AbsoluteSigma there is no s and they equal Standardized.
	Studentized []float64
	// Weight are ρ'((e/(s σ))²), what an iteratively reweighted least squares fit gives to the responses with the Loss: 1 to
	// most, and less to outliers. They are 1 without a Loss.
	Weight []float64
	// Downweighted are the indices of the responses of a Weight below one half; with the default constants these are 2.2
	// to 2.7 s σ or more from the curve, which 1 to 3 of 100 normal errors are.
	Downweighted []int
}

// Residuals returns the residuals at Estimate. Standardized and Studentized are those of rstandard and rstudent in R.
// With a Loss, Leverage is 0 and both are e/(s σ).
//
// Reference: R. D. Cook, S. Weisberg, Residuals and Influence in Regression, 1982, section 2.2.
func (r *Result) Residuals() *Residuals {
	v := r.respond(r.sets, r.Estimate, false)
	n := len(v.f)
	e := &Residuals{
		Fitted:       v.f,
		Raw:          make([]float64, n),
		Leverage:     r.hat(),
		Standardized: make([]float64, n),
		Studentized:  make([]float64, n),
		Weight:       make([]float64, n),
	}
	df := float64(r.DF)
	for i, f := range v.f {
		e.Raw[i] = v.y[i] - f
		if e.Weight[i] = 1; r.settings.Loss != nil {
			z := e.Raw[i] / (r.scale() * v.sigma[i])
			if _, e.Weight[i], _ = r.settings.Loss.Rho(z * z); e.Weight[i] < 0.5 {
				e.Downweighted = append(e.Downweighted, i)
			}
		}
		left := 1 - e.Leverage[i]
		if left < 1e-10 {
			e.Standardized[i], e.Studentized[i] = math.NaN(), math.NaN()
			continue
		}
		t := e.Raw[i] / (r.scale() * v.sigma[i] * math.Sqrt(left))
		e.Standardized[i], e.Studentized[i] = t, t
		if !r.settings.AbsoluteSigma && r.settings.Loss == nil {
			e.Studentized[i] = t * math.Sqrt((df-1)/(df-t*t))
		}
	}
	return e
}
