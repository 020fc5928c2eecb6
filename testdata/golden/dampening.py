"""Trajectories of gradient descent with dampened momentum in double precision, typed from the formula

    b = mu b + (1 - tau) g        b = 0 before the first step
    x = x - lr b
    x = x - lr (g + mu b)         Nesterov

torch.optim.SGD is no reference for it, as it leaves the first b undampened. Run in this directory:

    python3 dampening.py

It writes sgd_dampening.json. hyper holds lr, momentum (mu), dampening (tau), nesterov (1 for true).
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy


def run(name, hyper, x0, gradient, steps, objective=""):
    mu, tau = hyper["momentum"], hyper["dampening"]
    x = numpy.array(x0)
    b = numpy.zeros(len(x))
    grads, iterates = [], []
    for k in range(steps):
        g = gradient(k, x)
        b = mu * b + (1 - tau) * g
        if hyper["nesterov"]:
            x = x - hyper["lr"] * (g + mu * b)
        else:
            x = x - hyper["lr"] * b
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


def quadratic(x):
    """The sum of 10^i x_i^2 / 2."""
    return 10.0 ** numpy.arange(len(x)) * x


def rosenbrock(x):
    """100 (b - a^2)^2 + (1 - a)^2."""
    a, b = x
    return numpy.array([-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)])


rng = numpy.random.default_rng(20240503)
cases = []
forms = [
    (0.9, 0.9, 0),
    (0.9, 0.5, 0),
    (0.5, 0.5, 0),
    (0.0, 0.5, 0),
    (0.99, 0.99, 0),
    (0.5, 0.9, 0),
    (0.9, 0.9, 1),
    (0.9, 0.5, 1),
]
for momentum, dampening, nesterov in forms:
    hyper = dict(lr=0.01, momentum=momentum, dampening=dampening, nesterov=nesterov)
    label = "momentum %g, dampening %g" % (momentum, dampening) + nesterov * ", Nesterov"
    grads = rng.standard_normal((20, 4))
    cases.append(run(label, hyper, [0.0, 1.0, -2.5, 300.0], lambda k, x: grads[k], 20))
    cases.append(run(label + ", quadratic", hyper, [1.0, -2.0], lambda k, x: quadratic(x), 200, "quadratic"))
for momentum, dampening, nesterov in forms:
    hyper = dict(lr=0.001, momentum=momentum, dampening=dampening, nesterov=nesterov)
    label = "momentum %g, dampening %g" % (momentum, dampening) + nesterov * ", Nesterov"
    wild = 10.0 ** rng.uniform(-8, 8, (30, 4)) * rng.standard_normal((30, 4))
    wild[rng.uniform(size=wild.shape) < 0.2] = 0
    wild[:5, 1] = 0
    wild[10:, 2] = 0
    cases.append(run(label + ", scales 1e-8 to 1e8", hyper, [0.0] * 4, lambda k, x: wild[k], 30))
    cases.append(run(label + ", Rosenbrock", hyper, [-1.2, 1.0], lambda k, x: rosenbrock(x), 200, "rosenbrock"))

versions = dict(python=platform.python_version(), numpy=numpy.__version__)
with open("sgd_dampening.json", "w") as f:
    f.write('{"source":"the formula, in numpy","versions":%s,"cases":[\n' % text(versions))
    f.write(",\n".join(text(c) for c in cases))
    f.write("\n]}\n")
