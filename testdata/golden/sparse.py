"""Trajectories of torch.optim.SparseAdam, and of torch.optim.Adagrad and torch.optim.SGD along sparse gradients, in double precision.

Run in this directory:

    python3 sparse.py

It writes sparse_adam.json, sparse_adagrad.json and sparse_sgd.json. A case has, for each step, the variables index of the gradient, its
components grads there, and the iterate after it. Some components are 0, but not with SparseAdam: it also moves variables whose
gradient is stored and 0, which a lazy stochopt.Adam leaves alone, as those whose gradient is not stored. SparseAdam does not multiply eps by the root of the bias
correction of v, as torch.optim.Adam and the paper's algorithm do: here it is given eps times that root before each step.
"""

import json
import math
import platform
import sys

# This directory stands first in the search path, and its torch.py is not the library.
sys.path.pop(0)

import numpy
import torch

torch.set_num_threads(1)


def run(make, name, hyper, x0, draws):
    x = torch.tensor(x0, dtype=torch.float64)
    opt = make([x], hyper)
    iterates = []
    for t, (index, grad) in enumerate(draws, 1):
        if "beta2" in hyper:
            opt.param_groups[0]["eps"] = hyper["eps"] * math.sqrt(1 - hyper["beta2"] ** t)
        x.grad = torch.sparse_coo_tensor([index], grad, (len(x0),), dtype=torch.float64)
        opt.step()
        iterates.append(x.tolist())
    return dict(
        name=name, hyper=hyper, x0=x0, index=[i for i, _ in draws], grads=[g for _, g in draws], iterates=iterates
    )


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    if isinstance(v, float):
        return "%.17g" % v
    return json.dumps(v)


def draws(rng, dim, steps, scale):
    """Variable i is in a gradient with probability 1/(i+1)."""
    all = []
    for _ in range(steps):
        index = [i for i in range(dim) if rng.uniform() < 1 / (i + 1)]
        grad = [float(scale[i] * rng.standard_normal() * (rng.uniform() < 0.95)) for i in index]
        all.append((index, grad))
    return all


def stored(draw):
    """The draw without zeros."""
    index, grad = draw
    return [i for i, g in zip(index, grad) if g != 0], [g for g in grad if g != 0]


def write(path, source, make, settings, keep=lambda draw: draw):
    rng = numpy.random.default_rng(20240703)
    dim = 6
    cases = []
    for name, h in settings.items():
        for more, scale in [("", [1.0] * dim), (", scales 1e-8 to 1e8", [1.0, 1e8, 1e-3, 1e3, 1e-8, 1.0])]:
            cases.append(run(make, name + more, h, [0.0] * dim, [keep(d) for d in draws(rng, dim, 60, scale)]))
        x0 = [1.0, -2.5, 0.3, 10.0, -1.0, 2.0]
        cases.append(run(make, name + ", not from the origin", h, x0, [keep(d) for d in draws(rng, dim, 60, [1.0] * dim)]))
    versions = dict(python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__)
    with open(path, "w") as f:
        f.write('{"source":%s,"versions":%s,"cases":[\n' % (text(source), text(versions)))
        f.write(",\n".join(text(c) for c in cases))
        f.write("\n]}\n")


write(
    "sparse_adam.json",
    "torch.optim.SparseAdam",
    lambda p, h: torch.optim.SparseAdam(p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"]),
    {
        "defaults": dict(lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8),
        "betas .5 .9, eps .001": dict(lr=0.01, beta1=0.5, beta2=0.9, eps=1e-3),
        "betas 0 .99": dict(lr=0.1, beta1=0.0, beta2=0.99, eps=1e-8),
    },
    stored,
)
write(
    "sparse_adagrad.json",
    "torch.optim.Adagrad",
    lambda p, h: torch.optim.Adagrad(p, lr=h["lr"], eps=h["eps"], foreach=False),
    {"lr 1": dict(lr=1.0, eps=1e-10), "lr .1, eps .01": dict(lr=0.1, eps=1e-2)},
)
write(
    "sparse_sgd.json",
    "torch.optim.SGD",
    lambda p, h: torch.optim.SGD(p, lr=h["lr"], foreach=False),
    {"lr .01": dict(lr=0.01)},
)
