"""Values of the functions of bbob-noisy without their noise, from CMA-ES/pycma's port of the programs of 2009.

Run with pycma's cma/bbobbenchmarks.py (commit e6356d2e of CMA-ES/pycma) on the path; Python 3.11.2, numpy 1.24.2 made
bbob.json:

    PYTHONPATH=cma python3 bbob.py > bbob.json

"points" has three points for each number of variables: 0, one in [-4, 4] and one in [-6, 6], to three decimals. "values"
has for each function number and number of variables a row for each of the instances 1 to 15: f*, and F - f* at the three
points, penalty included. One number stands for all that differ in noise only.
"""
import json

import bbobbenchmarks
import numpy as np

DIMS = (2, 3, 5, 10, 20, 40)
rng = np.random.default_rng(1)
points = {}
for dim in DIMS:
    points[str(dim)] = [[0.0] * dim] + [list(np.round(rng.uniform(-r, r, dim), 3)) for r in (4, 6)]
values = {}
for function in (107, 110, 113, 116, 119, 122, 125, 128):
    values[str(function)] = {}
    for dim in DIMS:
        rows = values[str(function)][str(dim)] = []
        for instance in range(1, 16):
            cls = getattr(bbobbenchmarks, f"F{function}")
            fopt = float(cls(instance).fopt)
            f = cls(instance, zerof=True)
            rows.append([fopt] + [float(f._evalfull(np.array(x))[1]) for x in points[str(dim)]])
print(json.dumps(dict(points=points, values=values)).replace("]], ", "]],\n").replace("], [", "],\n["))
