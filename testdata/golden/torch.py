"""Trajectories of torch.optim.Adam and torch.optim.SGD in double precision.

Run in this directory:

    python3 torch.py

It writes adam.json and sgd.json. Needs torch and numpy; the versions that were used stand in the files. The gradients
of a case are random numbers of a fixed seed, or those of an objective at the present iterate; they are stored with the
iterates, so that the files can be read without knowing how either was made. hyper holds the arguments of the optimizer:
lr, beta1, beta2, eps, momentum, nesterov (1 for true).
"""

import json
import platform
import sys

# This directory stands first in the search path, and torch.py would import itself.
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


def quadratic(x):
    """The sum of 10^i x_i^2 / 2."""
    return 10.0 ** numpy.arange(len(x)) * x


def run(name, optimizer, hyper, x0, gradient, steps, objective=""):
    """gradient(k, x) is the gradient of step k = 0, 1, ... at x."""
    x = torch.tensor(x0, dtype=torch.float64)
    opt = optimizer([x], hyper)
    grads, iterates = [], []
    for k in range(steps):
        g = numpy.array(gradient(k, x.numpy().copy()), dtype=numpy.float64)
        x.grad = torch.from_numpy(g.copy())
        opt.step()
        grads.append(g.tolist())
        iterates.append(x.tolist())
    return dict(name=name, hyper=hyper, objective=objective, x0=x0, grads=grads, iterates=iterates)


def fed(grads):
    return lambda k, x: grads[k]


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def write(path, source, cases):
    versions = dict(python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__)
    with open(path, "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text(source), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


def adam(params, h):
    return torch.optim.Adam(
        params, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], amsgrad=False, foreach=False, fused=False
    )


def sgd(params, h):
    return torch.optim.SGD(params, lr=h["lr"], momentum=h["momentum"], nesterov=h["nesterov"] == 1, foreach=False)


def adam_cases():
    rng = numpy.random.default_rng(20240501)
    dim, steps = 4, 30
    start = [0.0, 1.0, -2.5, 300.0]
    origin = [0.0] * dim

    def noise(n=steps):
        return rng.standard_normal((n, dim))

    def case(name, grads, x0=origin, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
        hyper = dict(lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        cases.append(run(name, adam, hyper, x0, fed(grads), len(grads)))

    def on(name, f, x0, n, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
        hyper = dict(lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        cases.append(run(name, adam, hyper, x0, lambda k, x: f(x), n, f.__name__))

    cases = []
    case("defaults", noise())
    case("defaults, not from the origin", noise(), x0=start)
    case("steady gradients", numpy.ones((steps, 1)) * [1.0, -0.1, 25.0, -1e-3])
    case("the paper's step size", noise(), lr=1e-3)
    case("betas .5 .9", noise(), beta1=0.5, beta2=0.9)
    case("betas .9 .9", noise(), beta1=0.9, beta2=0.9)
    case("betas 0 .999", noise(), beta1=0.0)
    case("betas .95 .9999", noise(), beta1=0.95, beta2=0.9999)
    case("betas .9 0", noise(), beta2=0.0)
    case("betas .9 .5", noise(), beta2=0.5)
    case("eps 1e-3", noise(), eps=1e-3)
    case("eps 10", noise(), eps=10.0)
    case("eps 0", noise(), eps=0.0)
    case("gradients 1e-8", 1e-8 * noise())
    case("gradients 1e-8 to 1e-12", [1e-8, 1e-9, 1e-10, 1e-12] * noise())
    case("gradients 1e-150", 1e-150 * noise())
    case("gradients 1e-150, eps 0", 1e-150 * noise(), eps=0.0)
    case("gradients 1e8", 1e8 * noise())
    case("gradients 1e100", 1e100 * noise())
    case("scales 1e-8 to 1e8", [1e-8, 1e-3, 1e3, 1e8] * noise())
    case("scales 1e-8 to 1e8 in time", 10.0 ** rng.uniform(-8, 8, (60, dim)) * noise(60))
    signs = numpy.ones((steps, dim))
    signs[1::2, 0] = -1  # every step
    signs[1::3, 1] = -1  # every third
    signs[steps // 2 :, 2] = -1  # once
    case("sign flips", signs)
    case("sign flips of random length", signs * numpy.abs(noise()))
    late = noise()
    late[:7] = 0
    case("zeros first", late)
    never = noise()
    never[:, 1] = 0
    never[10:, 2] = 0
    case("a component that is always 0, one that stays 0", never, x0=start)
    case("single zeros", noise() * (rng.uniform(size=(steps, dim)) < 0.7))
    spike = numpy.zeros((60, dim))
    spike[0], spike[20, 1], spike[10, 2], spike[59, 3] = 1, -1e6, 1e-6, 1
    case("spikes", spike)
    case("200 steps", noise(200), x0=start)
    on("Rosenbrock, lr 0.01", rosenbrock, [-1.2, 1.0], 200, lr=0.01)
    on("Rosenbrock, lr 0.1", rosenbrock, [-1.2, 1.0, 0.5, -2.0], 200)
    on("quadratic", quadratic, [1.0, -2.0], 200, lr=0.05)
    return cases


def sgd_cases():
    rng = numpy.random.default_rng(20240502)
    dim, steps = 4, 20
    start = [0.0, 1.0, -2.5, 300.0]
    cases = []
    for momentum, nesterov in [(0.0, 0), (0.5, 0), (0.9, 0), (0.99, 0), (0.5, 1), (0.9, 1)]:
        hyper = dict(lr=0.01, momentum=momentum, nesterov=nesterov)
        label = "momentum %g" % momentum + nesterov * ", Nesterov"
        grads = rng.standard_normal((steps, dim))
        cases.append(run(label, sgd, hyper, [0.0] * dim, fed(grads), steps))
        grads = rng.standard_normal((steps, dim))
        cases.append(run(label + ", not from the origin", sgd, hyper, start, fed(grads), steps))
        grads = rng.standard_normal((steps, dim)) * [1e-150, 1e-8, 1e8, 1e100]
        cases.append(run(label + ", scales 1e-150 to 1e100", sgd, hyper, [0.0] * dim, fed(grads), steps))
        cases.append(
            run(label + ", quadratic", sgd, hyper, [1.0, -2.0], lambda k, x: quadratic(x), 200, "quadratic")
        )
        hyper = dict(hyper, lr=1e-4)
        cases.append(
            run(label + ", Rosenbrock", sgd, hyper, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock")
        )
    # Zeros, one component that is always 0, sign flips, and scales that change in time.
    signs = numpy.ones((30, dim))
    signs[1::2, 0] = -1
    signs[1::3, 1] = -1
    signs[15:, 2] = -1
    for momentum, nesterov in [(0.0, 0), (0.9, 0), (0.9, 1)]:
        hyper = dict(lr=0.01, momentum=momentum, nesterov=nesterov)
        label = "momentum %g" % momentum + nesterov * ", Nesterov"
        zeros = rng.standard_normal((30, dim)) * (rng.uniform(size=(30, dim)) < 0.7)
        zeros[:, 1] = 0
        zeros[:7, 2] = 0
        zeros[7:, 3] = 0
        wild = 10.0 ** rng.uniform(-8, 8, (30, dim)) * rng.standard_normal((30, dim))
        for more, grads in [("zeros", zeros), ("sign flips", signs), ("scales 1e-8 to 1e8 in time", wild)]:
            cases.append(run(label + ", " + more, sgd, hyper, [0.0] * dim, fed(grads), 30))
    return cases


write("adam.json", "torch.optim.Adam", adam_cases())
write("sgd.json", "torch.optim.SGD", sgd_cases())
