# Golden values of the fits in fitgolden_test.go, by scipy, lmfit and numpy. Prints JSON; run as
#
#     python3 compare.py > compare.json
import json
import lmfit
import numpy as np
import scipy
from scipy.stats import f

x = np.arange(12) * 0.5
y = np.array([1.2, 1.9, 2.1, 3.2, 3.1, 4.4, 4.9, 6.1, 6.4, 7.9, 8.4, 9.9])
s = np.array([0.1, 0.2] * 6)


def fit(model, scale=True, weights=None, **start):
    r = model.fit(y, model.make_params(**start), x=x, weights=weights, scale_covar=scale)
    return {
        "estimate": {k: p.value for k, p in r.params.items()},
        "standard_error": {k: p.stderr for k, p in r.params.items()},
        "chi_square": r.chisqr,
    }


def aicc(rss, p):
    n, k = len(y), p + 1
    likelihood = -n / 2 * (1 + np.log(2 * np.pi * rss / n))
    return 2 * k - 2 * likelihood + 2 * k * (k + 1) / (n - k - 1)


line = lmfit.Model(lambda x, a, b: a + b * x)
parabola = lmfit.Model(lambda x, a, b, c: a + b * x + c * x**2)
simple, full = fit(line, a=1, b=1), fit(parabola, a=1, b=1, c=1)
rss = [simple["chi_square"], full["chi_square"]]
score = [aicc(rss[0], 2), aicc(rss[1], 3)]
weight = np.exp(-0.5 * (np.array(score) - min(score)))
statistic = (rss[0] - rss[1]) / (rss[1] / 9)
print(json.dumps({
    "versions": {"lmfit": lmfit.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
    "line": simple,
    "parabola": full,
    "relative": fit(line, weights=1 / s, a=1, b=1),
    "absolute": fit(line, scale=False, weights=1 / s, a=1, b=1),
    "aicc": score,
    "weight": list(weight / sum(weight)),
    "statistic": statistic,
    "p": f.sf(statistic, 1, 9),
}, indent=1))
