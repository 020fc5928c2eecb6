"""Values of the BenDFO problems from the programs of their authors, and their least values to 16 digits.

Run with the directory py/ of the published programs (POptUS/BenDFO, commit 5f06c29e) and its data/dfo.dat in the
working directory; Python 3.11.2, numpy 1.24.2, scipy 1.10.1, mpmath 1.2.1 made bendfo.json:

    PYTHONPATH=py python3 bendfo.py data/dfo.dat > bendfo.json

A record has the row of dfo.dat, values at the start and two points near it in the forms that have no randomness, and for
the first problem of each kind and n the least value found: scipy's least_squares from the start and from 39 random
points around it, then Newton's method on the gradient with 50 digits, for which the published residuals are run on
mpmath's numbers. Where the Hessian is singular at the minimizer there is no Newton step.
"""
import json
import sys
import types

import dfovec as published
import mpmath as mp
import numpy as np
from calfun import calfun
from dfoxs import dfoxs
from scipy.optimize import least_squares

mp.mp.dps = 50
digits = types.ModuleType("digits")  # in place of numpy
digits.pi = mp.pi
digits.zeros = lambda m: [mp.mpf(0)] * m
for name, function in dict(exp=mp.exp, sqrt=mp.sqrt, sin=mp.sin, cos=mp.cos, log=mp.log, arctan=mp.atan).items():
    setattr(digits, name, function)
precise = types.ModuleType("precise")
exec(compile(open(published.__file__).read().replace("import numpy as np", ""), "dfovec", "exec"), precise.__dict__)
precise.np = digits

rng = np.random.default_rng(1)
np.seterr(all="ignore")


def least(nprob, n, m, x0):
    best = None
    for trial in range(40):
        start = x0 if trial == 0 else x0 * (1 + 0.5 * rng.standard_normal(n)) + (trial % 2) * 0.3 * rng.standard_normal(n)
        try:
            r = least_squares(lambda x: published.dfovec(m, n, x, nprob), start, jac="3-point", x_scale="jac",
                              xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=600)
        except ValueError:  # residuals that are not finite
            continue
        if best is None or r.cost < best.cost:
            best = r
    return polish(nprob, n, m, [mp.mpf(v) for v in best.x])


def polish(nprob, n, m, x):
    def residuals(x):
        return precise.dfovec(m, n, x, nprob)

    def gradient(x):
        r, h = residuals(x), mp.mpf(10) ** -18
        g = []
        for j in range(n):
            up, down = list(x), list(x)
            up[j], down[j] = x[j] + h, x[j] - h
            g.append(sum(ri * (a - b) for ri, a, b in zip(r, residuals(up), residuals(down))) / h)
        return g

    for _ in range(8):
        g, h = gradient(x), mp.mpf(10) ** -12
        hessian = mp.matrix(n, n)
        for j in range(n):
            up = list(x)
            up[j] += h
            for i, v in enumerate(gradient(up)):
                hessian[i, j] = (v - g[i]) / h
        try:
            step = mp.lu_solve(hessian, mp.matrix(g))
        except ZeroDivisionError:
            break
        if mp.norm(step) > mp.mpf("1e-3") * (1 + mp.norm(mp.matrix(x))):
            break  # singular
        x = [v - s for v, s in zip(x, step)]
        if mp.norm(step) < mp.mpf("1e-30"):
            break
    value = sum(r**2 for r in residuals(x))
    return float(value) if value > mp.mpf("1e-25") else 0.0, [float(v) for v in x]


records, seen = [], set()
for line in open(sys.argv[1]):
    if not line.strip():
        continue
    nprob, n, m, ns = map(int, line.split())
    record = dict(problem=nprob, n=n, m=m, ns=ns, points=[])
    start = np.asarray(dfoxs(n, nprob, 10.0**ns), float)
    for k in range(3):
        x = start if k == 0 else start * (1 + 0.1 * rng.standard_normal(n)) + 0.02 * rng.standard_normal(n)
        values = {kind: float(calfun(x, m, nprob, kind)) for kind in ("smooth", "nondiff", "wild3", "abswild")}
        record["points"].append(dict(x=list(x), **values))
    if (nprob, n) not in seen:
        seen.add((nprob, n))
        record["minimum"], record["minimizer"] = least(nprob, n, m, np.asarray(dfoxs(n, nprob, 1.0), float))
    records.append(record)
    print(nprob, n, ns, record.get("minimum"), record.get("minimizer"), file=sys.stderr, flush=True)
print("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]")
