"""Trajectories of SVRG, SARAH, SARAH+, SAG and SAGA on least squares, typed from the papers, for variancereduction_golden_test.go.

SVRG:  Johnson, Zhang 2013, figure 1, option I.
SARAH: Nguyen, Liu, Scheinberg, Takac 2017, algorithms 1 and 2, each loop going on from the last iterate of the one before.
SAG:   Schmidt, Le Roux, Bach 2017, section 1, with the table filled at x0.
SAGA:  Defazio, Bach, Lacoste-Julien 2014, section 2, with the table filled at x0.

The terms are f_i(x) = (a_i.x - y_i)^2/2, the steps x - alpha*(estimate), the batches are fixed here. Run:
python3 variance.py > variance.json
"""
import json
import sys

import numpy as np

rng = np.random.default_rng(8)
N, n = 40, 5
A = rng.standard_normal((N, n))
y = A @ rng.standard_normal(n) + 0.3 * rng.standard_normal(N)
x0 = np.zeros(n)
L = (A * A).sum(1).max()


def g(i, x):  # mean gradient of the terms in i
    return (A[i] * (A[i] @ x - y[i])[:, None]).mean(0)


def f(i, x):
    return ((A[i] @ x - y[i]) ** 2).mean() / 2


everything = np.arange(N)


def svrg(batches, alpha, m):
    out, x, k = [], x0, 0
    while k < len(batches):
        w = x
        mu = g(everything, w)
        for _ in range(m):
            if k == len(batches):
                break
            B = batches[k]
            x = x - alpha * (g(B, x) - g(B, w) + mu)
            out.append(x)
            k += 1
    return out


def sarah(batches, alpha, m, gamma=None):
    out, w, k = [], x0, 0
    while k < len(batches):
        v0 = v = g(everything, w)
        last, w = w, w - alpha * v
        out.append(w)
        k += 1
        t = 1
        while t < m and k < len(batches) and (gamma is None or v @ v > gamma * (v0 @ v0)):
            B = batches[k]
            v = g(B, w) - g(B, last) + v
            last, w = w, w - alpha * v
            out.append(w)
            k += 1
            t += 1
    return out


def tables(batches, alpha, saga):
    table = np.array([g(everything[i:i + 1], x0) for i in range(N)])
    out, x = [], x0
    for B in batches:
        new = np.array([g(everything[i:i + 1], x) for i in B])
        if saga:
            x = x - alpha * ((new - table[B]).mean(0) + table.mean(0))
            table[B] = new
        else:
            table[B] = new
            x = x - alpha * table.mean(0)
        out.append(x)
    return out


def draws(k, b):
    return np.array([rng.choice(N, b, replace=False) for _ in range(k)])


cases = []
for name, b, alpha, m, gamma in [
    ("SVRG", 1, 0.1 / L, 80, None), ("SVRG", 3, 0.1 / L, 27, None),
    ("SARAH", 1, 0.5 / L, 40, None), ("SARAH", 3, 0.5 / L, 14, None), ("SARAH", 2, 0.5 / L, 30, 0.125),
    ("SAGA", 1, 1 / (3 * L), 0, None), ("SAGA", 3, 1 / (3 * L), 0, None),
    ("SAG", 1, 1 / (16 * L), 0, None), ("SAG", 3, 1 / (3 * L), 0, None),
]:
    batches = draws(200, b)
    far = draws(400 * N // b, b)  # 400 passes, or 60 loops and more
    run = {
        "SVRG": lambda B: svrg(B, alpha, m),
        "SARAH": lambda B: sarah(B, alpha, m, gamma),
        "SAGA": lambda B: tables(B, alpha, True),
        "SAG": lambda B: tables(B, alpha, False),
    }[name]
    end = np.linalg.norm(g(everything, run(far)[-1]))
    print(name, b, "gradient norm after", len(far), "draws", end, "at start", np.linalg.norm(g(everything, x0)), file=sys.stderr)
    cases.append(dict(method=name, batch=b, stepSize=alpha, period=m, gamma=gamma or 0, batches=batches.tolist(),
                      iterates=np.array(run(batches)).tolist()))

print(json.dumps(dict(source="variance.py", versions=dict(python=sys.version.split()[0], numpy=np.__version__),
                      a=A.tolist(), y=y.tolist(), cases=cases)))
