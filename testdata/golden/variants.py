"""Trajectories of variants of momentum, sign methods and ratio methods in double precision, typed from the formulas of their
papers; Rprop is torch.optim.Rprop. Where a paper's formula and the one in use differ, the function below says which it is.

Run in this directory:

    python3 variants.py

It writes one file for each method. Needs torch and numpy; the versions that were used stand in the files. hyper holds the
hyperparameters by the names that the functions use; where it has block, that many of the variables are a block of their own and
the others another.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
import torch
from numpy import maximum, minimum, sign, sqrt, zeros_like


def quotient(a, b):
    """a / b, 0 for 0 / 0."""
    return numpy.divide(a, b, out=zeros_like(a), where=b != 0)


# Every method is a generator: it is given x once, then a gradient at a time, and yields the iterates.


def lion(h, x):
    m = zeros_like(x)
    while True:
        g = yield x
        u = sign(h["beta1"] * m + (1 - h["beta1"]) * g)
        m = h["beta2"] * m + (1 - h["beta2"]) * g
        x = x - h["lr"] * (u + h["decay"] * x)


def signum(h, x):
    m = zeros_like(x)
    while True:
        g = yield x
        m = h["momentum"] * m + (1 - h["momentum"]) * g
        x = x - h["lr"] * sign(m)


def adabound(h, x):
    """With bias correction, without the root of t, eps added after the correction."""
    m, v, most, t = zeros_like(x), zeros_like(x), zeros_like(x), 0
    while True:
        g = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        most = maximum(most, v)
        s = most if h["amsbound"] else v
        lower = h["final"] * (1 - 1 / (h["gamma"] * t + 1))
        upper = h["final"] * (1 + 1 / (h["gamma"] * t))
        root = sqrt(s / (1 - h["beta2"] ** t)) + h["eps"]
        rate = numpy.clip(quotient(h["lr"] / (1 - h["beta1"] ** t) + zeros_like(x), root), lower, upper)
        x = x - rate * m


def qhm(h, x):
    buf = zeros_like(x)
    while True:
        g = yield x
        buf = h["beta"] * buf + (1 - h["beta"]) * g
        x = x - h["lr"] * ((1 - h["nu"]) * g + h["nu"] * buf)


def qhadam(h, x):
    m, v, t = zeros_like(x), zeros_like(x), 0
    while True:
        g = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        mhat = m / (1 - h["beta1"] ** t)
        vhat = v / (1 - h["beta2"] ** t)
        up = (1 - h["nu1"]) * g + h["nu1"] * mhat
        down = sqrt((1 - h["nu2"]) * g**2 + h["nu2"] * vhat) + h["eps"]
        x = x - h["lr"] * quotient(up, down)


def rprop(h, x):
    p = torch.tensor(x, dtype=torch.float64)
    opt = torch.optim.Rprop(
        [p], lr=h["lr"], etas=(h["decrease"], h["increase"]), step_sizes=(h["min"], h["max"]), foreach=False
    )
    while True:
        g = yield p.numpy().copy()
        p.grad = torch.from_numpy(g.copy())
        opt.step()


def padam(h, x):
    """With the bias corrections of m and v, as torch.optim.Adam has them with amsgrad."""
    m, v, most, t = zeros_like(x), zeros_like(x), zeros_like(x), 0
    while True:
        g = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        most = maximum(most, v)
        root = sqrt(most / (1 - h["beta2"] ** t)) + h["eps"]
        x = x - h["lr"] * quotient(m / (1 - h["beta1"] ** t), root ** (2 * h["power"]))


def adan(h, x):
    """The paper's betas are 1 minus these; the first difference of gradients is 0."""
    m, v, n, t, last = zeros_like(x), zeros_like(x), zeros_like(x), 0, None
    while True:
        g = yield x
        t += 1
        diff = zeros_like(x) if last is None else g - last
        last = g
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * diff
        n = h["beta3"] * n + (1 - h["beta3"]) * (g + h["beta2"] * diff) ** 2
        up = m / (1 - h["beta1"] ** t) + h["beta2"] * v / (1 - h["beta2"] ** t)
        down = sqrt(n / (1 - h["beta3"] ** t)) + h["eps"]
        x = (x - h["lr"] * quotient(up, down)) / (1 + h["lr"] * h["decay"])


