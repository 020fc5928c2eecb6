#!/usr/bin/env python3
"""Golden values for the inference of package fit, written to inference.json.

Made with Python 3.11.2, numpy 1.24.2, scipy 1.10.1, lmfit 1.1.0 and statsmodels 0.13.5:

    python3 inference.py > inference.json

Estimates come from scipy.optimize.least_squares with analytic Jacobians, followed by Gauss-Newton steps; statistics from
their definitions in numpy, from lmfit and from statsmodels (a weighted linear regression on the Jacobian at the estimate,
which has the same residuals, leverages and likelihood); profiles from nested fits and scipy.optimize.brentq, and from
lmfit.conf_interval, which stops at a relative error of some 1e-4; contours from nested fits along rays; the F test from
statsmodels; bootstrap intervals of a mean from a million resamples in numpy and, with BCa, scipy.stats.bootstrap.
"""
import json
import sys

import lmfit
import numpy as np
import scipy
import scipy.optimize as opt
import scipy.stats as st
import statsmodels
import statsmodels.api as sm


def misra(b, x):
    e = np.exp(-b[1] * x)
    return b[0] * (1 - e), np.column_stack([1 - e, b[0] * x * e])


def michaelis(b, x):
    d = b[1] + x
    return b[0] * x / d, np.column_stack([x / d, -b[0] * x / d**2])


def decay(b, x):
    e = np.exp(-b[1] * x)
    return b[0] * e + b[2], np.column_stack([e, -b[0] * x * e, np.ones_like(x)])


def parabola(b, x):
    return b[0] + b[1] * x + b[2] * x**2, np.column_stack([np.ones_like(x), x, x**2])


