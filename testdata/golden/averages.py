"""Trajectories of AdaGrad and the methods with running means of the gradient and its square, in double precision.

Run in this directory:

    python3 averages.py

It writes a file for each method. Where torch.optim has the method in the form that is wanted, torch makes the
trajectory: AdamW, AMSGrad with corrections, RMSprop, Adagrad, Adadelta, and Adamax, where an eps of 1e-300 stands for
none. The others are typed from the formulas of the papers: AMSGrad without corrections, NAdam (torch 1.13 has mu_k twice
in the product of the mu's), RAdam (torch has its eps elsewhere, and another threshold), AdaGrad-Norm, Yogi, AdaBelief,
and AdaGrad with a full matrix. RAdam is held to torch as well, where both forms are the same: at eps = 0 and while the gradients
of the steps without a divisor are 0. asgd.json has the means of torch.optim.ASGD without its decay (lambd = 0). Needs torch and numpy; the versions that were used stand in the files.
"""

import json
import math
import platform
import sys
from fractions import Fraction

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
import torch

torch.set_num_threads(1)


def rosenbrock(x):
    """The sum over pairs of 100 (b - a^2)^2 + (1 - a)^2."""
    g = numpy.zeros_like(x)
    for i in range(0, len(x), 2):
        a, b = x[i], x[i + 1]
        g[i] = -400 * a * (b - a * a) - 2 * (1 - a)
        g[i + 1] = 200 * (b - a * a)
    return g


# A reference is made by reference(h, x0) and has a method step(g), which returns the next iterate.


class Torch:
    def __init__(self, optimizer, x0):
        self.x = torch.tensor(x0, dtype=torch.float64)
        self.opt = optimizer([self.x])

    def step(self, g):
        self.x.grad = torch.from_numpy(g.copy())
        self.opt.step()
        return self.x.numpy().copy()


def adamw(h, x0):
    return Torch(
        lambda p: torch.optim.AdamW(
            p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], weight_decay=h["decay"], foreach=False
        ),
        x0,
    )


def amsgrad_corrected(h, x0):
    return Torch(
        lambda p: torch.optim.Adam(
            p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], amsgrad=True, foreach=False, fused=False
        ),
        x0,
    )


def rmsprop(h, x0):
    return Torch(
        lambda p: torch.optim.RMSprop(
            p, lr=h["lr"], alpha=h["rho"], eps=h["eps"], momentum=h["momentum"], centered=h["centered"] == 1, foreach=False
        ),
        x0,
    )


def adagrad(h, x0):
    return Torch(lambda p: torch.optim.Adagrad(p, lr=h["lr"], eps=h["eps"], foreach=False), x0)


def adamax(h, x0):
    return Torch(
        lambda p: torch.optim.Adamax(p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=1e-300, foreach=False), x0
    )


def adadelta(h, x0):
    return Torch(lambda p: torch.optim.Adadelta(p, lr=h["lr"], rho=h["rho"], eps=h["eps"], foreach=False), x0)


def divide(a, b):
    """a / b, where 0 / 0 is 0."""
    return numpy.divide(a, b, out=numpy.zeros_like(a), where=b != 0)


class Formula:
    """t counts the steps from 1; the hyperparameters are attributes."""

    def __init__(self, h, x0):
        vars(self).update(h)
        self.x = numpy.array(x0)
        self.t = 0
        self.m = numpy.zeros(len(x0))
        self.v = numpy.zeros(len(x0))

    def step(self, g):
        self.t += 1
        self.x = self.x - self.lr * self.direction(g)
        return self.x

    def first_moment(self, g):
        self.m = self.beta1 * self.m + (1 - self.beta1) * g

    def second_moment(self, g):
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2

    def corrected(self):
        return self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)


class AMSGrad(Formula):
    """Reddi, Kale, Kumar 2018, Algorithm 2; eps added."""

    vhat = 0.0

    def direction(self, g):
        self.first_moment(g)
        self.second_moment(g)
        self.vhat = numpy.maximum(self.vhat, self.v)
        return divide(self.m, numpy.sqrt(self.vhat) + self.eps)


