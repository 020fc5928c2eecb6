# Golden values of Mann-Kendall and Theil-Sen: python3 trend.py > trend.csv (scipy 1.10.1, numpy 1.24.2)
#
# Rows: name, S, two-sided p, slope, values...; p is exact without ties and normal, without correction for continuity, with them.
import numpy as np
from scipy.stats import kendalltau, theilslopes

rng = np.random.default_rng(1)
for name, n, drift, tied in [("noise", 4, 0, False), ("noise", 10, 0, False), ("fall", 12, -0.2, False), ("rise", 30, 0.05, False), ("long", 55, -0.02, False), ("ties", 25, -0.05, True)]:
    y = rng.normal(size=n) + drift * np.arange(n)
    if tied:
        y = np.round(y)
    s = sum(np.sign(y[j] - y[i]) for j in range(n) for i in range(j))
    p = kendalltau(np.arange(n), y, method="asymptotic" if tied else "exact").pvalue
    print(",".join([name, str(int(s)), repr(float(p)), repr(float(theilslopes(y)[0]))] + [repr(float(v)) for v in y]))
