# Quantiles of |t| of random scaling: P(|t| > c) = (2/pi) int sqrt(u/sinh u) dtheta, u = c/sin(theta) = c cosh(v),
# dtheta = -dv/cosh(v). Run with python3 and scipy; the values in recorders_test.go are from scipy 1.10.
import math
from scipy.integrate import quad
from scipy.optimize import brentq


def tail(c):
    def g(v):
        u = c * math.cosh(v)
        return math.sqrt(2 * u * math.exp(-u) / -math.expm1(-2 * u)) / math.cosh(v)

    return 2 / math.pi * quad(g, 0, min(50, math.acosh(1400 / c)), epsabs=1e-14, limit=400)[0]


for level in (0.01, 0.1, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.999999):
    print(level, brentq(lambda c: tail(c) - (1 - level), 1e-6, 200, xtol=1e-13))