class NAdam(Formula):
    """Dozat 2016, with constant momentum, or with momentum mu(t) in the step if psi > 0."""

    product = 1.0

    def mu(self, t):
        return self.beta1 * (1 - 0.5 * 0.96 ** (t * self.psi))

    def direction(self, g):
        self.first_moment(g)
        self.second_moment(g)
        vhat = self.v / (1 - self.beta2**self.t)
        if self.psi == 0:
            mbar = self.beta1 * self.m / (1 - self.beta1 ** (self.t + 1)) + (1 - self.beta1) * g / (1 - self.beta1**self.t)
        else:
            now, after = self.mu(self.t), self.mu(self.t + 1)
            self.product *= now
            mbar = after * self.m / (1 - self.product * after) + (1 - now) * g / (1 - self.product)
        return divide(mbar, numpy.sqrt(vhat) + self.eps)


class RAdam(Formula):
    """Liu et al. 2020, Algorithm 2; eps added; without momentum_start, no step where that has the one along m. rho is
    computed as a fraction, as it cancels."""

    def direction(self, g):
        self.first_moment(g)
        self.second_moment(g)
        mhat, vhat = self.corrected()
        b = Fraction(self.beta2)
        inf = 2 / (1 - b) - 1
        rho = inf - 2 * self.t * b**self.t / (1 - b**self.t)
        if rho > 4:
            r = math.sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho))
            return divide(r * mhat, numpy.sqrt(vhat) + self.eps)
        return self.momentum_start * mhat


class AdaGradNorm(Formula):
    """Ward, Wu, Bottou 2019, Algorithm 1."""

    def direction(self, g):
        if self.t == 1:
            self.squares = [self.initial**2]
        self.squares += (g**2).tolist()
        return divide(g, numpy.full(len(g), math.sqrt(math.fsum(self.squares))))


class Yogi(Formula):
    """Zaheer et al. 2018, Algorithm 2; first_square starts v at the square of the first gradient."""

    def direction(self, g):
        self.first_moment(g)
        if self.t == 1 and self.first_square:
            self.v = g**2
        self.v = self.v - (1 - self.beta2) * numpy.sign(self.v - g**2) * g**2
        return divide(self.m, numpy.sqrt(self.v) + self.eps)


class AdaBelief(Formula):
    """Zhuang et al. 2020, Algorithm 2; v is s."""

    def direction(self, g):
        self.first_moment(g)
        self.v = self.beta2 * self.v + (1 - self.beta2) * (g - self.m) ** 2 + self.eps
        mhat, shat = self.corrected()
        return divide(mhat, numpy.sqrt(shat) + self.eps)


class AdaGradFull(Formula):
    """Duchi, Hazan, Singer 2011, Algorithm 1 with full matrices. With A the matrix of all gradients so far, one in each
    row, G = A^T A, and the singular values of A are the roots of the eigenvalues of G."""

    def direction(self, g):
        self.rows = self.rows + [g] if self.t > 1 else [g]
        _, s, vt = numpy.linalg.svd(numpy.array(self.rows), full_matrices=False)
        seen = s > 1e-7 * s[0]
        return vt[seen].T @ ((vt[seen] @ g) / (s[seen] + self.eps))


def run(name, reference, hyper, x0, gradient, steps, objective=""):
    """gradient(k, x) is the gradient of step k = 0, 1, ... at x."""
    x = numpy.array(x0)
    r = reference(hyper, x0)
    grads, iterates = [], []
    for k in range(steps):
        g = numpy.array(gradient(k, x), dtype=numpy.float64)
        x = r.step(g)
        grads.append(g.tolist())
        iterates.append(x.tolist())
    return dict(name=name, hyper=hyper, objective=objective, x0=x0, grads=grads, iterates=iterates)


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        assert math.isfinite(v)
        return "%.17g" % v
    return json.dumps(v)


