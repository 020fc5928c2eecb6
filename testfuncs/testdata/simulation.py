# Minima of the simulated objectives, computed independently of the Go code: python3 simulation.py
# Python 3.11, numpy 1.24, scipy 1.10.
import itertools
import math
import platform

import numpy as np
import scipy
from scipy import integrate, linalg, optimize, special

print("#", platform.python_version(), np.__version__, scipy.__version__)

# CNTNEWS-1: the mean profit by quadrature of the density of the Burr distribution.
pdf = lambda d: 40 * d * (1 + d * d) ** -21


def profit(x):
    a = integrate.quad(lambda d: (9 * d + x - d - 5 * x) * pdf(d), 0, x, epsabs=1e-14)[0]
    return a + (9 * x - 5 * x) * (1 + x * x) ** -20


for x in (0.05, 0.2, 1.0):
    print("newsvendor", x, repr(-profit(x)))
x = math.sqrt(2 ** 0.05 - 1)
print("newsvendor minimum", repr(x), repr(-profit(x)))

# MM1-1: E W_(n+1) = sum_k E[S_k+]/k (Spitzer), S_k the difference of two gamma variables: integral of its tail.
lam = 1.5


def excess(k, mu):  # E (G/mu - H/lam)+ = integral over h of the density of H/lam times E(G/mu - h)+
    def tail(h):
        return k / mu * special.gammaincc(k + 1, mu * h) - h * special.gammaincc(k, mu * h)
    top = (k + 12 * math.sqrt(k) + 40) / lam
    f = lambda h: tail(h) * math.exp((k - 1) * math.log(lam * h) - lam * h - special.gammaln(k)) * lam if h > 0 else 0.0
    m = k / lam
    s = math.sqrt(k) / lam
    cuts = sorted({0.0, max(0, m - 6 * s), max(0, m - 3 * s), m, m + 3 * s, m + 6 * s, top})
    return sum(integrate.quad(f, a, b, epsabs=1e-14, epsrel=1e-12, limit=200)[0] for a, b in zip(cuts, cuts[1:]))


def mm1(mu):
    total = 1 / mu + 0.1 * mu * mu
    for k in range(1, 250):
        weight = 1.0 if k <= 50 else (250 - k) / 200
        total += weight * excess(k, mu) / k
    return total


for mu in (2.0, 5.0):
    print("mm1", mu, repr(mm1(mu)))
r = optimize.minimize_scalar(mm1, bracket=(2.7, 2.83, 2.9), tol=1e-9)
print("mm1 minimum", repr(r.x), repr(r.fun))

# PARAMESTI-1: adaptive quadrature over y2.
w = lambda y: y ** 4 * math.exp(-y) / 24


def paramesti(x1, x2):
    q = lambda f: integrate.quad(lambda y: f(y) * w(y), 0, 5, epsabs=1e-14)[0] + integrate.quad(lambda y: f(y) * w(y), 5, 80, epsabs=1e-14)[0]
    m = q(lambda y: (x1 * y - 1) * special.digamma(2 * y) - special.gammaln(x1 * y))
    return -(m - 10 + (x2 - 1) * special.digamma(5) - 5 - special.gammaln(x2))


for p in ((1, 1), (2, 5), (0.3, 9)):
    print("paramesti", p, repr(paramesti(*p)))

# SAN-1: the project is a Markov chain on sets of finished arcs; its mean time to absorption from the generator matrix.
arcs = [(1, 2), (1, 3), (2, 3), (2, 4), (2, 6), (3, 6), (4, 5), (4, 7), (5, 6), (5, 8), (6, 9), (7, 8), (8, 9)]


def running(done):
    return [a for a, (u, _) in enumerate(arcs) if a not in done and all(b in done for b, (_, v) in enumerate(arcs) if v == u)]


states = [frozenset()]
for s in states:
    for a in running(s):
        if s | {a} not in states:
            states.append(s | {a})
states.remove(frozenset(range(13)))
index = {s: i for i, s in enumerate(states)}
print("# states of the network:", len(states))


def san(th):
    q = np.zeros((len(states), len(states)))
    for s, i in index.items():
        for a in running(s):
            q[i, i] += 1 / th[a]
            if s | {a} in index:
                q[i, index[s | {a}]] -= 1 / th[a]
    return linalg.solve(q, np.ones(len(states)))[0] + sum(1 / t for t in th)


print("san", "all 8", repr(san([8.0] * 13)))
th = [1 + 0.1 * i for i in range(13)]
print("san", "1, 1.1, ..., 2.2", repr(san(th)))
x = np.array([1.035, 1.932, 1.734, 1.141, 2.057, 1.551, 1.320, 1.506, 1.578, 1.566, 1.224, 1.507, 1.279])
r = optimize.minimize(san, x, method="BFGS", options={"gtol": 1e-7, "eps": 1e-6})
print("san minimum", repr(r.fun), [round(v, 4) for v in r.x])
