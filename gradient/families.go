package gradient

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Normal is the Family of distuv.Normal, with Score, Path and Pair. The parameters are Mu and Sigma > 0.
func Normal() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = distuv.Normal{Mu: p[0], Sigma: p[1], Src: rnd}.Rand()
			return positiveParam("Normal: Sigma", p[1])
		},
		Score: func(dp, p, z []float64) { distuv.Normal{Mu: p[0], Sigma: p[1]}.Score(dp, z[0]) },
		Path:  locationScalePath,
		Pair:  normalPair,
	}
}

// LogNormal is the Family of distuv.LogNormal, with Score, Path and Pair. The parameters are Mu and Sigma > 0, those of
// the logarithm.
func LogNormal() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = distuv.LogNormal{Mu: p[0], Sigma: p[1], Src: rnd}.Rand()
			return positiveParam("LogNormal: Sigma", p[1])
		},
		// The density is that of the logarithm over z.
		Score: func(dp, p, z []float64) { distuv.Normal{Mu: p[0], Sigma: p[1]}.Score(dp, math.Log(z[0])) },
		Path: func(dp, p, z, dz []float64) {
			d := dz[0] * z[0]
			dp[0] += d
			dp[1] += d * (math.Log(z[0]) - p[0]) / p[1]
		},
		Pair: func(plus, minus, p []float64, i int, rnd *rand.Rand) float64 {
			c := normalPair(plus, minus, p, i, rnd)
			plus[0], minus[0] = math.Exp(plus[0]), math.Exp(minus[0])
			return c
		},
	}
}

// Laplace is the Family of distuv.Laplace, with Score, Path and Pair. The parameters are Mu and Scale > 0.
func Laplace() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = distuv.Laplace{Mu: p[0], Scale: p[1], Src: rnd}.Rand()
			return positiveParam("Laplace: Scale", p[1])
		},
		Score: func(dp, p, z []float64) { distuv.Laplace{Mu: p[0], Scale: p[1]}.Score(dp, z[0]) },
		Path:  locationScalePath,
		Pair:  laplacePair,
	}
}

// GumbelRight is the Family of distuv.GumbelRight, with Score, Path and Pair. The parameters are Mu and Beta > 0.
func GumbelRight() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = p[0] - float64(p[1]*math.Log(exponential(rnd)))
			return positiveParam("GumbelRight: Beta", p[1])
		},
		Score: func(dp, p, z []float64) {
			y := (z[0] - p[0]) / p[1]
			w := math.Exp(-y)
			dp[0] = (1 - w) / p[1]
			dp[1] = (y - 1 - float64(y*w)) / p[1]
		},
		Path: locationScalePath,
		Pair: gumbelPair,
	}
}

// Uniform is the Family of distuv.Uniform, with Path and Pair. The parameters are Min and Max > Min. It has no Score: its
// set of possible z depends on the parameters, and what distuv.Uniform.Score returns does not give the derivative of a mean.
func Uniform() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = distuv.Uniform{Min: p[0], Max: p[1], Src: rnd}.Rand()
			return positiveParam("Uniform: Max - Min", p[1]-p[0])
		},
		Path: func(dp, p, z, dz []float64) {
			dp[0] += dz[0] * (p[1] - z[0]) / (p[1] - p[0])
			dp[1] += dz[0] * (z[0] - p[0]) / (p[1] - p[0])
		},
		Pair: uniformPair,
	}
}

// Exponential is the Family of distuv.Exponential, with Score, Path and Pair. The parameter is Rate > 0.
func Exponential() Family {
	return Family{
		Params: 1,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = exponential(rnd) / p[0]
			return positiveParam("Exponential: Rate", p[0])
		},
		Score: func(dp, p, z []float64) { distuv.Exponential{Rate: p[0]}.Score(dp, z[0]) },
		Path:  func(dp, p, z, dz []float64) { dp[0] -= dz[0] * z[0] / p[0] },
		Pair:  exponentialPair,
	}
}

// Weibull is the Family of distuv.Weibull, with Score, Path and Pair. The parameters are K > 0 and Lambda > 0.
func Weibull() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			z[0] = p[1] * math.Pow(exponential(rnd), 1/p[0])
			if err := positiveParam("Weibull: K", p[0]); err != nil {
				return err
			}
			return positiveParam("Weibull: Lambda", p[1])
		},
		Score: func(dp, p, z []float64) { distuv.Weibull{K: p[0], Lambda: p[1]}.Score(dp, z[0]) },
		Path: func(dp, p, z, dz []float64) {
			d := dz[0] * z[0]
			dp[0] -= d * math.Log(z[0]/p[1]) / p[0]
			dp[1] += d / p[1]
		},
		Pair: weibullPair,
	}
}

// Gamma is the Family of distuv.Gamma, with Score and Pair. The parameters are Alpha > 0, the shape, and Beta > 0, the
// rate. A Path for Alpha would need the derivative of the incomplete gamma function.
func Gamma() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			if err := positiveParam("Gamma: Alpha", p[0]); err != nil {
				return err // where gonum panics
			}
			if err := positiveParam("Gamma: Beta", p[1]); err != nil {
				return err
			}
			z[0] = distuv.Gamma{Alpha: p[0], Beta: p[1], Src: rnd}.Rand()
			return nil
		},
		Score: func(dp, p, z []float64) {
			dp[0] = math.Log(p[1]*z[0]) - mathext.Digamma(p[0])
			dp[1] = p[0]/p[1] - z[0]
		},
		Pair: gammaPair,
	}
}

