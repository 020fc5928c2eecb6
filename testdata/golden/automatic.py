"""Trajectories of the methods that choose their own step size or need no horizon, in double precision, typed from the
formulas of the papers named in the comments of package method. Run in this directory:

    python3 automatic.py

It writes one file per method. hyper holds the hyperparameters under the names of the formulas here. The gradients of a
case are random numbers of a fixed seed, or those of an objective at the present iterate.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
from numpy import sqrt
from numpy.linalg import norm


def schedule_free(h, x0):
    """The gradient is taken at y; the answer x is compared by the mean of z, y is what is stored here."""
    z, x, v = x0.copy(), x0.copy(), 0 * x0
    total, k, y = 0.0, 0, x0.copy()
    while True:
        g, _ = yield y
        k += 1
        d = g
        if "beta2" in h:
            v = h["beta2"] * v + (1 - h["beta2"]) * g**2
            scale = sqrt(v / (1 - h["beta2"] ** k)) + h["eps"]
            d = numpy.divide(g, scale, out=0 * g, where=scale > 0)
        z = z - h["lr"] * (d + h["decay"] * y)
        w = k ** h["power"] * h["lr"] ** 2
        total += w
        c = w / total
        x = (1 - c) * x + c * z
        y = (1 - h["beta"]) * z + h["beta"] * x


def dog(h, x0):
    """The first block variables have r and G of their own, if block > 0."""
    n = int(h["block"])
    parts = [slice(0, n), slice(n, None)] if n else [slice(0, None)]
    x, r, G = x0.copy(), [h["r0"]] * len(parts), [0.0] * len(parts)
    while True:
        g, _ = yield x
        x = x.copy()
        for j, p in enumerate(parts):
            r[j] = max(r[j], norm(x[p] - x0[p]))
            G[j] += numpy.sum(g[p] ** 2)
            x[p] -= h["factor"] * r[j] / sqrt(G[j] + h["eps"]) * g[p]


def dowg(h, x0):
    x, r, v = x0.copy(), h["r0"], 0.0
    while True:
        g, _ = yield x
        r = max(r, norm(x - x0))
        v += r**2 * numpy.sum(g**2)
        x = x - h["factor"] * r**2 / sqrt(v) * g


def grown(d, candidate, growth):
    return max(d, min(candidate, growth * d) if growth else candidate)


def dadapt_sgd(h, x0):
    x, s, R, d, g1 = x0.copy(), 0 * x0, 0.0, h["d0"], None
    while True:
        g, _ = yield x
        if g1 is None:
            if not g.any():
                continue
            g1 = norm(g)
        a = h["factor"] * d / g1
        R += a * numpy.dot(g, s)
        s = s + a * g
        d = grown(d, 2 * R / norm(s), h["growth"])
        x = h["momentum"] * x + (1 - h["momentum"]) * (x0 - s)


def ratio(m, scale):
    return numpy.divide(m, scale, out=0 * m, where=scale > 0)


def dadapt_adam(h, x0):
    x, m, v, s, R, d = x0.copy(), 0 * x0, 0 * x0, 0 * x0, 0.0, h["d0"]
    b1, b2, b3 = h["beta1"], h["beta2"], sqrt(h["beta2"])
    while True:
        g, _ = yield x
        a = h["factor"] * d
        R = b3 * R + (1 - b3) * a * numpy.dot(g, ratio(s, sqrt(v) + h["eps"]))
        m = b1 * m + (1 - b1) * a * g
        v = b2 * v + (1 - b2) * g**2
        s = b3 * s + (1 - b3) * a * g
        if s.any():
            d = grown(d, R / ((1 - b3) * norm(s, 1)), h["growth"])
        x = x - ratio(m, sqrt(v) + h["eps"])


def prodigy(h, x0):
    x, m, v, s, R = x0.copy(), 0 * x0, 0 * x0, 0 * x0, 0.0
    d = top = d0 = h["d0"]
    b1, b2, b3 = h["beta1"], h["beta2"], sqrt(h["beta2"])
    while True:
        g, _ = yield x
        a = h["factor"] * d
        R = b3 * R + d / d0 * a * numpy.dot(g, x0 - x)
        s = b3 * s + d / d0 * a * g
        m = b1 * m + (1 - b1) * d * g
        v = b2 * v + (1 - b2) * d**2 * g**2
        if s.any():
            top = max(top, h["coef"] * R / norm(s, 1))
        d = min(top, h["growth"] * d) if h["growth"] else top
        x = x - a * ratio(m, sqrt(v) + d * h["eps"]) - a * h["decay"] * x


def polyak(h, x0):
    x = x0.copy()
    while True:
        g, f = yield x
        gap, sq = f - h["minimum"], numpy.sum(g**2)
        if gap > 0 and sq > 0:
            x = x - h["factor"] * gap / sq * g


def sps(h, x0):
    x, step = x0.copy(), h["max"]
    while True:
        g, f = yield x
        gap, sq = f - h["minimum"], numpy.sum(g**2)
        if gap > 0 and sq > 0:
            step = min(gap / (h["c"] * sq), h["growth"] * step if h["growth"] else h["max"])
            x = x - step * g


def cocob(h, x0):
    x, L, A, R, C = x0.copy(), h["eps"] + 0 * x0, 0 * x0, 0 * x0, 0 * x0
    while True:
        g, _ = yield x
        L = numpy.maximum(L, abs(g))
        A = A + abs(g)
        R = numpy.maximum(0, R - g * (x - x0))
        C = C - g
        x = x0 + ratio(C, L * numpy.maximum(A + L, h["alpha"] * L)) * (L + R)


def ftrl(h, x0):
    x, N = x0.copy(), 0 * x0
    z = -x0 * h["beta"] / h["alpha"]
    while True:
        g, _ = yield x
        s = (sqrt(N + g**2) - sqrt(N)) / h["alpha"]
        z = z + g - s * x
        N = N + g**2
        hold = (h["beta"] + sqrt(N)) / h["alpha"] + h["l2"]
        u = numpy.where(hold > 0, -ratio(z - numpy.sign(z) * h["l1"], hold), x)
        x = numpy.where((abs(z) <= h["l1"]) & ((hold > 0) | (h["l1"] > 0)), 0, u)


def rda(h, x0):
    x, mean, k = x0.copy(), 0 * x0, 0
    while True:
        g, _ = yield x
        k += 1
        mean = mean + (g - mean) / k
        gamma = 1 / h["alpha"]
        u = x0 - sqrt(k) / gamma * mean
        x = numpy.sign(u) * numpy.maximum(0, abs(u) - sqrt(k) / gamma * h["l1"])


def mechanic(h, x0):
    """Around gradient descent with momentum b = mu b + g."""
    x, D, b, k = x0.copy(), 0 * x0, 0 * x0, 6
    rates = 1 - 10.0 ** -numpy.arange(1, 7)
    M, V, R, s = numpy.zeros(k), numpy.zeros(k), numpy.zeros(k), numpy.zeros(k)
    while True:
        g, _ = yield x
        pull = h["decay"] * sum(s) * norm(g) / norm(x) * x if x.any() else 0 * x
        p = numpy.dot(g + pull, D)
        b = h["momentum"] * b + g
        D = D - h["lr"] * b
        M = numpy.maximum(rates * M, abs(p))
        V = rates**2 * V + p**2
        R = numpy.maximum(0, rates * R - s * p)
        s = ratio(h["s0"] / k * M + R, sqrt(V) + h["eps"])
        x = x0 + sum(s) * D


def rosenbrock(x):
    """The sum over pairs of 100 (b - a^2)^2 + (1 - a)^2."""
    f, g = 0.0, numpy.zeros_like(x)
    for i in range(0, len(x), 2):
        a, b = x[i], x[i + 1]
        f += 100 * (b - a * a) ** 2 + (1 - a) ** 2
        g[i] = -400 * a * (b - a * a) - 2 * (1 - a)
        g[i + 1] = 200 * (b - a * a)
    return f, g


def run(rule, name, hyper, x0, gradient, steps, objective=""):
    """gradient(k, x) is value and gradient of step k = 0, 1, ... at x."""
    steps_of = rule(hyper, numpy.array(x0))
    x = next(steps_of)
    grads, values, iterates = [], [], []
    for k in range(steps):
        f, g = gradient(k, x)
        grads.append(g.tolist())
        values.append(float(f))
        x = steps_of.send((g, f))
        iterates.append(x.tolist())
    case = dict(name=name, hyper=hyper, objective=objective, x0=x0, grads=grads)
    if rule in (polyak, sps):
        case["values"] = values
    return dict(case, iterates=iterates)


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def write(file, rule, seed, hyper, others, descent, objective="rosenbrock"):
    """The cases of a method: fed gradients at hyper and at the changes of it in others, Rosenbrock at descent. Where
    objective is empty a change of the start by 1e-9 changes the way of the method on Rosenbrock altogether."""
    rng = numpy.random.default_rng(seed)
    steps, dim = 25, 4
    start, origin = [0.5, 1.0, -2.5, 3.0], [0.0] * dim

    def fed(label, change, x0, grads):
        f = numpy.abs(rng.standard_normal(len(grads))) * numpy.sum(grads**2, axis=1)
        cases.append(run(rule, label, dict(hyper, **change), x0, lambda k, x: (f[k], grads[k]), len(grads)))

    def noise():
        return rng.standard_normal((steps, dim))

    cases = []
    fed("noise", {}, start, noise())
    fed("scales 1e-8 to 1e8", {}, origin, noise() * [1e-8, 1e-3, 1e3, 1e8])
    fed("scales 1e-8 to 1e8 in time", {}, start, 10.0 ** rng.uniform(-8, 8, (steps, 1)) * noise())
    signs = numpy.ones((steps, dim))
    signs[1::2, 0] = -1
    signs[1::3, 1] = -1
    signs[steps // 2 :, 2] = -1
    fed("sign flips", {}, start, signs)
    zeros = noise() * (rng.uniform(size=(steps, dim)) < 0.7)
    zeros[:, 1] = 0
    zeros[5:7] = 0
    fed("zeros", {}, start, zeros)
    for change in others:
        fed(", ".join("%s %g" % c for c in change.items()), change, start, noise() + 0.5)
    cases.append(
        run(rule, "Rosenbrock", dict(hyper, **descent), [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, objective)
    )
    versions = dict(python=platform.python_version(), numpy=numpy.__version__)
    with open(file + ".json", "w") as f:
        f.write('{"source":"the formula, in numpy","versions":%s,"cases":[\n' % text(versions))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


sfs = dict(lr=1.0, beta=0.9, power=0.0, decay=0.0)
others = [dict(beta=0.0), dict(beta=0.5, lr=0.1), dict(power=2.0), dict(decay=0.1, lr=0.3)]
write("schedulefreesgd", schedule_free, 1, sfs, others, dict(lr=1e-3))
sfa = dict(lr=0.0025, beta=0.9, beta2=0.999, eps=1e-8, power=0.0, decay=0.0)
others = [dict(beta=0.0, lr=0.1), dict(beta2=0.0), dict(eps=0.0), dict(power=1.0), dict(decay=0.1, lr=0.3)]
write("schedulefreeadam", schedule_free, 2, sfa, others, dict(lr=0.05))
dog_others = [dict(eps=0.0), dict(factor=0.5, r0=1.0), dict(block=1.0), dict(block=3.0, r0=0.1)]
write("dog", dog, 3, dict(r0=1e-2, factor=1.0, eps=1e-8, block=0.0), dog_others, dict(r0=1e-3))
write("dowg", dowg, 4, dict(r0=1e-4, factor=1.0), [dict(factor=0.5, r0=1.0)], {})
das = dict(d0=1e-2, factor=1.0, momentum=0.0, growth=0.0)
others = [dict(momentum=0.9), dict(growth=1.02), dict(factor=0.5, d0=1e-6)]
write("dadaptsgd", dadapt_sgd, 5, das, others, dict(d0=1e-3, momentum=0.9))
daa = dict(d0=1e-2, factor=1.0, growth=0.0, beta1=0.9, beta2=0.999, eps=1e-8)
others = [dict(beta1=0.0, beta2=0.9), dict(growth=1.02), dict(factor=0.5, d0=1e-6), dict(eps=0.0)]
write("dadaptadam", dadapt_adam, 6, daa, others, dict(d0=1e-3))
pro = dict(d0=1e-2, factor=1.0, coef=1.0, growth=0.0, beta1=0.9, beta2=0.999, eps=1e-8, decay=0.0)
others = [dict(beta1=0.0, beta2=0.9), dict(growth=1.02), dict(factor=0.5, d0=1e-6), dict(eps=0.0, coef=2.0), dict(decay=0.1)]
write("prodigy", prodigy, 7, pro, others, dict(factor=0.1))
write("polyakstep", polyak, 8, dict(minimum=0.0, factor=1.0), [dict(minimum=-3.0), dict(minimum=3.0, factor=0.5)], {})
sps_others = [dict(minimum=1.0, c=1.0), dict(max=0.1), dict(max=0.01, growth=1.5), dict(max=0.1, growth=1.0)]
write("sps", sps, 9, dict(minimum=0.0, c=0.5, max=1.0, growth=0.0), sps_others, dict(max=0.003))
write("cocob", cocob, 10, dict(alpha=100.0, eps=1e-8), [dict(alpha=1.0), dict(eps=1.0), dict(eps=0.0)], {})
fol = dict(alpha=0.1, beta=1.0, l1=0.0, l2=0.0)
write("ftrl", ftrl, 11, fol, [dict(beta=0.0), dict(l1=2.0), dict(l2=2.0), dict(beta=0.0, l1=1.0, l2=3.0)], {})
write("rda", rda, 12, dict(alpha=0.1, l1=0.0), [dict(alpha=2.0), dict(l1=0.5), dict(alpha=1.0, l1=1.0)], dict(alpha=1e-4))
mec = dict(lr=0.01, momentum=0.0, s0=0.1, decay=0.01, eps=1e-8)
others = [dict(momentum=0.9), dict(s0=1.0), dict(decay=0.0), dict(eps=0.0)]
write("mechanic", mechanic, 13, mec, others, dict(lr=1e-4), "")
