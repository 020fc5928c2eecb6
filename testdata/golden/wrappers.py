"""Trajectories of the methods that hold a method, in double precision, typed from the formulas. Run in this directory:

    python3 wrappers.py

It writes a file for each. The inner method is Adam (inner = 0: lr .1, betas .9 .999, eps 1e-8) or gradient descent with
momentum (inner = 1: lr as given, momentum .9, b = .9 b + g, x = x - lr b). Gradients are stored with the iterates.

    clip           g = min(max(g, -value), value) if value > 0, then g = g min(1, norm/|g|) if norm > 0
    lookahead      after every sync-th step x = phi + slow (x - phi), phi = x
    accumulate     one step of the inner method with the mean of each count gradients
    freeze         component frozen of x does not exist for the inner method
    scale          the inner method works on u = x/s with the gradient s g, s = base^i in component i
    average        (gradients of an objective are taken at the inner iterates)
                   iterates are the means of the inner iterates after step start, plainly summed up over their weights:
                   Gamma(power + j)/Gamma(j) for the j-th, or decay^(n-j) for the j-th of n if decay > 0
    tail_average   iterates are the means of the present and the last one of the windows [1], [2, 3], [4, 7], [8, 15], ...
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy


class Adam:
    def __init__(self, h):
        self.t, self.m, self.v = 0, 0.0, 0.0

    def step(self, x, g):
        self.t += 1
        self.m = 0.9 * self.m + (1 - 0.9) * g
        self.v = 0.999 * self.v + (1 - 0.999) * g * g
        mh = self.m / (1 - 0.9**self.t)
        vh = self.v / (1 - 0.999**self.t)
        return x - 0.1 * mh / (numpy.sqrt(vh) + 1e-8)


class Momentum:
    def __init__(self, h):
        self.lr, self.b = h["lr"], 0.0

    def step(self, x, g):
        self.b = 0.9 * self.b + g
        return x - self.lr * self.b


def inner(h):
    return [Adam, Momentum][h["inner"]](h)


class Clip:
    def __init__(self, h):
        self.h, self.inner = h, inner(h)

    def step(self, x, g):
        if self.h["value"] > 0:
            g = numpy.clip(g, -self.h["value"], self.h["value"])
        if self.h["norm"] > 0:
            n = numpy.linalg.norm(g)
            if n > self.h["norm"]:
                g = self.h["norm"] * g / n
        return self.inner.step(x, g)


class Lookahead:
    def __init__(self, h):
        self.h, self.inner, self.k, self.phi = h, inner(h), 0, None

    def step(self, x, g):
        if self.phi is None:
            self.phi = x
        x = self.inner.step(x, g)
        self.k += 1
        if self.k % self.h["sync"] == 0:
            x = self.phi = self.phi + self.h["slow"] * (x - self.phi)
        return x


class Accumulate:
    def __init__(self, h):
        self.h, self.inner, self.grads = h, inner(h), []

    def step(self, x, g):
        self.grads.append(g)
        if len(self.grads) < self.h["count"]:
            return x
        g, self.grads = sum(self.grads) / len(self.grads), []
        return self.inner.step(x, g)


class Freeze:
    def __init__(self, h):
        self.h, self.inner = h, inner(h)

    def step(self, x, g):
        free = numpy.arange(len(x)) != self.h["frozen"]
        x = x.copy()
        x[free] = self.inner.step(x[free], g[free])
        return x


class Scale:
    def __init__(self, h):
        self.h, self.inner, self.u = h, inner(h), None

    def step(self, x, g):
        s = self.h["base"] ** numpy.arange(len(x))
        if self.u is None:
            self.u = x / s
        self.u = self.inner.step(self.u, s * g)
        return s * self.u


class Average:
    """x is the answer; the inner method has its own iterate."""

    def __init__(self, h):
        self.h, self.inner, self.z, self.past = h, inner(h), None, []

    def step(self, x, g):
        self.z = self.inner.step(x if self.z is None else self.z, g)
        self.past.append(self.z)
        return self.answer(self.past)

    def answer(self, past):
        if len(past) <= self.h["start"]:
            return past[-1]
        past = past[self.h["start"] :]
        n, w = len(past), [1.0]
        for j in range(1, n):  # Gamma(power + j)/Gamma(j) up to a constant
            w.append(w[-1] * (self.h["power"] + j) / j)
        if self.h["decay"] > 0:
            w = [self.h["decay"] ** (n - 1 - j) for j in range(n)]
        return sum(a * z for a, z in zip(w, past)) / sum(w)


class TailAverage(Average):
    def answer(self, past):
        first = 1
        while 4 * first <= len(past):
            first *= 2
        return sum(past[first - 1 :]) / (len(past) - first + 1)


def rosenbrock(x):
    """The sum over pairs of 100 (b - a^2)^2 + (1 - a)^2."""
    g = numpy.zeros_like(x)
    for i in range(0, len(x), 2):
        a, b = x[i], x[i + 1]
        g[i] = -400 * a * (b - a * a) - 2 * (1 - a)
        g[i + 1] = 200 * (b - a * a)
    return g


def run(name, method, hyper, x0, gradient, steps, objective=""):
    x = numpy.array(x0)
    rule = method(hyper)
    grads, iterates = [], []
    for k in range(steps):
        g = numpy.array(gradient(k, x if getattr(rule, "z", None) is None else rule.z))
        x = rule.step(x, g)
        grads.append(g.tolist())
        iterates.append(x.tolist())
    return dict(name=name, hyper=hyper, objective=objective, x0=x0, grads=grads, iterates=iterates)


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def write(name, method, settings, answers=False):
    """answers says that the iterates are not the points where gradients are taken."""
    rng = numpy.random.default_rng(20240504)
    cases = []
    for setting in settings:
        for which in (0, 1):
            label = ", ".join("%s %g" % s for s in setting.items()) + [", Adam", ", momentum"][which]
            hyper = dict(setting, inner=which, lr=0.01)

            def fed(more, grads, x0):
                cases.append(run(label + more, method, hyper, x0, lambda k, x: grads[k], len(grads)))

            fed("", rng.standard_normal((30, 4)), [0.0, 1.0, -2.5, 3.0])
            scales = [1e-8, 1e-3, 1e3, 1e8] * rng.standard_normal((20, 4))
            scales[:3, 0], scales[5:9, 1], scales[::4, 2] = 0, 0, 0
            scales[:, 3] = numpy.abs(scales[:, 3])
            scales[1::2, 3] *= -1
            fed(", scales 1e-8 to 1e8", scales, [0.0] * 4)
    hyper = dict(settings[0], inner=0, lr=0.1)
    on = [-1.2, 1.0]
    if answers:
        grads = 10 * rng.standard_normal((200, 2))
        cases.append(run("200 steps", method, hyper, on, lambda k, x: grads[k], 200))
        for which, lr in (0, 0.1), (1, 1e-4):
            hyper = dict(settings[-1], inner=which, lr=lr)
            name_of = "Rosenbrock, " + ["Adam", "momentum"][which]
            cases.append(run(name_of, method, hyper, on, lambda k, x: rosenbrock(x), 200, "rosenbrock"))
    else:
        cases.append(run("Rosenbrock, Adam", method, hyper, on, lambda k, x: rosenbrock(x), 200, "rosenbrock"))
        hyper = dict(settings[0], inner=1, lr=1e-4)
        cases.append(run("Rosenbrock, momentum", method, hyper, on, lambda k, x: rosenbrock(x), 200, "rosenbrock"))
    versions = dict(python=platform.python_version(), numpy=numpy.__version__)
    with open(name + ".json", "w") as f:
        f.write('{"source":"the formulas, in numpy","versions":%s,"cases":[\n' % text(versions))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


def settings(names, *rows):
    return [dict(zip(names.split(), row)) for row in rows]


write("clip", Clip, settings("value norm", (0.5, 0.0), (0.0, 1.0), (1.0, 1.2)))
write("lookahead", Lookahead, settings("sync slow", (5, 0.5), (3, 0.8), (1, 0.25)))
write("accumulate", Accumulate, settings("count", (4,), (1,), (3,)))
write("freeze", Freeze, settings("frozen", (0,), (2,)))
write("scale", Scale, settings("base", (3.0,), (0.7,)))
names = "start power decay"
write("average", Average, settings(names, (0, 0.0, 0.0), (7, 0.0, 0.0), (0, 3.0, 0.0), (4, 0.5, 0.0), (0, 0.0, 0.9)), True)
write("tail_average", TailAverage, settings("start", (0,)), True)
