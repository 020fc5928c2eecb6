# Golden values of the noncentral chi-squared and F laws: python3 noncentral.py > noncentral.csv
#
# Quantiles by scipy 1.10.1 (Boost), numpy 1.24.2; a row is kept only if its distribution function, summed in 40 digits by
# mpmath 1.2.1, agrees with the level to 1e-11. law,p,q,lambda,level,quantile; q is 0 for chi-squared.
import mpmath as mp
from scipy.stats import ncf, ncx2

mp.mp.dps = 40


def cdf(p, q, lam, x):
    h, s, x = mp.mpf(lam) / 2, mp.mpf(0), mp.mpf(float(x))
    y = p * x / (p * x + q)
    for j in range(int(max(0, h - 14 * mp.sqrt(h) - 20)), int(h + 14 * mp.sqrt(h) + 60)):
        w = mp.exp(-h + j * mp.log(h) - mp.loggamma(j + 1))
        a = mp.mpf(p) / 2 + j
        s += w * (mp.betainc(a, mp.mpf(q) / 2, 0, y, regularized=True) if q else mp.gammainc(a, 0, x / 2, regularized=True))
    return s


for p, q, lam in [(1, 9, 3), (1, 49, 8), (2, 1000, 11.5), (5, 45, 8), (5, 15, 1.25), (10, 990, 30), (16, 2000, 41), (100, 400, 77)]:
    for level in [1e-6, 1e-4, 0.0125, 0.05, 0.5, 0.975]:
        for law, df2, x in [("F", q, ncf.ppf(level, p, q, lam)), ("chi2", 0, ncx2.ppf(level, p, lam))]:
            error = abs(cdf(p, df2, lam, x) / level - 1)
            if error < 1e-11:
                print(f"{law},{p},{df2},{lam},{level},{x!r}")
