# Robust fits: at a fixed scale by scipy.optimize.least_squares, with the scale estimated together with the parameters by
# statsmodels' RLM where it has the loss, and by iteration here where it has not. Sandwiches as in Huber and Ronchetti,
# Robust Statistics, 2009, written down from the formula.
# python3 robust.py > robust.json
import json
import sys

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy.optimize import least_squares, brentq

C = dict(Huber=1.345, SoftL1=1.287, Cauchy=2.385, Tukey=4.685)


def rho(name, c, z):
    t = z / c**2
    if name == "Huber":
        m = z <= c**2
        q = np.where(m, 1, z)
        r = np.sqrt(q)
        return np.array([np.where(m, z, 2 * c * r - c**2), np.where(m, 1, c / r), np.where(m, 0, -c / (2 * q * r))])
    if name == "SoftL1":
        s = np.sqrt(1 + t)
        return np.array([2 * c**2 * (s - 1), 1 / s, -1 / (2 * c**2 * s**3)])
    if name == "Cauchy":
        return np.array([c**2 * np.log1p(t), 1 / (1 + t), -1 / (c**2 * (1 + t) ** 2)])
    m = t <= 1
    q = np.where(m, 1 - t, 0)
    return np.array([c**2 / 3 * (1 - q**3), q**2, -2 * q / c**2])


def sandwich(name, c, s, r, j):
    z = (r / s) ** 2
    _, d1, d2 = rho(name, c, z)
    psi, bend = d1 * r, d1 + 2 * z * d2
    h = j.T @ (j * bend[:, None])
    g = j.T @ (j * (psi**2)[:, None])
    n, p = j.shape
    inv = np.linalg.inv(h)
    return n / (n - p) * inv @ g @ inv


def saturation(b, x):
    e = np.exp(-b[1] * x)
    return b[0] * (1 - e), np.column_stack([1 - e, b[0] * x * e])


def line(b, x):
    return b[0] + b[1] * x, np.column_stack([np.ones_like(x), x])


def newton(name, c, s, model, x, y, b):
    # To the last digits of the stationary point of sum rho: weights, from near it.
    for _ in range(3000):
        f, j = model(b, x)
        w = rho(name, c, ((f - y) / s) ** 2)[1]
        b = b - np.linalg.lstsq(j * np.sqrt(w)[:, None], (f - y) * np.sqrt(w), rcond=None)[0]
    return b


def mad(r):
    return np.median(np.abs(r)) / 0.6744897501960817


cases = []


def store(kind, name, model, x, y, start, s, b):
    f, j = model(b, x)
    r = f - y
    cases.append(dict(kind=kind, loss=name, model=model.__name__, x=x.tolist(), y=y.tolist(), start=list(start), scale=float(s), value=b.tolist(),
                      stderr=np.sqrt(np.diag(sandwich(name, C[name], s, r, j))).tolist(), objective=float(s**2 * rho(name, C[name], (r / s) ** 2)[0].sum())))


rng = np.random.default_rng(11)
x1 = np.linspace(0.2, 6, 40)
y1 = saturation([5, 0.7], x1)[0] + 0.1 * rng.normal(size=40)
y1[[3, 11, 18, 19, 30, 37]] += [2, 3, -1.5, 4, 2.5, 3]
x2 = np.linspace(-2, 3, 25)
y2 = 1 - 2 * x2 + 0.2 * rng.normal(size=25)
y2[[2, 9, 20, 24]] += [3, 5, -4, 6]

for name in C:
    for model, x, y, start in ((saturation, x1, y1, [1.0, 1.0]), (line, x2, y2, [0.0, 0.0])):
        # At a fixed scale.
        s, c = 0.15, C[name]
        loss = {"Huber": "huber", "SoftL1": "soft_l1", "Cauchy": "cauchy"}.get(name) or (lambda z: rho("Tukey", 1, z))
        b0 = start
        if name in ("Cauchy", "Tukey"):
            b0 = least_squares(lambda b: model(b, x)[0] - y, start, lambda b: model(b, x)[1], loss="huber", f_scale=1.345 * s).x
        r = least_squares(lambda b: model(b, x)[0] - y, b0, lambda b: model(b, x)[1], loss=loss, f_scale=c * s, ftol=1e-15, xtol=1e-15, gtol=1e-15)
        b = newton(name, c, s, model, x, y, r.x)
        assert np.allclose(b, r.x, rtol=1e-6), (name, b, r.x)
        store("fixed", name, model, x, y, start, s, b)
        # With its scale.
        if model is line and name in ("Huber", "Tukey"):
            norm = {"Huber": sm.robust.norms.HuberT(c), "Tukey": sm.robust.norms.TukeyBiweight(c)}[name]
            q = sm.RLM(y, sm.add_constant(x), M=norm).fit(scale_est="mad", tol=1e-14, maxiter=5000)
            b, s = np.asarray(q.params), q.scale
        else:
            def gap(s):
                return np.log(mad(model(newton(name, c, s, model, x, y, b), x)[0] - y) / s)
            s = brentq(gap, 0.05, 0.5, xtol=1e-13)
            b = newton(name, c, s, model, x, y, b)
        store("joint", name, model, x, y, start, s, b)

json.dump(dict(versions=f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}",
               cases=cases), sys.stdout, indent=1)
