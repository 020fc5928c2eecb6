# Fits between bounds by scipy.optimize.least_squares, method trf, and by lsq_linear, method bvls.
# python3 bounds.py > bounds.json
import json
import sys

import numpy as np
import scipy
from scipy.optimize import least_squares, lsq_linear

inf = np.inf


def saturation(b, x):
    e = np.exp(-b[1] * x)
    return b[0] * (1 - e), np.column_stack([1 - e, b[0] * x * e])


def peak(b, x):
    # b0 + b1 x + b2 exp(-((x-b3)/b4)^2/2)
    u = (x - b[3]) / b[4]
    e = np.exp(-u * u / 2)
    return b[0] + b[1] * x + b[2] * e, np.column_stack(
        [np.ones_like(x), x, e, b[2] * e * u / b[4], b[2] * e * u * u / b[4]])


def exponentials(b, x):
    e, h = np.exp(-b[1] * x), np.exp(-b[3] * x)
    return b[0] * e + b[2] * h, np.column_stack([e, -b[0] * x * e, h, -b[2] * x * h])


def polynomial(b, x):
    v = np.vander(x, len(b), increasing=True)
    return v @ b, v


def rosenbrock(b, x):
    # Residuals 10 (b1 - b0^2) at x = 0 and 1 - b0 at x = 1, of the responses 0.
    f = np.where(x == 0, 10 * (b[1] - b[0] ** 2), 1 - b[0])
    j = np.column_stack([np.where(x == 0, -20 * b[0], -1.0), np.where(x == 0, 10.0, 0.0)])
    return f, j


rng = np.random.default_rng(7)
cases = []


def case(name, model, x, y, start, lower, upper):
    x, y = np.asarray(x, float), np.asarray(y, float)
    f = lambda b: model(b, x)[0] - y
    jac = lambda b: model(b, x)[1]
    start, lower, upper = (np.asarray(v, float) for v in (start, lower, upper))
    if model is polynomial:
        a = model(np.zeros(len(start)), x)[1]
        r = lsq_linear(a, y, (lower, upper), method="bvls", tol=1e-15)
    else:
        # trf stays inside the bounds by a hair: start it inside, and end by dropping the active variables.
        inner = np.clip(start, lower + 1e-3 * np.minimum(1, upper - lower), upper - 1e-3 * np.minimum(1, upper - lower))
        r = least_squares(f, inner, jac, (lower, upper), method="trf", x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=100000)
    b = r.x.copy()
    width = np.minimum(np.maximum(np.abs(b), 1e-3), upper - lower)
    g = jac(b).T @ f(b)
    active = ((b - lower < 1e-4 * width) & (g > 0)) | ((upper - b < 1e-4 * width) & (g < 0))
    b[active] = np.where(b - lower < upper - b, lower, upper)[active]
    free = ~active
    for _ in range(200):  # Gauss-Newton in the others, to the last digits
        if not free.any():
            break
        b[free] -= np.linalg.lstsq(jac(b)[:, free], f(b), rcond=None)[0]
    assert (b >= lower).all() and (b <= upper).all(), name
    g = jac(b).T @ f(b)
    assert ((g * np.where(b == lower, 1, -1))[active] > 0).all(), name
    rss = float(f(b) @ f(b))
    stderr = np.full(len(b), np.nan)
    if len(x) > free.sum():
        j = jac(b)[:, free]
        stderr[free] = np.sqrt(np.diag(np.linalg.inv(j.T @ j)) * rss / (len(x) - free.sum()))
    plain = lambda v: [None if not np.isfinite(t) else float(t) for t in v]
    cases.append(dict(name=name, model=model.__name__, x=x.tolist(), y=y.tolist(), start=start.tolist(), lower=plain(lower),
                      upper=plain(upper), value=b.tolist(), active=[int(i) for i in np.flatnonzero(active)], rss=rss, stderr=plain(stderr)))


xs = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
ys = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
case("upper", saturation, xs, ys, [200, 1e-3], [0, 0], [230, 1])
case("from the bound that holds", saturation, xs, ys, [230, 1e-3], [0, 0], [230, 1])
case("from a bound that does not hold", saturation, xs, ys, [300, 1e-4], [0, 1e-4], [300, 1])
case("no bound holds", saturation, xs, ys, [500, 1e-4], [0, 0], [1000, 1])
x = np.linspace(0, 10, 41)
y = peak([0.02, -0.05, 2, 4, 0.8], x)[0] + 0.05 * rng.normal(size=41)
case("baseline", peak, x, y, [0.5, 0.5, 1, 5, 1], [0, 0, 0, 0, 0.1], [inf, inf, inf, 10, 5])
case("narrow", peak, x, y, [0.5, 0, 1, 3.5, 0.5], [-inf, -inf, 0, 3, 0.1], [inf, inf, 1.5, 3.9, 0.7])
x = np.linspace(0, 5, 26)
y = exponentials([3, 0.5, 0, 4], x)[0] + 0.03 * rng.normal(size=26) - 0.2 * np.exp(-3 * x)
case("amplitudes", exponentials, x, y, [1, 0.3, 1, 2], [0, 0.1, 0.1, 1], [inf, 2, inf, 10])
x = np.linspace(-1, 1, 20)
for k in range(6):
    y = polynomial(rng.normal(size=6), x)[0] + 0.3 * rng.normal(size=20)
    lower, upper = -rng.uniform(0.05, 1, size=6), rng.uniform(0.05, 1, size=6)
    case(f"linear {k}", polynomial, x, y, rng.uniform(lower, upper), lower, upper)
case("rosenbrock", rosenbrock, [0, 1], [0, 0], [-1.2, 1], [-2, -2], [0.5, 2])
case("rosenbrock from a corner", rosenbrock, [0, 1], [0, 0], [-2, 2], [-2, 0.5], [3, 2])
case("all hold", rosenbrock, [0, 1], [0, 0], [-0.5, 0.5], [-2, 0.5], [0.6, 2])
json.dump(dict(versions=f"scipy {scipy.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}", cases=cases), sys.stdout, indent=1)
