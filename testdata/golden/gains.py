"""Trajectories of methods that set the gain of a step by the sums, signs or values of the steps before, in double precision, typed
from the formulas of their papers. AdaSqrt has the sum of squares without a root.

Run in this directory:

    python3 gains.py

It writes a file for each method. hyper holds the hyperparameters by the names that the functions use.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
from numpy import maximum, ones_like, sqrt, where, zeros_like


def quotient(a, b):
    """a / b, 0 for 0 / 0."""
    return numpy.divide(a, b, out=zeros_like(a), where=b != 0)


# A reference is a generator that yields x and is sent gradient and value there.


def adasqrt(h, x):
    v, t = zeros_like(x), 0
    while True:
        g, _ = yield x
        t += 1
        v = v + g**2
        x = x - h["lr"] * sqrt(t) * quotient(g, v + h["eps"])


def acprop(h, x):
    """The step before the update of s, and none in the first, as s is 0 then."""
    m, s, t = zeros_like(x), zeros_like(x), 0
    while True:
        g, _ = yield x
        if t > 0:
            x = x - h["lr"] * quotient(g, sqrt(s / (1 - h["beta2"] ** t)) + h["eps"])
        t += 1
        deviation = h["beta1"] * (g - m)  # of g from the new m
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        s = h["beta2"] * s + (1 - h["beta2"]) * deviation**2 + h["eps"]


def nadamax(h, x):
    m, u, t = zeros_like(x), zeros_like(x), 0
    while True:
        g, _ = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        u = maximum(h["beta2"] * u, abs(g))
        n = h["beta1"] * m / (1 - h["beta1"] ** (t + 1)) + (1 - h["beta1"]) * g / (1 - h["beta1"] ** t)
        x = x - h["lr"] * quotient(n, u)


def deltabardelta(h, x):
    m, w = zeros_like(x), ones_like(x)
    while True:
        g, _ = yield x
        same = numpy.sign(g) * numpy.sign(m)
        w = where(same > 0, w + h["kappa"], where(same < 0, maximum(h["phi"] * w, h["least"]), w))
        x = x - h["lr"] * w * g
        m = h["theta"] * m + (1 - h["theta"]) * g


def eve(h, x):
    m, v, t, d, last = zeros_like(x), zeros_like(x), 0, 1.0, None
    while True:
        g, f = yield x
        t += 1
        if last is not None:
            height = min(f, last) - h["minimum"]
            ratio = h["limit"] if height <= 0 else abs(f - last) / height
            d = h["beta3"] * d + (1 - h["beta3"]) * min(max(ratio, 1 / h["limit"]), h["limit"])
        last = f
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        mh, vh = m / (1 - h["beta1"] ** t), v / (1 - h["beta2"] ** t)
        x = x - h["lr"] / d * quotient(mh, sqrt(vh) + h["eps"])


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
    rng = numpy.random.default_rng(20240611)
    dim = 4
    start = [0.0] * dim  # where small steps are not rounded off
    default = next(iter(settings.values()))
    cases = []

    def values(n):
        if method is not eve:
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
        cases.append(run(method, name + ", wild", h, start, lambda k, x: wild[k], 30, values=values(30)))
        rows = 10.0 ** numpy.array([-8, -3, 3, 8]) * rng.standard_normal((25, dim))
        cases.append(run(method, name + ", scales 1e-8 to 1e8", h, start, lambda k, x: rows[k], 25, values=values(25)))
    flips = numpy.ones((30, dim))
    flips[1::2, 0] = -1  # every step
    flips[1::3, 1] = -1  # every third
    flips[15:, 2] = -1  # once
    flips[:, 3] = 0
    cases.append(run(method, "sign flips", default, start, lambda k, x: flips[k], 30, values=values(30)))
    h = {**default, **valley}
    cases.append(run(method, "Rosenbrock", h, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock", values(200)))
    versions = dict(python=platform.python_version(), numpy=numpy.__version__)
    with open(method.__name__ + ".json", "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text("the formula, in numpy"), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


write(
    adasqrt,
    {"defaults": dict(lr=0.01, eps=1e-8), "step 1, eps 1": dict(lr=1.0, eps=1.0), "eps 0": dict(eps=0.0)},
    {},
)
write(
    acprop,
    {
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16),
        "betas .5 .9, eps 1e-3": dict(beta1=0.5, beta2=0.9, eps=1e-3),
        "beta2 0": dict(beta2=0.0, lr=0.1),
    },
    {},
)
write(
    nadamax,
    {
        "defaults": dict(lr=0.1, beta1=0.9, beta2=0.999),
        "betas .5 .9": dict(beta1=0.5, beta2=0.9),
        "betas 0 0": dict(beta1=0.0, beta2=0.0),
    },
    {},
)
write(
    deltabardelta,
    {
        "defaults": dict(lr=1e-3, kappa=0.2, phi=0.8, theta=0.5, least=0.01),
        "kappa .05, phi .3, theta .9": dict(kappa=0.05, phi=0.3, theta=0.9),
        "theta 0, least .5": dict(theta=0.0, least=0.5, lr=1.0),
        "kappa 0, phi 0": dict(kappa=0.0, phi=0.0),
    },
    dict(lr=1e-4, kappa=0.01),
)
write(
    eve,
    {
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.999, limit=10.0, eps=1e-8, minimum=-5.3),
        "minimum -5": dict(minimum=-5.0),
        "betas .5 .9 .8, limit 3": dict(beta1=0.5, beta2=0.9, beta3=0.8, limit=3.0, lr=0.1),
        "betas 0 0 0, eps 0": dict(beta1=0.0, beta2=0.0, beta3=0.0, eps=0.0),
    },
    {},
)