def ftml(h, x):
    """With the paper's z. It cancels, and so it is computed with more digits."""
    wide = numpy.longdouble
    b1, b2, lr, eps = wide(h["beta1"]), wide(h["beta2"]), wide(h["lr"]), wide(h["eps"])
    x = x.astype(wide)
    v, d, z, t = zeros_like(x), zeros_like(x), zeros_like(x), 0
    while True:
        g = (yield x.astype(float)).astype(wide)
        t += 1
        v = b2 * v + (1 - b2) * g**2
        before = d
        d = (1 - b1**t) / lr * (sqrt(v / (1 - b2**t)) + eps)
        sigma = d - b1 * before
        z = b1 * z + (1 - b1) * g - sigma * x
        x = numpy.where(d > 0, -quotient(z, d), x)


def optimisticadam(h, x):
    m, v, last, t = zeros_like(x), zeros_like(x), zeros_like(x), 0
    while True:
        g = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        new = quotient(m / (1 - h["beta1"] ** t), sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])
        x = x - 2 * h["lr"] * new + h["lr"] * last
        last = new


def aggmo(h, x):
    """The paper's velocities have the opposite sign."""
    betas = [h["mu1"], h["mu2"], h["mu3"]][: h["n"]]
    vs = [zeros_like(x) for _ in betas]
    while True:
        g = yield x
        vs = [b * v - g for b, v in zip(betas, vs)]
        x = x + h["lr"] / len(vs) * sum(vs)


def accsgd(h, x):
    """The paper's alpha and beta, from the parameters of its Algorithm 3. w and x are means of points, which round at the size
    of x and not of the step, and so they are computed with more digits."""
    x = x.astype(numpy.longdouble)
    w = x.copy()
    h = {k: numpy.longdouble(v) for k, v in h.items()}
    alpha = 1 - h["c"] ** 2 * h["xi"] / h["kappa"]
    beta = 1 - alpha
    while True:
        g = yield x.astype(float)
        w = alpha * w + beta * (x - h["kappa"] * h["lr"] / h["c"] * g)
        x = h["c"] / (h["c"] + beta) * (x - h["lr"] * g) + beta / (h["c"] + beta) * w


def blocks(h, x):
    n = h.get("block", 0)
    return [slice(0, n), slice(n, None)] if n else [slice(0, None)]


def norm(x):
    return sqrt((x**2).sum())


def lars(h, x):
    v = zeros_like(x)
    while True:
        g = yield x
        x = x.copy()
        for b in blocks(h, x):
            local = 1.0
            if norm(x[b]) > 0 and norm(g[b]) > 0:
                local = h["trust"] * norm(x[b]) / (norm(g[b]) + h["decay"] * norm(x[b]))
            v[b] = h["momentum"] * v[b] + h["lr"] * local * (g[b] + h["decay"] * x[b])
            x[b] -= v[b]


def lamb(h, x):
    m, v, t = zeros_like(x), zeros_like(x), 0
    while True:
        g = yield x
        t += 1
        m = h["beta1"] * m + (1 - h["beta1"]) * g
        v = h["beta2"] * v + (1 - h["beta2"]) * g**2
        r = quotient(m / (1 - h["beta1"] ** t), sqrt(v / (1 - h["beta2"] ** t)) + h["eps"])
        u = r + h["decay"] * x
        x = x.copy()
        for b in blocks(h, x):
            ratio = 1.0
            if norm(x[b]) > 0 and norm(u[b]) > 0:
                ratio = norm(x[b]) / norm(u[b])
            x[b] -= h["lr"] * ratio * u[b]


