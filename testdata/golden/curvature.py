"""Trajectories of methods that look at the curvature, or at f around x, and of some relatives of Adam, in double precision or
better, typed from the formulas of their papers. Where a paper's formula and the one in use differ, the function says which it is.

Run in this directory:

    python3 curvature.py

It writes a file for each method. hyper holds the hyperparameters by the names that the functions use; where it has block, that
many of the variables are a block of their own and the others another. A gradient is that of one evaluation: SAM and OLBFGS
take two for a step. The random signs of evaluation k are the bits, lowest first, of the stream of the Sample with Step k and
Replicate -1 (see sample.py). The Hessian is that of Rosenbrock's function if hess is 1, else the matrix of fixed.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
from numpy import maximum, minimum, sign, sqrt, zeros_like

wide = numpy.longdouble

M64, M128 = 2**64 - 1, 2**128 - 1


def absorb(h, w):
    h = ((h ^ w) + 0x9E3779B97F4A7C15) & M64
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & M64
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & M64
    return h ^ (h >> 31)


def signs(k, n):
    hi, lo = 0x243F6A8885A308D3, 0x13198A2E03707344
    for w in (0, k, 0, -1):
        hi, lo = absorb(hi, w & M64), absorb(lo, w & M64)
    state = hi << 64 | lo
    state = (state * (2549297995355413924 << 64 | 4865540595714422341) + (6364136223846793005 << 64 | 1442695040888963407)) & M128
    h, l = state >> 64, state & M64
    h ^= h >> 32
    h = (h * 0xDA942042E4DD58B5) & M64
    h ^= h >> 48
    h = (h * (l | 1)) & M64
    return numpy.array([1.0 - 2.0 * (h >> i & 1) for i in range(n)])


def fixed(n):
    """3 on the diagonal and 1 elsewhere, in units of 1e-2, 1, 10 and 1e3; the last of them with the other sign."""
    unit = numpy.array([1e-2, 1.0, 10.0, 1e3])[:n]
    a = numpy.ones((n, n)) + 2 * numpy.eye(n)
    a[-1, -1] = -3
    return a * unit[:, None] * unit[None, :]


def hessian(h, x):
    if not h["hess"]:
        return fixed(len(x))
    a = numpy.zeros((len(x), len(x)))
    for i in range(0, len(x), 2):
        a[i, i] = 1200 * x[i] ** 2 - 400 * x[i + 1] + 2
        a[i, i + 1] = a[i + 1, i] = -400 * x[i]
        a[i + 1, i + 1] = 200
    return a


def diagonal(h, x, k):
    z = signs(k, len(x))
    return z * (hessian(h, x) @ z)


def quotient(a, b):
    """a / b, 0 for 0 / 0."""
    return numpy.divide(a, b, out=zeros_like(a), where=b != 0)


def blocks(h, x):
    n = h.get("block", 0)
    return [slice(0, n), slice(n, None)] if n else [slice(0, None)]


# Every method is a generator: it is given x once, then a gradient (and a value) at a time, and yields the iterates.


def adahessian(h, x):
    """The last estimate is mixed into v in the steps in which it is made; the steps can be bounded."""
    m, v, t, n = zeros_like(x), zeros_like(x), 0, 0
    while True:
        g, _ = yield x
        if t % h["period"] == 0:
            d = abs(diagonal(h, x, t))
            if "block" in h:
                for b in blocks(h, x):
                    d[b] = d[b].mean()
            n += 1
            v = h["beta2"] * v + (1 - h["beta2"]) * d**2
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        root = sqrt(v / (1 - h["beta2"] ** n)) ** h["power"]
        step = h["lr"] * quotient(m / (1 - h["beta1"] ** t), root + h["eps"])
        if h["max"] > 0:
            step = numpy.clip(step, -h["max"], h["max"])
        x = x - step


def sophia(h, x):
    m, hess, t = zeros_like(x), zeros_like(x), 0
    while True:
        g, _ = yield x
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        if t % h["period"] == 0:
            hess = h["beta2"] * hess + (1 - h["beta2"]) * diagonal(h, x, t)
        t += 1
        x = x - h["lr"] * h["decay"] * x
        d = maximum(h["gamma"] * hess, h["eps"])
        with numpy.errstate(over="ignore", divide="ignore"):
            ratio = numpy.where(m == 0, 0, m / numpy.where(d == 0, 5e-324, d))
        x = x - h["lr"] * numpy.clip(ratio, -1, 1)


def olbfgs(h, x):
    """The test of a pair is relative to the lengths of both, and the first step has a length of its own. The two loops have more
    digits; x has not, of whose rounding the differences are made."""
    pairs, k = [], 0
    while True:
        g, _ = yield x
        g = g.astype(wide)
        q, alphas = g, []
        for s, y in reversed(pairs):
            alphas.append((s @ q) / (s @ y))
            q = q - alphas[-1] * y
        if pairs:
            q = q * sum((s @ y) / (y @ y) for s, y in pairs) / len(pairs)
        for (s, y), a in zip(pairs, reversed(alphas)):
            q = q + s * (a - (y @ q) / (s @ y))
        length = sqrt(q @ q)
        rate = wide(h["lr"]) / (1 + wide(h["decay"]) * k)
        if length > 0:
            if not pairs:
                rate = h["first"] / length / (1 + wide(h["decay"]) * k)
            if h["max"] > 0:
                rate = min(rate, h["max"] / length)
        before, x = x, (x - rate * q).astype(float)
        after, _ = yield x
        s = (x - before).astype(wide)
        y = after.astype(wide) - g + h["damping"] * s
        if s @ y > h["curvature"] * sqrt((s @ s) * (y @ y)):
            pairs = (pairs + [(s, y)])[-h["memory"] :]
        k += 1


class Adam:
    def __init__(self, h):
        self.t, self.m, self.v = 0, 0.0, 0.0

    def step(self, x, g):
        self.t += 1
        self.m = 0.9 * self.m + (1 - 0.9) * g
        self.v = 0.999 * self.v + (1 - 0.999) * g * g
        mh = self.m / (1 - 0.9**self.t)
        vh = self.v / (1 - 0.999**self.t)
        return x - 0.1 * mh / (sqrt(vh) + 1e-8)


class Momentum:
    def __init__(self, h):
        self.lr, self.b = h["lr"], 0.0

    def step(self, x, g):
        self.b = 0.9 * self.b + g
        return x - self.lr * self.b


def inner(h):
    return [Adam, Momentum][h["inner"]](h)


def sam(h, x):
    rule = inner(h)
    while True:
        g, _ = yield x
        n = sqrt((g.astype(wide) ** 2).sum()).astype(float)
        after, _ = yield x + (h["rho"] * g / n if n > 0 else 0)
        x = rule.step(x, after)


def plateau(h):
    """Windows of ten batches. Yields whether to stop."""
    stop, best, bad = False, None, 0
    while True:
        values = []
        while len(values) < 10 * h["batch"]:
            _, f, _ = yield stop
            stop = False
            values.append(f)
        now = numpy.array(values).reshape(10, -1).mean(axis=1)
        good = best is None
        if not good:
            se = sqrt(now.var(ddof=1) / 10 + best.var(ddof=1) / 10)
            good = now.mean() < best.mean() - h["relative"] * abs(best.mean()) - h["absolute"] - 2.552 * se
        best, bad = (now, 0) if good else (best, bad + 1)
        stop = bad == h["patience"]


def distance(h):
    """Pesme, Dieuleveut, Flammarion: the slope of log |x - x_0|^2 over log n."""
    stop, look, points = False, h["first"], []
    while True:
        x, _, _ = yield stop
        points.append(x)
        n, stop = len(points) - 1, False
        if n == look:
            if n > h["first"]:
                a, b = ((points[k] - points[0]) @ (points[k] - points[0]) for k in (before, n))
                stop = numpy.log(b / a) / numpy.log(n / before) < h["slope"]
            before, look = n, int(numpy.ceil(h["ratio"] * n))


def pflug(h):
    """Chee, Toulis: the sum of the products of successive gradients."""
    _, _, last = yield False
    total = 0.0
    while True:
        _, _, g = yield total < 0
        total += g @ last
        last = g


def dropwhenstationary(h, x):
    """The test is shown x and the means of values and gradients over as many steps as a step is shorter."""
    tests = [plateau, distance, pflug]
    rule, w, block = inner(h), 1.0, []
    test = tests[h["test"]](h)
    next(test)
    while True:
        g, f = yield x
        block.append((f, g))
        if len(block) == round(1 / w):
            if test.send((x.copy(), numpy.mean([f for f, _ in block]), numpy.mean([g for _, g in block], axis=0))):
                w = max(w * h["factor"], h["minimum"])
                test = tests[h["test"]](h)
                next(test)
            block = []
        x = x + w * (rule.step(x, g) - x)


def rms(v):
    return sqrt((v**2).mean())


def adafactor(h, x):
    v, t = zeros_like(x), 0
    while True:
        g, _ = yield x
        t += 1
        beta = 1 - t ** -h["power"]
        v = beta * v + (1 - beta) * (g**2 + h["eps"])
        u = quotient(g, sqrt(v))
        rho = min(h["lr"], 1 / sqrt(t))
        x = x.copy()
        for b in blocks(h, x):
            x[b] -= max(h["floor"], rms(x[b])) * rho * u[b] / max(1, rms(u[b]) / h["clip"])


def swats(h, x):
    """The tolerance is relative to the rate, which must be positive."""
    m, v, lam, t, rate = zeros_like(x), zeros_like(x), 0.0, 0, None
    while True:
        g, _ = yield x
        t += 1
        if rate is not None:
            m = h["beta1"] * m + g
            x = x - (1 - h["beta1"]) * rate * m
            continue
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        p = -h["lr"] * quotient(m / (1 - h["beta1"] ** t), sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])
        x = x + p
        if p @ g != 0:
            r = -(p @ p) / (p @ g)
            lam = h["beta2"] * lam + (1 - h["beta2"]) * r
            l = lam / (1 - h["beta2"] ** t)
            if t > 1 and l > 0 and abs(l - r) <= h["tol"] * l:
                rate, m = l, zeros_like(x)


def wngrad(h, x):
    b = h["b0"]
    while True:
        g, _ = yield x
        b = b + (g**2).sum() / b
        x = x - h["lr"] * g / b


def ademamix(h, x):
    m, l, v, t = zeros_like(x), zeros_like(x), zeros_like(x), 0
    while True:
        g, _ = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        l = h["beta3"] * l + (1 - h["beta3"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        up = m / (1 - h["beta1"] ** t) + h["mix"] * l
        x = x - h["lr"] * quotient(up, sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])


def novograd(h, x):
    m, v, t = zeros_like(x), {}, 0
    while True:
        g, _ = yield x
        x = x.copy()
        for b in blocks(h, x):
            square = (g[b] ** 2).sum()
            v[b.start] = square if t == 0 else h["beta2"] * v[b.start] + (1 - h["beta2"]) * square
            m[b] = h["beta1"] * m[b] + quotient(g[b], sqrt(v[b.start]) + h["eps"] + zeros_like(g[b])) + h["decay"] * x[b]
            x[b] -= h["lr"] * m[b]
        t += 1


def norm(x):
    return sqrt((x**2).sum())


def normalizedsgd(h, x):
    m = zeros_like(x)
    while True:
        g, _ = yield x
        m = h["momentum"] * m + (1 - h["momentum"]) * g
        if norm(m) > 0:
            x = x - h["lr"] * m / norm(m)


def momo(h, x):
    """With sums over all samples, whose weights are (1 - beta) beta^(age), and beta^(age) for the first. f - <g,x> cancels, and so
    there are more digits."""
    gs, cs = [], []
    while True:
        g, f = yield x
        gs.append(g.astype(wide))
        cs.append(wide(f) - (g.astype(wide) * x).sum())
        n = len(gs)
        w = [(1 if i == 0 else 1 - wide(h["beta"])) * wide(h["beta"]) ** (n - 1 - i) for i in range(n)]
        d = sum(wi * gi for wi, gi in zip(w, gs))
        model = sum(wi * (ci + (gi * x).sum()) for wi, ci, gi in zip(w, cs, gs))
        if (d**2).sum() > 0:
            tau = min(wide(h["lr"]), max(model - h["minimum"], 0) / (d**2).sum())
            x = (x - tau * d).astype(float)


def cautious(h, x):
    rule = inner(h)
    at = x
    while True:
        g, _ = yield at
        step = rule.step(at, g) - at
        mask = (sign(step) * sign(g) < 0).astype(float)
        if mask.sum() > 0:
            at = at + step * mask / mask.mean()


def decay(h, x):
    rule = inner(h)
    while True:
        g, _ = yield x
        x = rule.step(x * (1 - h["rate"]), g)


def fromage(h, x):
    """With more digits: the difference of two x of nearly one length is what counts."""
    h = {k: v if k == "block" else wide(v) for k, v in h.items()}
    x = x.astype(wide)
    while True:
        g, _ = yield x.astype(float)
        g, x = g.astype(wide), x.copy()
        for b in blocks(h, x):
            ratio = norm(x[b]) / norm(g[b]) if norm(x[b]) > 0 and norm(g[b]) > 0 else 1.0
            x[b] = (x[b] - h["lr"] * ratio * g[b]) / sqrt(1 + h["lr"] ** 2)


def smorms3(h, x):
    mem, m, v = 1 + zeros_like(x), zeros_like(x), zeros_like(x)
    while True:
        g, _ = yield x
        r = 1 / (mem + 1)
        m = (1 - r) * m + r * g
        v = (1 - r) * v + r * g**2
        q = quotient(m**2, v + h["eps"])
        x = x - quotient(g * minimum(h["lr"], q), sqrt(v) + h["eps"])
        mem = 1 + mem * (1 - q)


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
    dim, start = 4, [0.0, 1.0, -2.5, 30.0]
    default = next(iter(settings.values()))
    near = start if method in (adafactor, fromage) else [0.0] * dim  # at 0, small steps are not rounded off
    if method is olbfgs:
        start = near
    cases = []

    def values(n):
        if method is not dropwhenstationary and method is not momo:
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
        cases.append(run(method, name + ", scales 1e-8 to 1e8", h, near, lambda k, x: rows[k], 25, values=values(25)))
    flips = numpy.ones((30, dim))
    flips[1::2, 0] = -1  # every step
    flips[1::3, 1] = -1  # every third
    flips[15:, 2] = -1  # once
    flips[:, 3] = 0
    cases.append(run(method, "sign flips", default, start, lambda k, x: flips[k], 30, values=values(30)))
    if method is wngrad or method is swats or method is sam:
        flips[20:] = 0
        cases.append(run(method, "zeros", default, start, lambda k, x: flips[k], 30))
    h = {**default, **valley}
    h.pop("block", None)
    if "hess" in h:
        h["hess"] = 1
    cases.append(run(method, "Rosenbrock", h, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock", values(200)))
    versions = dict(python=platform.python_version(), numpy=numpy.__version__)
    with open(method.__name__ + ".json", "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text("the formula, in numpy"), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


write(
    adahessian,
    {
        "defaults": dict(lr=0.15, beta1=0.9, beta2=0.999, eps=1e-4, power=1.0, period=1, max=0.0, hess=0),
        "power 1/2, period 3": dict(power=0.5, period=3),
        "blocks, betas .5 .9": dict(block=1, beta1=0.5, beta2=0.9),
        "betas 0 0, eps 0": dict(beta1=0.0, beta2=0.0, eps=0.0),
        "bound": dict(max=0.01),
    },
    {},
)
write(
    sophia,
    {
        "defaults": dict(lr=0.01, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, decay=0.0, period=10, hess=0),
        "decay, period 1": dict(decay=0.2, period=1),
        "gamma 1, betas .5 .9": dict(gamma=1.0, beta1=0.5, beta2=0.9, period=4),
        "gamma 10, betas 0 0, eps 0": dict(gamma=10.0, beta1=0.0, beta2=0.0, eps=0.0),
    },
    dict(gamma=0.5),
)
write(
    olbfgs,
    {
        "defaults": dict(lr=0.1, first=1e-3, max=0.0, damping=0.0, curvature=1e-6, memory=10, decay=0.0),
        "memory 2, damping 1": dict(memory=2, damping=1.0, lr=0.3),
        "bound, decay": dict(max=0.01, decay=0.1, curvature=0.1),
        "memory 1": dict(memory=1, curvature=0.0),
    },
    dict(max=0.1, damping=10.0),  # rounding grows in a narrow valley
)
write(
    sam,
    {
        "momentum": dict(rho=0.05, inner=1, lr=0.01),
        "Adam": dict(inner=0),
        "rho 1": dict(rho=1.0),
    },
    dict(lr=1e-4),
)
write(
    dropwhenstationary,
    {
        "plateau, batches of 1": dict(
            test=0, factor=0.5, minimum=0.0, patience=1, relative=1e-4, absolute=0.0, batch=1, first=2, ratio=1.5, slope=0.6, inner=1, lr=0.01
        ),
        "plateau, Adam": dict(inner=0, factor=0.7),
        "plateau, patience 2, minimum .4": dict(patience=2, factor=0.6, minimum=0.4),
        "plateau, relative .1": dict(relative=0.1, absolute=0.5),
        "distance": dict(test=1),
        "distance, Adam": dict(test=1, inner=0, first=3, ratio=1.3, factor=0.3),
        "distance, slope 1.5": dict(test=1, slope=1.5, minimum=0.1, factor=0.1),
        "pflug": dict(test=2, minimum=0.01),
        "pflug, Adam": dict(test=2, inner=0, factor=0.7),
    },
    dict(lr=1e-4, test=2),
)
write(
    adafactor,
    {
        "defaults": dict(lr=0.01, floor=1e-3, clip=1.0, eps=1e-30, power=0.8),
        "blocks": dict(block=1),
        "clip .5, step .3": dict(clip=0.5, lr=0.3),
        "power .5, eps 0": dict(power=0.5, eps=0.0),
        "eps .1, floor 1": dict(eps=0.1, floor=1.0),
    },
    {},
)
write(
    swats,
    {
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, tol=1e-9),
        "soon": dict(tol=0.3),
        "at once": dict(tol=1e3, beta1=0.5),
        "betas 0 .5, eps 0": dict(tol=0.1, beta1=0.0, beta2=0.5, eps=0.0),
    },
    dict(tol=0.05),
)
write(
    wngrad,
    {
        "defaults": dict(lr=1.0, b0=1.0),
        "lr .1, b0 10": dict(lr=0.1, b0=10.0),
    },
    {},
)
write(
    ademamix,
    {
        "defaults": dict(lr=1e-3, beta1=0.9, beta2=0.999, beta3=0.9999, mix=5.0, eps=1e-8),
        "betas .5 .9 .95, mix 2": dict(beta1=0.5, beta2=0.9, beta3=0.95, mix=2.0),
        "betas 0 .999 0, eps 0": dict(beta1=0.0, beta3=0.0, eps=0.0),
        "mix 0, eps 1": dict(mix=0.0, eps=1.0, lr=0.1),
    },
    {},
)
write(
    novograd,
    {
        "defaults": dict(lr=0.01, beta1=0.9, beta2=0.25, eps=1e-8, decay=0.0),
        "blocks, decay": dict(block=1, decay=0.01),
        "betas 0 .9, eps 1": dict(beta1=0.0, beta2=0.9, eps=1.0),
        "betas .5 0, eps 0": dict(beta1=0.5, beta2=0.0, eps=0.0),
    },
    {},
)
write(
    normalizedsgd,
    {"momentum .9": dict(lr=0.01, momentum=0.9), "none": dict(momentum=0.0), "momentum .99": dict(momentum=0.99, lr=1.0)},
    {},
)
write(
    momo,
    {
        "defaults": dict(lr=1.0, beta=0.9, minimum=-5.0),
        "minimum -10": dict(minimum=-10.0, beta=0.5, lr=0.1),
        "beta 0": dict(beta=0.0),
    },
    dict(lr=1e-3),
)
write(cautious, {"momentum": dict(inner=1, lr=0.01), "Adam": dict(inner=0)}, dict(lr=1e-4))
write(decay, {"momentum": dict(inner=1, lr=0.01, rate=1e-3), "Adam": dict(inner=0, rate=0.05)}, dict(lr=1e-4))
write(fromage, {"step .1": dict(lr=0.1), "blocks": dict(block=1), "step .5": dict(lr=0.5)}, {})
write(smorms3, {"defaults": dict(lr=1e-3, eps=1e-16), "step 1": dict(lr=1.0), "eps .1": dict(eps=0.1), "eps 0": dict(eps=0.0)}, {})