PROBLEMS = {
    # NIST StRD, Misra1a.
    "misra1a": dict(
        f=misra, names=["b1", "b2"], start=[240, 0.00055],
        x=[77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
        y=[10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]),
    # Reaction rates with puromycin: D. M. Bates, D. G. Watts, Nonlinear Regression Analysis and Its Applications, 1988, table A1.3.
    "puromycin": dict(
        f=michaelis, names=["vmax", "k"], start=[212, 0.06],
        x=[0.02, 0.02, 0.06, 0.06, 0.11, 0.11, 0.22, 0.22, 0.56, 0.56, 1.1, 1.1],
        y=[76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200]),
    # 10 exp(-0.8 x) + 2 with errors of standard deviation sigma, rounded.
    "decay": dict(
        f=decay, names=["a", "k", "c"], start=[10, 0.8, 2],
        x=[0, 0.3, 0.6, 0.9, 1.2, 1.6, 2, 2.5, 3, 3.5, 4, 5],
        y=[12.31, 9.42, 8.55, 6.54, 6.21, 4.36, 4.18, 3.25, 3.11, 2.49, 2.61, 2.05],
        sigma=[0.4, 0.4, 0.3, 0.3, 0.3, 0.2, 0.2, 0.2, 0.2, 0.15, 0.15, 0.15]),
    "parabola": dict(
        f=parabola, names=["b0", "b1", "b2"], start=[1, 1, 1],
        x=[-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1, 1.5],
        y=[3.42, 2.81, 2.09, 1.53, 1.11, 0.42, 0.31, -0.14, -0.61, -0.85],
        sigma=[0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.1, 0.1, 0.2, 0.2]),
}


class Problem:
    def __init__(self, f, names, start, x, y, sigma=None):
        self.f, self.names, self.start = f, names, np.array(start, float)
        self.x, self.y = np.array(x, float), np.array(y, float)
        self.sigma = np.ones_like(self.y) if sigma is None else np.array(sigma, float)

    def fit(self, start, fixed=()):
        """The least sum of squares with some parameters fixed at their starts."""
        b = np.array(start, float)
        free = [j for j in range(len(b)) if j not in fixed]

        def full(v):
            c = b.copy()
            c[free] = v
            return c

        def residuals(v):
            return (self.f(full(v), self.x)[0] - self.y) / self.sigma

        def jacobian(v):
            return (self.f(full(v), self.x)[1] / self.sigma[:, None])[:, free]

        if free:
            s = opt.least_squares(residuals, b[free], jacobian, method="lm", x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15)
            v = s.x
            for _ in range(10):
                v = v - np.linalg.lstsq(jacobian(v), residuals(v), rcond=None)[0]
            b = full(v)
        r = (self.f(b, self.x)[0] - self.y) / self.sigma
        return b, r @ r


def statistics(p, b, chi):
    n, k = len(p.y), len(b)
    jac = p.f(b, p.x)[1] / p.sigma[:, None]
    s2 = chi / (n - k)
    cov = np.linalg.inv(jac.T @ jac)
    q = np.linalg.qr(jac)[0]
    h = (q * q).sum(axis=1)
    raw = p.y - p.f(b, p.x)[0]
    z = raw / p.sigma
    inner = z / np.sqrt(s2 * (1 - h))
    left_out = (chi - z**2 / (1 - h)) / (n - k - 1)
    outer = z / np.sqrt(left_out * (1 - h))
    w = p.sigma**-2
    mean = (w * p.y).sum() / w.sum()
    total = (w * (p.y - mean)**2).sum()
    relative = st.norm(scale=np.sqrt(chi / n) * p.sigma).logpdf(raw).sum()
    absolute = st.norm(scale=p.sigma).logpdf(raw).sum()

    # The same by statsmodels: the pseudo-responses have the residuals of the fit. Residuals of a WLS are unweighted.
    g = p.f(b, p.x)[1]
    wls = sm.WLS(g @ b + raw, g, weights=w).fit()
    ols = sm.OLS((g @ b + raw) / p.sigma, g / p.sigma[:, None]).fit().get_influence()
    np.testing.assert_allclose(wls.llf, relative, rtol=1e-10)
    np.testing.assert_allclose(wls.aic + 2, 2 * (k + 1) - 2 * relative, rtol=1e-10)  # it does not count s
    np.testing.assert_allclose(ols.hat_matrix_diag, h, rtol=1e-9)
    np.testing.assert_allclose(ols.resid_studentized_internal, inner, rtol=1e-8)
    np.testing.assert_allclose(ols.resid_studentized_external, outer, rtol=1e-8)
    if p.f is parabola:
        direct = sm.WLS(p.y, g, weights=w).fit()
        np.testing.assert_allclose(direct.rsquared, 1 - chi / total, rtol=1e-10)
        np.testing.assert_allclose(direct.rsquared_adj, 1 - (chi / total) * (n - 1) / (n - k), rtol=1e-10)

    # And by lmfit.
    params = lmfit.Parameters()
    for name, v in zip(p.names, b):
        params.add(name, v)
    mini = lmfit.Minimizer(lambda q: (p.f(np.array(list(q.valuesdict().values())), p.x)[0] - p.y) / p.sigma, params)
    l = mini.minimize(method="leastsq", xtol=1e-12, ftol=1e-12)
    np.testing.assert_allclose(l.chisqr, chi, rtol=1e-10)
    ci = lmfit.conf_interval(mini, l, sigmas=[0.95])
    diag = np.sqrt(np.diag(cov))

    def criteria(loglik, k):
        aic = 2 * k - 2 * loglik
        return dict(loglik=loglik, aic=aic, aicc=aic + 2 * k * (k + 1) / (n - k - 1), bic=k * np.log(n) - 2 * loglik)

    return dict(
        chisquare=chi, reduced=s2, rmse=np.sqrt((raw**2).mean()), r2=1 - chi / total,
        adjusted=1 - (chi / total) * (n - 1) / (n - k), relative=criteria(relative, k + 1), absolute=criteria(absolute, k),
        correlation=(cov / np.outer(diag, diag)).tolist(), raw=raw.tolist(), leverage=h.tolist(),
        standardized=inner.tolist(), studentized=outer.tolist(), standardizedAbsolute=(z / np.sqrt(1 - h)).tolist(),
        lmfit=dict(redchi=l.redchi, aic=l.aic, bic=l.bic,
                   profile=[[dict_ends[0][1], dict_ends[2][1]] for dict_ends in (ci[name] for name in p.names)]))


def profile(p, b, chi, i, threshold):
    """The values of parameter i where the least sum of squares is chi + threshold."""
    jac = p.f(b, p.x)[1] / p.sigma[:, None]
    step = np.sqrt(threshold * np.linalg.inv(jac.T @ jac)[i, i])

    def rise(v):
        c = b.copy()
        c[i] = v
        return p.fit(c, (i,))[1] - chi - threshold

    ends = []
    for sign in (-1, 1):
        far = 1
        while rise(b[i] + sign * far * step) < 0:
            far *= 1.2
        ends.append(opt.brentq(lambda d: rise(b[i] + sign * d * step), 0, far, xtol=1e-14, rtol=1e-13) * sign * step + b[i])
    return ends


def contour(p, b, chi, i, j, threshold, n):
    jac = p.f(b, p.x)[1] / p.sigma[:, None]
    cov = np.linalg.inv(jac.T @ jac)[np.ix_([i, j], [i, j])]
    low = np.linalg.cholesky(cov)
    points = []
    for phi in 2 * np.pi * np.arange(n) / n:
        d = low @ [np.cos(phi), np.sin(phi)]

        def rise(t):
            c = b.copy()
            c[[i, j]] += t * d
            return p.fit(c, (i, j))[1] - chi - threshold

        far = np.sqrt(threshold)
        while rise(far) < 0:
            far *= 1.2
        t = opt.brentq(rise, 0, far, xtol=1e-14, rtol=1e-13)
        points.append((b[[i, j]] + t * d).tolist())
    return points


def compare():
    """The parabola against its line, weighted, and both against a constant by AICc."""
    p = Problem(**PROBLEMS["parabola"])
    g = p.f(p.start, p.x)[1]
    fits = [sm.WLS(p.y, g[:, :k], weights=p.sigma**-2).fit() for k in (1, 2, 3)]
    f, prob, more = fits[2].compare_f_test(fits[1])
    f2, prob2, _ = fits[2].compare_f_test(fits[0])
    chi = fits[1].ssr - fits[2].ssr
    n = len(p.y)
    aicc = []
    for k, fit in enumerate(fits, 2):  # statsmodels does not count s
        aicc.append(-2 * fit.llf + 2 * k + 2 * k * (k + 1) / (n - k - 1))
    weights = np.exp(-(np.array(aicc) - min(aicc)) / 2)
    return dict(f=f, p=prob, f2=f2, p2=prob2, df1=int(more), df2=int(fits[2].df_resid), chi=chi, pchi=st.chi2(1).sf(chi),
                aicc=aicc, weights=(weights / weights.sum()).tolist())


def bootstrap():
    """Intervals for the mean of skewed numbers, from a million resamples."""
    y = np.array([0.21, 0.36, 0.42, 0.55, 0.61, 0.83, 0.97, 1.24, 1.61, 2.48, 4.17, 7.95])
    rng = np.random.default_rng(1)
    res = [st.bootstrap((y,), np.mean, n_resamples=1_000_000, method=m, batch=10_000, random_state=rng).confidence_interval
           for m in ("percentile", "BCa")]
    t = []
    for _ in range(100):
        z = rng.choice(y, size=(10_000, len(y)))
        se = z.std(axis=1, ddof=1) / np.sqrt(len(y))
        with np.errstate(divide="ignore", invalid="ignore"):
            t.append((z.mean(axis=1) - y.mean()) / se)
    q = np.quantile(np.concatenate(t), [0.975, 0.025])
    ends = y.mean() - q * y.std(ddof=1) / np.sqrt(len(y))
    return dict(y=y.tolist(), sd=np.sqrt(((y - y.mean())**2).sum()) / len(y), percentile=[res[0].low, res[0].high],
                bca=[res[1].low, res[1].high], studentized=ends.tolist())


def main():
    out = dict(versions=dict(python=sys.version.split()[0], numpy=np.__version__, scipy=scipy.__version__,
                             lmfit=lmfit.__version__, statsmodels=statsmodels.__version__),
               compare=compare(), bootstrap=bootstrap(), problems={})
    for name, spec in PROBLEMS.items():
        p = Problem(**spec)
        b, chi = p.fit(p.start)
        n, k = len(p.y), len(b)
        s2 = chi / (n - k)
        f1, chi1 = st.f(1, n - k).ppf(0.95), st.chi2(1).ppf(0.95)
        f2, chi2 = st.f(2, n - k).ppf(0.95), st.chi2(2).ppf(0.95)
        jac = p.f(b, p.x)[1] / p.sigma[:, None]
        cov = np.linalg.inv(jac.T @ jac)
        at = np.array([-0.4, 0.45, 1.7]) if p.f is parabola else np.quantile(p.x, [0.1, 0.5]).tolist() + [1.2 * p.x.max()]
        at = np.array(at)
        value, g = p.f(b, at)
        se = np.sqrt(np.einsum("ij,jk,ik->i", g, cov, g))
        new = np.array([0.1, 0.2, 0.3])
        t, z = st.t(n - k).ppf(0.975), st.norm.ppf(0.975)
        out["problems"][name] = dict(
            names=p.names, x=p.x.tolist(), y=p.y.tolist(), sigma=None if spec.get("sigma") is None else p.sigma.tolist(),
            start=p.start.tolist(), estimate=b.tolist(), statistics=statistics(p, b, chi),
            profile=dict(relative=[profile(p, b, chi, i, s2 * f1) for i in range(k)],
                         absolute=[profile(p, b, chi, i, chi1) for i in range(k)]),
            contour=dict(relative=contour(p, b, chi, 0, 1, 2 * s2 * f2, 8), absolute=contour(p, b, chi, 0, 1, chi2, 8)),
            bands=dict(x=at.tolist(), sigma=new.tolist(), value=value.tolist(),
                       relative=dict(se=(np.sqrt(s2) * se).tolist(), confidence=(t * np.sqrt(s2) * se).tolist(),
                                     simultaneous=(np.sqrt(k * st.f(k, n - k).ppf(0.95) * s2) * se).tolist(),
                                     prediction=(t * np.sqrt(s2 * (se**2 + new**2))).tolist()),
                       absolute=dict(se=se.tolist(), confidence=(z * se).tolist(),
                                     simultaneous=(np.sqrt(st.chi2(k).ppf(0.95)) * se).tolist(),
                                     prediction=(z * np.sqrt(se**2 + new**2)).tolist())))
    json.dump(out, sys.stdout, indent=1)
    print()


main()