def rosenbrock(x):
    """The sum over pairs of 100 (b - a^2)^2 + (1 - a)^2."""
    g = zeros_like(x)
    for i in range(0, len(x), 2):
        a, b = x[i], x[i + 1]
        g[i] = -400 * a * (b - a * a) - 2 * (1 - a)
        g[i + 1] = 200 * (b - a * a)
    return g


def run(method, name, hyper, x0, gradient, steps, objective=""):
    rule = method(hyper, numpy.array(x0))
    x = next(rule)
    grads, iterates = [], []
    for k in range(steps):
        g = gradient(k, x)
        x = rule.send(g)
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


def write(method, settings, valley):
    """settings maps the name of a case to hyperparameters; the first are the defaults. valley are those on Rosenbrock."""
    rng = numpy.random.default_rng(20240504)
    dim, start = 4, [0.0, 1.0, -2.5, 30.0]
    default = next(iter(settings.values()))
    near = start if method in (lars, lamb) else [0.0] * dim  # at 0, small steps are not rounded off
    cases = []
    for name, h in settings.items():
        noise = rng.standard_normal((40, dim))
        cases.append(run(method, name, {**default, **h}, start, lambda k, x: noise[k], 40))
        wild = 10.0 ** rng.uniform(-8, 8, (30, dim)) * rng.standard_normal((30, dim))
        wild[rng.uniform(size=wild.shape) < 0.2] = 0
        wild[:5, 1] = 0
        wild[10:, 2] = 0
        cases.append(run(method, name + ", wild", {**default, **h}, [0.0] * dim, lambda k, x: wild[k], 30))
        rows = 10.0 ** numpy.array([-8, -3, 3, 8]) * rng.standard_normal((25, dim))
        cases.append(run(method, name + ", scales 1e-8 to 1e8", {**default, **h}, near, lambda k, x: rows[k], 25))
    flips = numpy.ones((30, dim))
    flips[1::2, 0] = -1  # every step
    flips[1::3, 1] = -1  # every third
    flips[15:, 2] = -1  # once
    flips[:, 3] = 0
    cases.append(run(method, "sign flips", default, start, lambda k, x: flips[k], 30))
    h = {**default, **valley}
    h.pop("block", None)
    cases.append(run(method, "Rosenbrock", h, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock"))
    source = "torch.optim.Rprop" if method is rprop else "the formula, in numpy"
    versions = dict(python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__)
    with open(method.__name__ + ".json", "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text(source), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


torch.set_num_threads(1)
adam = dict(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)

write(
    lion,
    {
        "defaults": dict(lr=0.01, beta1=0.9, beta2=0.99, decay=0.0),
        "decay": dict(decay=0.5),
        "betas .5 .95": dict(beta1=0.5, beta2=0.95),
        "betas 0 .99": dict(beta1=0.0),
        "betas .95 0": dict(beta1=0.95, beta2=0.0),
    },
    {},
)
write(
    signum,
    {"momentum .9": dict(lr=0.01, momentum=0.9), "signSGD": dict(momentum=0.0), "momentum .99": dict(momentum=0.99)},
    {},
)
write(
    adabound,
    {
        "defaults": dict(adam, final=0.1, gamma=1e-3, amsbound=0),
        "gamma .5": dict(gamma=0.5),
        "AMSBound": dict(amsbound=1),
        "AMSBound, betas .5 .9, gamma .01": dict(amsbound=1, beta1=0.5, beta2=0.9, gamma=0.01),
        "eps 1": dict(eps=1.0, beta1=0.0),
    },
    dict(lr=0.01, final=1e-3, gamma=0.1),
)
write(
    qhm,
    {
        "defaults": dict(lr=0.01, beta=0.999, nu=0.7),
        "nu 0": dict(nu=0.0),
        "nu 1, beta .9": dict(nu=1.0, beta=0.9),
        "nu .9, beta .9": dict(nu=0.9, beta=0.9),
        "beta 0": dict(beta=0.0),
    },
    dict(lr=1e-3),
)
write(
    qhadam,
    {
        "defaults": dict(adam, beta1=0.995, nu1=0.7, nu2=1.0),
        "nu 1 1": dict(nu1=1.0, beta1=0.9),
        "nu 0 0": dict(nu1=0.0, nu2=0.0),
        "nu .5 .5": dict(nu1=0.5, nu2=0.5, beta1=0.8, beta2=0.9),
        "eps 0": dict(eps=0.0, nu2=0.9),
    },
    {},
)
write(
    rprop,
    {
        "defaults": {"lr": 0.1, "increase": 1.2, "decrease": 0.5, "min": 1e-6, "max": 50.0},
        "narrow": {"min": 0.05, "max": 0.15},
        "other factors": {"lr": 0.01, "increase": 1.5, "decrease": 0.25},
    },
    {},
)
write(
    padam,
    {
        "defaults": dict(adam, power=0.125),
        "power 1/2": dict(power=0.5),
        "power 0": dict(power=0.0),
        "power 1/4, betas .5 .9": dict(power=0.25, beta1=0.5, beta2=0.9),
        "eps .1": dict(eps=0.1),
    },
    dict(lr=0.01),
)
write(
    adan,
    {
        "defaults": dict(lr=0.1, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, decay=0.0),
        "decay": dict(decay=0.3),
        "betas .9 .5 .9": dict(beta1=0.9, beta2=0.5, beta3=0.9),
        "betas 0 0 .99": dict(beta1=0.0, beta2=0.0),
        "eps .1": dict(eps=0.1),
    },
    {},
)
write(
    ftml,
    {
        "defaults": dict(adam, beta1=0.6),
        "betas .9 .99": dict(beta1=0.9, beta2=0.99),
        "betas 0 .999": dict(beta1=0.0),
        "betas .6 .5": dict(beta2=0.5),
        "eps .1": dict(eps=0.1),
    },
    {},
)
write(
    optimisticadam,
    {
        "defaults": adam,
        "betas .5 .9": dict(beta1=0.5, beta2=0.9),
        "betas 0 .999": dict(beta1=0.0),
        "eps 0": dict(eps=0.0),
        "eps 1": dict(eps=1.0),
    },
    dict(lr=0.01),
)
write(
    aggmo,
    {
        "defaults": dict(lr=0.01, n=3, mu1=0.0, mu2=0.9, mu3=0.99),
        "two": dict(n=2, mu1=0.5, mu2=0.95),
        "one": dict(n=1, mu1=0.9),
    },
    dict(lr=1e-4),
)
write(
    accsgd,
    {
        "defaults": dict(lr=0.01, kappa=1000.0, xi=10.0, c=0.7),
        "kappa 100, xi 10, c 1": dict(kappa=100.0, c=1.0),
        "kappa 50, xi 1.5, c .2": dict(kappa=50.0, xi=1.5, c=0.2),
    },
    dict(lr=1e-4),
)
write(
    lars,
    {
        "defaults": dict(lr=1.0, trust=1e-3, momentum=0.0, decay=0.0),
        "momentum, decay": dict(momentum=0.9, decay=0.01),
        "blocks": dict(momentum=0.5, decay=0.1, block=1),
        "trust .1": dict(lr=0.5, trust=0.1),
    },
    dict(trust=0.003, momentum=0.5),
)
write(
    lamb,
    {
        "defaults": dict(adam, lr=0.01, eps=1e-6, decay=0.0),
        "decay": dict(decay=0.01),
        "blocks": dict(decay=0.1, block=3),
        "betas .5 .9, eps 0": dict(beta1=0.5, beta2=0.9, eps=0.0, block=1),
    },
    {},
)
