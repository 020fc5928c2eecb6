"""Noise levels by ECnoise, typed from J. J. More, S. M. Wild, Estimating computational noise, SIAM Journal on Scientific
Computing 33(3):1292-1314, 2011, section 3, with the tests and constants of the authors' ECnoise. Run in this directory:

    python3 ecnoise.py

It writes ecnoise.json: values at equally spaced points, the verdict and the level; and prints the detection rates that
ecnoise_test.go asks for.
"""

import json
import math
import platform

import numpy


def levels(values):
    """sigma_k, and whether the k-th differences have both signs, k = 1, ..., m."""
    d, sigma, signs = numpy.array(values), [], []
    for k in range(1, len(values)):
        d = numpy.diff(d)
        c = max(abs(d).max(), 5e-324)  # or squares of large values overflow
        sigma.append(float(c * math.sqrt(numpy.mean((d / c) ** 2) / math.comb(2 * k, k))))
        signs.append(bool(d.min() < 0 < d.max()))
    return sigma, signs


def ecnoise(values):
    values = numpy.array(values)
    largest = max(abs(values.max()), abs(values.min()))
    if values.max() - values.min() > 0.1 * largest:
        return "too large", 0.0
    if numpy.count_nonzero(numpy.diff(values) == 0) >= len(values) / 2:
        return "too small", 0.0
    sigma, signs = levels(values)
    for k in range(len(values) - 3):
        three = sigma[k : k + 3]
        if max(three) <= 4 * min(three) and signs[k]:
            return "found", sigma[k]
    return "too large", 0.0


def cases(rng):
    for n in (4, 5, 7, 9, 13):
        i = numpy.arange(n) - n // 2
        noise = rng.standard_normal(n)
        yield "constant and normal noise", 10 + 1e-3 * noise
        yield "uniform noise", 10 + rng.uniform(-1e-3, 1e-3, n)
        yield "trigonometric", numpy.cos(0.01 * i) + numpy.sin(0.01 * i) + 1e-4 * noise
        yield "steep", 100 + 0.3 * i + 1e-4 * noise
        yield "quadratic", 100 + 0.1 * i + 0.02 * i**2 + 1e-3 * noise
        yield "smooth", numpy.exp(0.01 * i)
        yield "rounding", numpy.exp(1e-8 * i)
        yield "range", 1 + i + 0.0
        yield "around 0", noise
        yield "no noise", 3 + 0.0 * i
        yield "zero", 0.0 * i
        yield "jumps", 5 + 1e-3 * numpy.floor(0.5 * i)
        yield "rare jumps", 5 + 1e-3 * (i > 0)
        yield "counts", 1000 + numpy.floor(3 * rng.uniform(size=n))
        yield "negative", -7 - 1e-5 * noise
        yield "large", 1e200 * (1 + 1e-3 * noise)
        yield "small", 1e-200 * (1 + 1e-3 * noise)


def rates(rng, n, draw, runs=20_000):
    t = 0.01 * (numpy.arange(n) - n // 2)
    smooth = numpy.cos(t) + numpy.sin(t)
    found = [s for s in (ecnoise(smooth + 1e-3 * draw(n)) for _ in range(runs)) if s[0] == "found"]
    ratio = numpy.array([s[1] for s in found]) / 1e-3
    within = [numpy.mean(numpy.abs(numpy.log(ratio)) <= math.log(f)) for f in (2, 4)]
    return len(found) / runs, *within, math.sqrt(numpy.mean(ratio**2))


if __name__ == "__main__":
    rng = numpy.random.default_rng(20110701)
    out = []
    for name, values in cases(rng):
        verdict, sigma = ecnoise(values)
        out.append({"name": name, "values": list(map(float, values)), "verdict": verdict, "sigma": sigma})
    with open("ecnoise.json", "w") as f:
        json.dump({"python": platform.python_version(), "numpy": numpy.__version__, "cases": out}, f, indent=1)
        f.write("\n")
    root3 = math.sqrt(3)
    for n in (7, 9):
        for name, draw in (("normal", rng.standard_normal), ("uniform", lambda n: rng.uniform(-root3, root3, n))):
            print(n, name, "found %.4f, within factor 2 %.4f, 4 %.4f, rms ratio %.4f" % rates(rng, n, draw))