// Beta is the Family of distuv.Beta, with Score and Pair. The parameters are Alpha > 0 and Beta > 0.
func Beta() Family {
	return Family{
		Params: 2,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			if err := positiveParam("Beta: Alpha", p[0]); err != nil {
				return err // where gonum panics
			}
			if err := positiveParam("Beta: Beta", p[1]); err != nil {
				return err
			}
			z[0] = distuv.Beta{Alpha: p[0], Beta: p[1], Src: rnd}.Rand()
			return nil
		},
		Score: func(dp, p, z []float64) {
			both := mathext.Digamma(p[0] + p[1])
			dp[0] = math.Log(z[0]) - mathext.Digamma(p[0]) + both
			dp[1] = math.Log1p(-z[0]) - mathext.Digamma(p[1]) + both
		},
		Pair: betaPair,
	}
}

// Poisson is the Family of distuv.Poisson, with Score and Pair. The parameter is Lambda > 0.
func Poisson() Family {
	return Family{
		Params: 1,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			if err := positiveParam("Poisson: Lambda", p[0]); err != nil {
				return err // where gonum may not come to an end
			}
			z[0] = distuv.Poisson{Lambda: p[0], Src: rnd}.Rand()
			return nil
		},
		Score: func(dp, p, z []float64) { dp[0] = z[0]/p[0] - 1 },
		Pair:  poissonPair,
	}
}

// Bernoulli is the Family of distuv.Bernoulli, with Score and Pair. The parameter is P in [0, 1]; at 0 and 1, where the
// outcome that P would make possible is never drawn, the Score is NaN and the Pair still right.
func Bernoulli() Family { return Binomial(1) }

// Binomial is the Family of distuv.Binomial for n trials, with Score and Pair. The parameter is P in [0, 1]; at 0 and 1
// the Score is NaN and the Pair still right. It panics if n < 1.
func Binomial(n int) Family {
	if n < 1 {
		panic(fmt.Sprintf("gradient: Binomial(%d): want at least one trial", n))
	}
	return Family{
		Params: 1,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			if !(p[0] >= 0 && p[0] <= 1) {
				return fmt.Errorf("Binomial: P = %v, want in [0, 1]", p[0])
			}
			z[0] = distuv.Binomial{N: float64(n), P: p[0], Src: rnd}.Rand()
			return nil
		},
		Score: func(dp, p, z []float64) { dp[0] = z[0]/p[0] - (float64(n)-z[0])/(1-p[0]) },
		Pair:  binomialPair(n),
	}
}

// NormalMean is the Family of distmv.Normal with a given covariance matrix, of which it takes the Cholesky decomposition,
// with Score and Path. The parameters are the components of the mean. Noise with correlations that depend on x is made
// of independent normal parts by a linear map inside Func. It panics if chol holds no decomposition.
func NormalMean(chol *mat.Cholesky) Family {
	n := chol.SymmetricDim()
	if n == 0 {
		panic("gradient: NormalMean of an empty Cholesky decomposition")
	}
	var t mat.TriDense
	chol.UTo(&t) // a copy: Σ = UᵀU
	u := t.RawTriangular()
	// distmv.Normal has the same draws and, in ScoreInput, the same score, but allocates and keeps the mean as its state.
	return Family{
		Dim:    n,
		Params: n,
		Draw: func(z, p []float64, rnd *rand.Rand) error {
			for i := range z {
				z[i] = rnd.NormFloat64()
			}
			blas64.Trmv(blas.Trans, u, blas64.Vector{N: n, Data: z, Inc: 1})
			for i := range z {
				z[i] += p[i]
			}
			return nil
		},
		Score: func(dp, p, z []float64) { // Σ⁻¹(z-p)
			for i := range dp {
				dp[i] = z[i] - p[i]
			}
			v := blas64.Vector{N: n, Data: dp, Inc: 1}
			blas64.Trsv(blas.Trans, u, v)
			blas64.Trsv(blas.NoTrans, u, v)
		},
		Path: func(dp, _, _, dz []float64) {
			for i, d := range dz {
				dp[i] += d
			}
		},
	}
}

// locationScalePath is Path for z = p[0] + p[1] ε.
func locationScalePath(dp, p, z, dz []float64) {
	dp[0] += dz[0]
	dp[1] += dz[0] * (z[0] - p[0]) / p[1]
}

// exponential returns an exponential number that is not 0, where log-densities and logarithms are infinite; ExpFloat64
// returns 0 once in 2³² times.
func exponential(rnd *rand.Rand) float64 {
	for {
		if e := rnd.ExpFloat64(); e > 0 {
			return e
		}
	}
}

// positiveParam returns an error unless v is finite and positive.
func positiveParam(name string, v float64) error {
	if !(v > 0) || math.IsInf(v, 1) {
		return fmt.Errorf("%s = %v, want finite and > 0", name, v)
	}
	return nil
}
