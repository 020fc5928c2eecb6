"""Trajectories of methods that optax has, in double precision or better, typed from the formulas of their papers. Run in this
directory:

    python3 peers.py

It writes a file for each method. hyper holds the hyperparameters by the names that the functions use; where it has block, that
many of the variables are a block of their own and the others another. agc is gradient descent with momentum, inner = 1,
of clipped gradients. How the methods begin, where programs differ: the gradient before the first is the first.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
from numpy import sqrt, zeros_like

wide = numpy.longdouble


def quotient(a, b):
    """a / b, 0 for 0 / 0."""
    return numpy.divide(a, b, out=zeros_like(a), where=b != 0)


def norm(x):
    return sqrt((x**2).sum())


# Every method is a generator: it is given x once, then a gradient (and a value) at a time, and yields the iterates.


def optimisticsgd(h, x):
    last = None
    while True:
        g, _ = yield x
        last = g if last is None else last
        x = x - h["lr"] * ((1 + h["optimism"]) * g - h["optimism"] * last)
        last = g


def momoadam(h, x):
    """With sums over all samples, whose weights are (1 - beta1) beta1^(age). f - <g,x> cancels, and so there are more digits."""
    gs, cs = [], []
    b1, b2 = wide(h["beta1"]), wide(h["beta2"])
    while True:
        g, f = yield x
        gs.append(g.astype(wide))
        cs.append(wide(f) - (g.astype(wide) * x).sum())
        n = len(gs)
        w = [(1 - b1) * b1 ** (n - 1 - i) for i in range(n)]
        m = sum(wi * gi for wi, gi in zip(w, gs))
        v = sum((1 - b2) * b2 ** (n - 1 - i) * gs[i] ** 2 for i in range(n))
        c1, c2 = sum(w), 1 - b2**n
        u = quotient(m, sqrt(v / c2) + wide(h["eps"]))
        model = sum(wi * (ci + (gi * x).sum()) for wi, ci, gi in zip(w, cs, gs))
        if (m * u).sum() > 0:
            tau = min(wide(h["lr"]) / c1, max(model - c1 * wide(h["minimum"]), 0) / (m * u).sum())
            x = (x - tau * u).astype(float)


def sm3(h, x):
    s, m = zeros_like(x), zeros_like(x)
    while True:
        g, _ = yield x
        s = s + g**2
        m = h["beta"] * m + (1 - h["beta"]) * quotient(g, sqrt(s))
        x = x - h["lr"] * m


def simplifiedademamix(h, x):
    m, v, t = zeros_like(x), zeros_like(x), 0
    while True:
        g, _ = yield x
        t += 1
        m = h["beta1"] * m + g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        x = x - h["lr"] * quotient(m + h["mix"] * g, sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])


def mars(h, x):
    m, v, t, last = zeros_like(x), zeros_like(x), 0, None
    while True:
        g, _ = yield x
        t += 1
        last = g if last is None else last
        c = g + h["gamma"] * h["beta1"] / (1 - h["beta1"]) * (g - last)
        last = g
        if norm(c) > h["norm"]:
            c = h["norm"] * c / norm(c)
        m = h["beta1"] * m + (1 - h["beta1"]) * c
        v = h["beta2"] * v + (1 - h["beta2"]) * c**2
        x = x - h["lr"] * quotient(m / (1 - h["beta1"] ** t), sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])


def agc(h, x):
    b = zeros_like(x)
    n = h.get("block", 0)
    while True:
        g, _ = yield x
        g = g.copy()
        for i in [slice(0, n), slice(n, None)] if n else [slice(0, None)]:
            bound = h["ratio"] * max(norm(x[i]), h["floor"])
            if norm(g[i]) > bound:
                g[i] *= bound / norm(g[i])
        if h["norm"] > 0 and norm(g) > h["norm"]:
            g = h["norm"] * g / norm(g)
        b = 0.9 * b + g
        x = x - h["lr"] * b


def rosenbrock(x):
    """The sum over pairs of 100 (b - a^2)^2 + (1 - a)^2."""
    g = zeros_like(x)
    for i in range(0, len(x), 2):
        a, b = x[i], x[i + 1]
        g[i] = -400 * a * (b - a * a) - 2 * (1 - a)
        g[i + 1] = 200 * (b - a * a)
    return g


def run(method, name, hyper, x0, gradient, steps, objective="", values=None):
    rule = method(hyper, numpy.array(x0))
    x = next(rule)
    grads, iterates = [], []
    for k in range(steps):
        g = gradient(k, x)
        x = rule.send((g, values[k] if values else None))
        grads.append(g.tolist())
        iterates.append(x.tolist())
    case = dict(name=name, hyper=hyper, objective=objective, x0=x0, grads=grads, iterates=iterates)
    return dict(case, values=values) if values else case


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def write(method, settings, valley):
    """settings maps the name of a case to hyperparameters; the first are the defaults. valley are those on Rosenbrock."""
    rng = numpy.random.default_rng(20240612)
    dim, start = 4, [0.0, 1.0, -2.5, 30.0]
    default = next(iter(settings.values()))
    cases = []

    def values(n):
        if method is not momoadam:
            return None
        k = numpy.arange(n)
        return (-5 + 8 * numpy.exp(-k / 15) + 0.1 * rng.standard_normal(n)).tolist()

    for name, h in settings.items():
        h = {**default, **h}
        noise = rng.standard_normal((80, dim))
        cases.append(run(method, name, h, start, lambda k, x: noise[k], 80, values=values(80)))
        wild = 10.0 ** rng.uniform(-8, 8, (30, dim)) * rng.standard_normal((30, dim))
        wild[rng.uniform(size=wild.shape) < 0.2] = 0
        wild[:5, 1] = 0
        wild[10:, 2] = 0
        cases.append(run(method, name + ", wild", h, [0.0] * dim, lambda k, x: wild[k], 30, values=values(30)))
        rows = 10.0 ** numpy.array([-8, -3, 3, 8]) * rng.standard_normal((25, dim))
        cases.append(run(method, name + ", scales 1e-8 to 1e8", h, [0.0] * dim, lambda k, x: rows[k], 25, values=values(25)))
    flips = numpy.ones((30, dim))
    flips[1::2, 0] = -1  # every step
    flips[1::3, 1] = -1  # every third
    flips[15:, 2] = -1  # once
    flips[:, 3] = 0
    flips[20:25] = 0
    cases.append(run(method, "sign flips, zeros", default, start, lambda k, x: flips[k], 30, values=values(30)))
    h = {**default, **valley}
    h.pop("block", None)
    cases.append(run(method, "Rosenbrock", h, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock", values(200)))
    versions = dict(python=platform.python_version(), numpy=numpy.__version__)
    with open(method.__name__ + ".json", "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text("the formula, in numpy"), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


write(
    optimisticsgd,
    {
        "defaults": dict(lr=1e-3, optimism=1.0),
        "optimism .3": dict(lr=0.1, optimism=0.3),
        "optimism 0": dict(optimism=0.0),
        "optimism 5": dict(optimism=5.0),
    },
    dict(lr=2e-4),
)
write(
    momoadam,
    {
        "defaults": dict(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8, minimum=-5.0),
        "minimum -10, betas .5 .9": dict(minimum=-10.0, beta1=0.5, beta2=0.9, lr=1.0),
        "betas 0 .999, eps 0": dict(beta1=0.0, eps=0.0),
        "step 10": dict(lr=10.0, eps=0.1),
    },
    dict(lr=1e-2),
)
write(sm3, {"defaults": dict(lr=1.0, beta=0.9), "beta .5, step .1": dict(lr=0.1, beta=0.5), "beta 0": dict(beta=0.0)}, {})
write(
    simplifiedademamix,
    {
        "defaults": dict(lr=1e-3, beta1=0.99, beta2=0.95, mix=0.0, eps=1e-8),
        "mix 100": dict(mix=100.0),
        "betas .9 .999, mix 2, eps 1": dict(beta1=0.9, beta2=0.999, mix=2.0, eps=1.0),
        "betas 0 0, eps 0": dict(beta1=0.0, beta2=0.0, mix=0.5, eps=0.0),
    },
    {},
)
write(
    mars,
    {
        "defaults": dict(lr=0.1, beta1=0.95, beta2=0.99, gamma=0.025, norm=1.0, eps=1e-8),
        "gamma .5, betas .9 .999, norm 3": dict(gamma=0.5, beta1=0.9, beta2=0.999, norm=3.0),
        "gamma 0, norm .1": dict(gamma=0.0, norm=0.1),
        "norm 1e9, eps 0": dict(norm=1e9, eps=0.0, lr=1e-3),
    },
    dict(norm=100.0, lr=1e-2),
)
write(
    agc,
    {
        "ratio .1": dict(inner=1, lr=0.01, ratio=0.1, floor=1e-3, norm=0.0),
        "blocks": dict(block=1),
        "blocks, norm": dict(block=2, norm=1.0, ratio=1.0),
        "floor 1": dict(floor=1.0, ratio=0.5),
    },
    dict(lr=1e-3),
)
