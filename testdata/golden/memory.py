"""Trajectories of methods whose memory of squares grows: torch.optim.RMSprop with alpha = 1 - gamma/t in step t, and AdamNC of
S. J. Reddi, S. Kale, S. Kumar, On the convergence of Adam and beyond, ICLR 2018, typed in numpy, with the mean of all
squares and Adam's bias correction of m. All in double precision, with steps that decay like 1/sqrt(t).

Run in this directory:

    python3 memory.py

It writes rmsprop_memory.json and adamnc.json. hyper holds lr, gamma or beta1, and eps.
"""

import json
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
import torch

torch.set_num_threads(1)


def rmsprop(h, x0):
    x = torch.tensor(x0, dtype=torch.float64)
    opt = torch.optim.RMSprop([x], lr=h["lr"], alpha=0.0, eps=h["eps"], foreach=False)
    t = 0
    while True:
        g = yield x.numpy().copy()
        t += 1
        opt.param_groups[0]["alpha"] = 1 - h["gamma"] / t
        opt.param_groups[0]["lr"] = h["lr"] / numpy.sqrt(t)
        x.grad = torch.from_numpy(g.copy())
        opt.step()


def adamnc(h, x0):
    x, all = numpy.array(x0), []
    while True:
        g = yield x
        all.append(g)
        t = len(all)
        weights = (1 - h["beta1"]) * h["beta1"] ** numpy.arange(t - 1, -1, -1.0)
        m = numpy.einsum("k,ki->i", weights, all) / weights.sum()
        root = numpy.sqrt(numpy.mean(numpy.square(all), axis=0)) + h["eps"]
        x = x - h["lr"] / numpy.sqrt(t) * numpy.divide(m, root, out=numpy.zeros_like(m), where=root != 0)


def run(method, name, hyper, x0, grads):
    rule = method(hyper, x0)
    next(rule)
    iterates = [rule.send(g).tolist() for g in grads]
    return dict(name=name, hyper=hyper, objective="", x0=x0, grads=grads.tolist(), iterates=iterates)


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def write(path, source, method, settings):
    rng = numpy.random.default_rng(20240612)
    dim = 4
    start = [0.0] * dim  # where small steps are not rounded off
    cases = []
    for name, h in settings.items():
        cases.append(run(method, name, h, start, rng.standard_normal((80, dim))))
        wild = 10.0 ** rng.uniform(-8, 8, (30, dim)) * rng.standard_normal((30, dim))
        wild[rng.uniform(size=wild.shape) < 0.2] = 0
        wild[:5, 1] = 0
        wild[10:, 2] = 0
        cases.append(run(method, name + ", wild", h, start, wild))
    versions = dict(python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__)
    with open(path, "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text(source), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


write(
    "rmsprop_memory.json",
    "torch.optim.RMSprop",
    rmsprop,
    {
        "gamma .9": dict(lr=0.1, gamma=0.9, eps=1e-8),
        "gamma 1": dict(lr=1.0, gamma=1.0, eps=1e-8),
        "gamma .25, eps 1e-3": dict(lr=0.1, gamma=0.25, eps=1e-3),
    },
)
write(
    "adamnc.json",
    "the formula, in numpy",
    adamnc,
    {
        "beta1 .9": dict(lr=0.1, beta1=0.9, eps=1e-8),
        "beta1 .5, eps 1e-3": dict(lr=1.0, beta1=0.5, eps=1e-3),
        "beta1 0": dict(lr=0.1, beta1=0.0, eps=1e-8),
    },
)
