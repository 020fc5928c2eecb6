"""Courses of the step size by torch.optim.lr_scheduler, where it has the form of this package. Run in this directory:

    python3 torch.py

It writes golden.json: args are those of the function of this package, factors the values in steps 0, 1, ...
"""

import json
import sys
import warnings

# This directory stands first in the search path, and torch.py would import itself.
sys.path.pop(0)

import torch
from torch.optim import lr_scheduler

warnings.simplefilter("ignore")


def run(function, args, steps, make):
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    sched = make(opt)
    factors = []
    for _ in range(steps):
        factors.append(opt.param_groups[0]["lr"])
        opt.step()
        sched.step()
    return dict(function=function, args=args, factors=factors)


def onecycle(n, pct, div, final):
    """The peak of n steps is in step pct n - 1, and the end in step n - 1."""
    args = [round(pct * n) - 1, n - round(pct * n), 1 / div, 1 / (div * final)]
    return run(
        "OneCycle",
        args,
        n,
        lambda o: lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=n, pct_start=pct, div_factor=div, final_div_factor=final, cycle_momentum=False
        ),
    )


def cyclic(up, down, low, mode, shrink):
    return run(
        "Cyclic",
        [up, down, low, shrink],
        5 * (up + down),
        lambda o: lr_scheduler.CyclicLR(o, low, 1.0, up, down, mode=mode, cycle_momentum=False),
    )


cases = [
    run("Exponential", [1, 0.9, 0.0], 60, lambda o: lr_scheduler.ExponentialLR(o, 0.9)),
    run("Staircase", [7, 0.5, 0.0], 60, lambda o: lr_scheduler.StepLR(o, 7, 0.5)),
    run("Steps .3", [3, 10, 40], 60, lambda o: lr_scheduler.MultiStepLR(o, [3, 10, 40], 0.3)),
    run("Linear", [20, 0.25], 60, lambda o: lr_scheduler.LinearLR(o, 1.0, 0.25, 20)),
    run("Polynomial", [20, 2.0, 0.0], 60, lambda o: lr_scheduler.PolynomialLR(o, 20, 2.0)),
    run("Polynomial", [20, 0.5, 0.0], 60, lambda o: lr_scheduler.PolynomialLR(o, 20, 0.5)),
    # It rises again after step 40.
    run("Cosine", [40, 0.1], 41, lambda o: lr_scheduler.CosineAnnealingLR(o, 40, 0.1)),
    run("WarmRestarts", [10, 1, 0.0], 60, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 10, 1)),
    run("WarmRestarts", [4, 2, 0.05], 130, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4, 2, 0.05)),
    run("WarmRestarts", [3, 3, 0.0], 130, lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 3)),
    onecycle(100, 0.3, 25.0, 1e4),
    onecycle(60, 0.2, 10.0, 100.0),
    cyclic(8, 8, 0.1, "triangular", 1.0),
    cyclic(4, 12, 0.2, "triangular", 1.0),
    cyclic(8, 4, 0.0, "triangular2", 0.5),
]


def text(v):
    if isinstance(v, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text(w) for k, w in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(text(w) for w in v) + "]"
    return "%.17g" % v if isinstance(v, float) else json.dumps(v)


with open("golden.json", "w") as f:
    f.write('{"source":"torch.optim.lr_scheduler","versions":{"torch":%s},"cases":[\n' % text(torch.__version__))
    f.write(",\n".join(text(c) for c in cases))
    f.write("\n]}\n")
