package gradient

import "github.com/stochopt/stochopt"

// Pathwise returns the Oracle of the pathwise estimator, also called reparameterization: z is a transform T(ε; p) of noise
// ε whose distribution is fixed, and each draw is differentiated through it.
//
//	∂F/∂p ≈ (1/k) Σ (∂T/∂p)ᵀ ∂f/∂z at z_i = T(ε_i; p),  i = 1, ..., k
//
// which Pull carries to x, where the mean of ∂f/∂x is added. f must be continuous in z and differentiable almost everywhere: the
// jump of a threshold is not seen, and the estimate then wrong. Its variance is that of ∂f/∂z, not of f, so mostly the
// least; 4 s²/k for z ~ N(m, s²), f = z² and the derivative in m. It costs k values and derivatives of f.
//
// Every Family with parameters must have a Path. Pathwise panics if k < 1 or a field of e is missing.
//
// Reference: D. P. Kingma, M. Welling, Auto-encoding variational Bayes, ICLR 2014; M. Figurnov, S. Mohamed, A. Mnih,
// Implicit reparameterization gradients, NeurIPS 2018, for ∂T/∂p as a function of z.
func (e Expectation) Pathwise(k int) stochopt.Oracle {
	l := newLatent(e, "Pathwise", k, "Path", func(f Family) bool { return f.Path != nil })
	l.add = func(w *latentWork, grad, x []float64, s stochopt.Sample, _ int) (float64, error) {
		dz := w.a[:l.dim]
		clear(dz)
		f, err := l.Func(dz, grad, w.z, x, s)
		if err != nil {
			return f, err
		}
		z, p, dp := w.z, w.p, w.dp
		for _, fam := range l.Families {
			if fam.Params > 0 {
				fam.Path(dp[:fam.Params], p[:fam.Params], z[:fam.Dim], dz[:fam.Dim])
			}
			z, p, dz, dp = z[fam.Dim:], p[fam.Params:], dz[fam.Dim:], dp[fam.Params:]
		}
		return f, nil
	}
	return l.oracle
}
