package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Statistics are the figures by which a fit is judged. N is the number of responses, p that of fitted parameters.
//
// LogLikelihood is that of normal errors, with all constants. With AbsoluteSigma the standard deviations are known,
//
//	log L = -½ Σ ((y-f)/σ)² - Σ log(σ √(2π))
//
// and k = p; otherwise their common factor is estimated by maximum likelihood, s² = χ²/N,
//
//	log L = -½ N (1 + log(2π χ²/N)) - Σ log σ
//
// and counts, k = p + 1. So do R's logLik, AIC and BIC. Others leave out constants or the one of s, which does not change
// differences between models of the same data: lmfit's aic is N log(χ²/N) + 2p, and statsmodels's has k = p.
type Statistics struct {
	ChiSquare        float64 // χ² = Σ ((y-f)/σ)², as RSS
	ReducedChiSquare float64 // χ²/DF, near 1 if the model holds and Sigma are the standard deviations themselves; NaN if DF is 0
	RMSE             float64 // √(Σ (y-f)²/N), in the units of Y whatever Sigma are
	// R2 is 1 - χ²/Σ((y-ȳ)/σ)² with the means ȳ, weighted by 1/σ², of each output of each set. It is negative if the
	// means fit better, and says little about curves that are no straight lines.
	R2            float64
	AdjustedR2    float64 // 1 - (1-R2)(N-m)/DF with m means, one of each output of each set; NaN if DF is 0
	LogLikelihood float64
	AIC           float64 // 2k - 2 log L, Akaike's criterion
	AICc          float64 // AIC + 2k(k+1)/(N-k-1), for few data; +Inf if N <= k+1
	BIC           float64 // k log N - 2 log L, Schwarz's criterion
}

// Statistics returns the figures of merit at Estimate. With a Loss, which is no likelihood of normal errors,
// LogLikelihood and the criteria made of it are NaN, and so are ReducedChiSquare, R2 and AdjustedR2: they count outliers
// in full, and would judge the fit by what it has set aside. ChiSquare and RMSE are those of all responses; the
// robust measure of the residuals is ResidualSD, and Residuals tells which responses have lost their weight.
//
// References: H. Akaike, A new look at the statistical model identification, IEEE Trans. Automatic Control 19, 1974.
// G. Schwarz, Estimating the dimension of a model, Annals of Statistics 6, 1978. C. M. Hurvich, C.-L. Tsai, Regression
// and time series model selection in small samples, Biometrika 76, 1989.
func (r *Result) Statistics() Statistics {
	n, df, p := float64(r.N), float64(r.DF), float64(r.N-r.DF)
	var chi, raw, logs, total float64
	var means int
	if q := r.passed; q != nil {
		chi, raw, logs, total, means = r.RSS, q.raw, q.logs, q.total(), len(q.mean)
	} else {
		v := r.respond(r.sets, r.Estimate, false)
		chi = v.rss()
		for i, f := range v.f {
			raw += (v.y[i] - f) * (v.y[i] - f)
			logs += math.Log(v.sigma[i])
		}
		total, means = v.total(r.sets)
	}
	s := Statistics{
		ChiSquare:        chi,
		ReducedChiSquare: chi / df,
		RMSE:             math.Sqrt(raw / n),
		R2:               1 - chi/total,
		AdjustedR2:       1 - chi/total*(n-float64(means))/df,
	}
	if r.DF <= 0 {
		s.ReducedChiSquare, s.AdjustedR2 = math.NaN(), math.NaN()
	}
	k := p
	if r.settings.AbsoluteSigma {
		s.LogLikelihood = -0.5*chi - logs - 0.5*n*math.Log(2*math.Pi)
	} else {
		k++
		s.LogLikelihood = -0.5*n*(1+math.Log(2*math.Pi*chi/n)) - logs
	}
	if r.settings.Loss != nil {
		s.LogLikelihood, s.ReducedChiSquare, s.R2, s.AdjustedR2 = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	}
	s.AIC = 2*k - 2*s.LogLikelihood
	s.BIC = k*math.Log(n) - 2*s.LogLikelihood
	s.AICc = s.AIC + 2*k*(k+1)/(n-k-1)
	if n <= k+1 {
		s.AICc = math.Inf(1)
	}
	return s
}

// total is the sum of squares of (y-ȳ)/σ, with as many weighted means ȳ as there are outputs in all sets.
func (v *responses) total(sets []Set) (sum float64, means int) {
	i := 0
	for _, s := range sets {
		outputs := max(1, s.Outputs)
		for k := range outputs {
			var weights, mean float64
			for l := i + k; l < i+len(s.Y); l += outputs {
				w := 1 / (v.sigma[l] * v.sigma[l])
				weights += w
				mean += w * (v.y[l] - mean) / weights
			}
			for l := i + k; l < i+len(s.Y); l += outputs {
				z := (v.y[l] - mean) / v.sigma[l]
				sum += z * z
			}
		}
		means += outputs
		i += len(s.Y)
	}
	return sum, means
}

// Correlation returns the correlations of the parameters, Cov[i, j]/(StdErr[i] StdErr[j]). They are NaN where a standard
// error is 0, as of a fixed parameter, or not finite; on the diagonal they are 1.
func (r *Result) Correlation() *mat.SymDense {
	n := len(r.Estimate)
	c := mat.NewSymDense(n, nil)
	for i := range n {
		c.SetSym(i, i, 1)
		for j := range i {
			v := math.NaN()
			if a, b := r.StdErr[i], r.StdErr[j]; a > 0 && b > 0 && finite(a) && finite(b) {
				v = math.Max(-1, math.Min(1, r.Cov.At(i, j)/a/b))
			}
			c.SetSym(i, j, v)
		}
	}
	return c
}
