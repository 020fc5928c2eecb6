package gradient

import "github.com/stochopt/stochopt"

// Score returns the Oracle of the score function estimator, also called likelihood ratio method or REINFORCE, with the
// mean of the other draws as baseline of each.
//
//	∂F/∂p ≈ (1/k) Σ (f_i - b_i) s_i,  i = 1, ..., k,  s_i = ∂ log p(z_i)/∂p,  b_i = (1/(k-1)) Σ_{j≠i} f_j
//	      = (1/(k-1)) Σ (f_i - f̄) s_i
//
// which Pull carries to x, where the mean of ∂f/∂x is added. It is unbiased, because b_i does not depend on z_i; with f̄ for
// b_i, the first line would be 1 - 1/k of it. For k = 1 there are no other draws and b = 0: Average(e.Score(1), k, 1) is
// the estimator without baseline, whose variance grows with the square of any constant in f. For z ~ N(m, s²), f = z² and
// the derivative in m, the variances are
//
//	without     (m⁴/s² + 14 m² + 15 s²)/k
//	with        (12 m² + 10 s²)/k - (k-2) 4 m²/(k (k-1)) + (4 m² + 2 s²)/(k (k-1))
//
// Score needs values of f alone, k of them, and every Family with parameters to have a Score. It panics if k < 1 or a
// field of e is missing.
//
// Reference: P. W. Glynn, Likelihood ratio gradient estimation for stochastic systems, Communications of the ACM
// 33(10):75-84, 1990; R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement
// learning, Machine Learning 8:229-256, 1992; W. Kool, H. van Hoof, M. Welling, Buy 4 REINFORCE samples, get a baseline
// for free!, ICLR workshop Deep Reinforcement Learning Meets Structured Prediction, 2019, for the baseline.
func (e Expectation) Score(k int) stochopt.Oracle {
	l := newLatent(e, "Score", k, "Score", func(f Family) bool { return f.Score != nil })
	l.add = func(w *latentWork, grad, x []float64, s stochopt.Sample, i int) (float64, error) {
		f, err := l.Func(nil, grad, w.z, x, s)
		if err != nil {
			return f, err
		}
		score, mean := w.a[:l.params], w.b[:l.params]
		z, p, dp := w.z, w.p, score
		for _, fam := range l.Families {
			if fam.Params > 0 {
				fam.Score(dp[:fam.Params], p[:fam.Params], z[:fam.Dim])
			}
			z, p, dp = z[fam.Dim:], p[fam.Params:], dp[fam.Params:]
		}
		switch {
		case k == 1:
			for m, v := range score {
				w.dp[m] = f * v
			}
		case i == 0:
			copy(mean, score)
		default:
			// The sum of (f - f̄)(s - s̄), which is that of (f - f̄) s, grows with each draw by the product of its distances
			// from the means so far: no draw need be kept, and a large f̄ costs no digits.
			n := float64(i)
			d := (f - w.sum/n) * (n / (n + 1))
			for m, v := range score {
				ds := v - mean[m]
				mean[m] += ds / (n + 1)
				w.dp[m] += float64(d * ds)
			}
		}
		if i == k-1 && k > 1 {
			for m := range w.dp { // the division by k is still to come
				w.dp[m] *= float64(k) / float64(k-1)
			}
		}
		return f, nil
	}
	return l.oracle
}