dim, steps = 4, 24
rng = numpy.random.default_rng(20240504)


def noise(n=steps):
    return rng.standard_normal((n, dim))


def hard_gradients():
    """Name and gradients of the cases that every method has that works component by component."""
    signs = numpy.ones((steps, dim))
    signs[1::2, 0] = -1  # every step
    signs[1::3, 1] = -1  # every third
    signs[steps // 2 :, 2] = -1  # once
    zeros = noise() * (rng.uniform(size=(steps, dim)) < 0.7)
    zeros[:, 1] = 0
    zeros[:7, 2] = 0
    zeros[7:, 3] = 0
    return [
        ("scales 1e-8 to 1e8", [1e-8, 1e-3, 1e3, 1e8] * noise()),
        ("scales 1e-8 to 1e8 in time", 10.0 ** rng.uniform(-8, 8, (2 * steps, dim)) * noise(2 * steps)),
        ("sign flips", signs),
        ("sign flips of random length", signs * numpy.abs(noise())),
        ("zeros", zeros),
    ]


def write(path, reference, source, settings, rosenbrocks, gradients=hard_gradients):
    """settings are (label, hyperparameters); the first gets all hard gradients, the others normal noise. rosenbrocks
    are hyperparameters with which the method runs on the function."""
    cases = []
    for label, hyper in settings:
        named = [("noise", noise())] + (gradients() if not cases else [])
        for name, grads in named:
            for x0 in [[0.0] * dim] if name != "noise" else [[0.0] * dim, [0.0, 1.0, -2.5, 30.0]]:
                where = "" if not any(x0) else ", not from the origin"
                cases.append(run("%s, %s%s" % (label, name, where), reference, hyper, x0, lambda k, x: grads[k], len(grads)))
    for hyper in rosenbrocks:
        label = "Rosenbrock, " + ", ".join("%s %g" % kv for kv in hyper.items())
        cases.append(run(label, reference, hyper, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock"))
    write_cases(path, source, cases)


def write_cases(path, source, cases):
    versions = dict(python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__)
    with open(path + ".json", "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text(source), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


formula = "the formula, in numpy"
adam = dict(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
variants = [
    ("betas .5 .9", dict(adam, beta1=0.5, beta2=0.9)),
    ("betas 0 .99", dict(adam, beta1=0.0, beta2=0.99)),
    ("betas .95 .9999", dict(adam, beta1=0.95, beta2=0.9999)),
    ("eps 0", dict(adam, eps=0.0)),
    ("eps .1", dict(adam, eps=0.1)),
]


def relatives(**more):
    """Settings of a relative of Adam."""
    return [(label, dict(h, **more)) for label, h in [("defaults but lr", adam)] + variants]


write(
    "adamw",
    adamw,
    "torch.optim.AdamW",
    relatives(decay=0.01) + [("decay 0", dict(adam, decay=0.0)), ("decay 2", dict(adam, decay=2.0))],
    [dict(adam, lr=0.01, decay=0.1), dict(adam, decay=0.5)],
)
write("amsgrad", AMSGrad, formula, relatives(), [dict(adam, lr=0.01)])
write("amsgrad_corrected", amsgrad_corrected, "torch.optim.Adam with amsgrad", relatives(), [dict(adam, lr=0.01)])
rms = dict(lr=0.01, rho=0.9, eps=1e-8, momentum=0.0, centered=0)
write(
    "rmsprop",
    rmsprop,
    "torch.optim.RMSprop",
    [
        ("defaults but lr", rms),
        ("rho .99", dict(rms, rho=0.99)),
        ("rho 0", dict(rms, rho=0.0)),
        ("eps 0", dict(rms, eps=0.0)),
        ("eps .1", dict(rms, eps=0.1)),
        ("momentum .9", dict(rms, momentum=0.9)),
        ("centered", dict(rms, centered=1)),
        ("centered, rho .99, momentum .9", dict(rms, rho=0.99, momentum=0.9, centered=1)),
    ],
    [dict(rms, lr=0.002), dict(rms, lr=0.001, momentum=0.9)],
)
write(
    "adagrad",
    adagrad,
    "torch.optim.Adagrad",
    [
        ("lr .1", dict(lr=0.1, eps=1e-10)),
        ("lr 1", dict(lr=1.0, eps=1e-10)),
        ("eps 0", dict(lr=0.1, eps=0.0)),
        ("eps 1", dict(lr=0.1, eps=1.0)),
    ],
    [dict(lr=0.1, eps=1e-10), dict(lr=0.5, eps=1e-10)],
)
write(
    "adamax",
    adamax,
    "torch.optim.Adamax",
    [
        ("defaults but lr", dict(lr=0.1, beta1=0.9, beta2=0.999)),
        ("betas .5 .9", dict(lr=0.1, beta1=0.5, beta2=0.9)),
        ("betas 0 .99", dict(lr=0.1, beta1=0.0, beta2=0.99)),
        ("betas .9 .5", dict(lr=0.1, beta1=0.9, beta2=0.5)),
    ],
    [dict(lr=0.01, beta1=0.9, beta2=0.999), dict(lr=0.05, beta1=0.9, beta2=0.99)],
)
write("nadam", NAdam, formula, relatives(psi=0.0), [dict(adam, lr=0.01, psi=0.0)])
write(
    "nadam_scheduled",
    NAdam,
    formula,
    relatives(psi=0.004) + [("psi .1", dict(adam, psi=0.1))],
    [dict(adam, lr=0.01, psi=0.004)],
)
write("radam", RAdam, formula, relatives(momentum_start=0), [dict(adam, momentum_start=0)])
write(
    "radam_momentum_start", RAdam, formula, relatives(momentum_start=1), [dict(adam, lr=0.001, momentum_start=1)]
)
delta = dict(lr=1.0, rho=0.95, eps=1e-6)
write(
    "adadelta",
    adadelta,
    "torch.optim.Adadelta",
    [
        ("defaults", delta),
        ("rho .9", dict(delta, rho=0.9)),
        ("rho 0", dict(delta, rho=0.0)),
        ("eps 1e-3", dict(delta, eps=1e-3)),
        ("lr .5", dict(delta, lr=0.5)),
    ],
    [delta, dict(delta, rho=0.9, eps=1e-4)],
)
write(
    "adagradnorm",
    AdaGradNorm,
    formula,
    [("lr 1", dict(lr=1.0, initial=0.0)), ("lr .1, initial 2", dict(lr=0.1, initial=2.0))],
    [dict(lr=1.0, initial=0.0), dict(lr=0.2, initial=1.0)],
)
write(
    "yogi",
    Yogi,
    formula,
    [("defaults", dict(adam, lr=0.01, eps=1e-3, first_square=0))]
    + relatives(first_square=1)
    + [("betas .9 .5", dict(adam, beta2=0.5, first_square=0))],
    [dict(adam, lr=0.001, eps=1e-3, first_square=0), dict(adam, eps=1e-3, first_square=1)],
)
write(
    "adabelief",
    AdaBelief,
    formula,
    [
        ("defaults but lr", dict(adam, eps=1e-16)),
        ("betas .5 .9", dict(adam, beta1=0.5, beta2=0.9, eps=1e-16)),
        ("betas .95 .9999", dict(adam, beta1=0.95, beta2=0.9999, eps=1e-16)),
        ("eps 0", dict(adam, eps=0.0)),
        ("eps 1e-8", adam),
        ("eps .1", dict(adam, eps=0.1)),
    ],
    [dict(adam, lr=0.001, eps=1e-16), dict(adam, lr=0.01, eps=1e-8)],
)


def even():
    """Gradients of which every four are at right angles, but for a fifth of their length. An eigenvalue of G has an
    error of 1e-16 of the largest, and its direction in the step one of that over itself: only where no eigenvalue is
    much smaller than the others do two computations agree to 1e-12."""
    blocks = [numpy.linalg.qr(noise(dim))[0] for _ in range(steps // dim)]
    return numpy.concatenate(blocks) + 0.05 * noise()


def full_gradients():
    zeros = even()
    zeros[0] = 0
    zeros[10:13] = 0
    return [
        ("even", even()),
        ("even, 1e-8", 1e-8 * even()),
        ("even, 1e8", 1e8 * even()),
        ("even, zeros", zeros),
        ("even, 0.1 to 10 in time", 10.0 ** rng.uniform(-1, 1, (steps, 1)) * even()),
        ("one direction", numpy.outer(rng.standard_normal(steps), [1.0, -2.0, 0.5, 3.0])),
        ("two directions", rng.standard_normal((steps, 2)) @ [[1.0, -2.0, 0.5, 3.0], [2.0, 1.0, 1.0, -1.0]]),
    ]


write(
    "adagradfull",
    AdaGradFull,
    formula,
    [("lr .1", dict(lr=0.1, eps=1e-10)), ("eps 0", dict(lr=1.0, eps=0.0)), ("eps 1", dict(lr=0.1, eps=1.0))],
    [dict(lr=0.1, eps=1e-10), dict(lr=0.05, eps=1e-3)],
    full_gradients,
)


class ASGD(Torch):
    """Its answer is ax. The mean of step t is taken with the weight that step t-1 has left, 1/max(1, t-1-t0)."""

    def step(self, g):
        super().step(g)
        return self.opt.state[self.x]["ax"].numpy().copy()


def asgd(h, x0):
    return ASGD(lambda p: torch.optim.ASGD(p, lr=h["lr"], lambd=0.0, t0=h["t0"], foreach=False), x0)


def radam(h, x0):
    return Torch(
        lambda p: torch.optim.RAdam(p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], foreach=False), x0
    )


def late_gradients():
    """The first five are 0."""
    late = [(name, numpy.concatenate([numpy.zeros((5, dim)), grads + (grads == 0)])) for name, grads in hard_gradients()]
    return [(name + ", five zeros first", grads) for name, grads in late]


def write_late(path, settings):
    cases = []
    for label, hyper in settings:
        for name, grads in late_gradients():
            cases.append(run(label + ", " + name, radam, hyper, [0.0] * dim, lambda k, x: grads[k], len(grads)))
        cases.append(
            run(
                label + ", Rosenbrock",
                radam,
                dict(hyper, lr=0.01),
                [-1.2, 1.0],
                lambda k, x: rosenbrock(x) if k >= 5 else 0 * x,
                200,
            )
        )
    write_cases(path, "torch.optim.RAdam", cases)


torch.set_default_dtype(torch.float64)  # of the weights and step sizes that ASGD keeps as tensors
late = [dict(adam, eps=0.0, beta2=0.99, momentum_start=0), dict(adam, eps=0.0, beta2=0.9, momentum_start=1)]
write_late("radam_torch", [("beta2 .99, waiting", late[0]), ("beta2 .9, momentum start", late[1])])  # at .999 its rho cancels
cases = []
for t0 in (0, 7):
    hyper = dict(lr=0.05, t0=t0)
    for name, grads in [("noise", noise())] + hard_gradients():
        cases.append(run("t0 %d, %s" % (t0, name), asgd, hyper, [0.0] * dim, lambda k, x: grads[k], len(grads)))
    grads = noise(200)
    cases.append(run("t0 %d, 200 steps" % t0, asgd, hyper, [0.0, 1.0, -2.5, 30.0], lambda k, x: grads[k], 200))
    # At the iterates of gradient descent, which are not the answers.
    x = numpy.array([-1.2, 1.0])
    path = []
    for k in range(200):
        path.append(rosenbrock(x))
        x = x - 1e-3 * path[k]
    hyper = dict(lr=1e-3, t0=t0)
    cases.append(run("t0 %d, Rosenbrock" % t0, asgd, hyper, [-1.2, 1.0], lambda k, x: path[k], 200, "rosenbrock"))
write_cases("asgd", "torch.optim.ASGD", cases)
