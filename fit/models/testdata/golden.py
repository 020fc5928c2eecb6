"""Values and derivatives of the models at random points, by mpmath with 40 digits, from the formulas of the comments.

    python3 golden.py > golden.json        (Python 3.11.7, mpmath 1.3.0)

The derivatives are numerical ones of the formulas, with 40 digits.
"""
import json
import random

from mpmath import mp, mpf, mpc, exp, log, sqrt, pi, sin, erf, erfc, nstr, diff

mp.dps = 40
R = mpf("8.31446261815324")


def normal(u):
    return exp(-u * u / 2) / sqrt(2 * pi)


def voigt(a, c, s, g, x):
    def w(z):
        return exp(-z * z) * erfc(mpc(0, -1) * z)

    d = s * sqrt(mpf(2))
    # Re w(z) = (w(z) + w(-conj z))/2 for real parameters
    return a / (s * sqrt(2 * pi)) * ((w(mpc(x - c, g) / d) + w(mpc(c - x, g) / d)) / 2).real


def pseudo(a, c, w, eta, x):
    u = (x - c) / w
    return a * (eta * 2 / (pi * w * (1 + 4 * u * u)) + (1 - eta) * 2 / w * sqrt(log(2) / pi) * exp(-4 * log(2) * u * u))


def emg(a, c, s, t, x):
    return a / (2 * t) * exp(s * s / (2 * t * t) - (x - c) / t) * erfc((s / t - (x - c) / s) / sqrt(mpf(2)))


def hill(m, h, n, x):
    return m * x ** n / (h ** n + x ** n)


# name: formula, ranges of the parameters, range of x
models = {
    "Constant": (lambda c, x: c + 0 * x, [(-5, 5)], (-3, 3)),
    "Line": (lambda a, b, x: a + b * x, [(-5, 5)] * 2, (-3, 3)),
    "Polynomial": (lambda a, b, c, d, x: a + b * x + c * x ** 2 + d * x ** 3, [(-5, 5)] * 4, (-3, 3)),
    "Exponential": (lambda a, k, x: a * exp(-k * x), [(-5, 5), (-2, 2)], (-3, 3)),
    "ExponentialOffset": (lambda a, k, c, x: a * exp(-k * x) + c, [(-5, 5), (-2, 2), (-3, 3)], (-3, 3)),
    "DoubleExponential": (lambda a, k, b, l, x: a * exp(-k * x) + b * exp(-l * x), [(-5, 5), (-2, 2)] * 2, (-3, 3)),
    "DoubleExponentialOffset": (lambda a, k, b, l, c, x: a * exp(-k * x) + b * exp(-l * x) + c,
                                [(-5, 5), (-2, 2)] * 2 + [(-3, 3)], (-3, 3)),
    "Power": (lambda a, n, x: a * x ** n, [(-5, 5), (-3, 3)], (0.01, 20)),
    "Arrhenius": (lambda a, e, x: a * exp(-e / (R * x)), [(1e3, 1e9), (1e4, 1e5)], (250, 900)),
    "Logistic": (lambda a, k, m, x: a / (1 + exp(-k * (x - m))), [(-5, 5), (-3, 3), (-2, 2)], (-8, 8)),
    "Logistic4": (lambda l, u, k, m, x: l + (u - l) / (1 + exp(-k * (x - m))), [(-5, 5), (-5, 5), (-3, 3), (-2, 2)], (-8, 8)),
    "Gompertz": (lambda a, k, m, x: a * exp(-exp(-k * (x - m))), [(-5, 5), (-3, 3), (-2, 2)], (-3, 8)),
    "Gompertz4": (lambda l, u, k, m, x: l + (u - l) * exp(-exp(-k * (x - m))), [(-5, 5), (-5, 5), (-3, 3), (-2, 2)], (-3, 8)),
    "MichaelisMenten": (lambda v, k, x: v * x / (k + x), [(-5, 5), (0.1, 10)], (0, 30)),
    "Hill": (hill, [(-5, 5), (0.1, 10), (-5, 5)], (0.01, 30)),
    "Hill4": (lambda l, u, h, n, x: l + hill(u - l, h, n, x), [(-5, 5), (-5, 5), (0.1, 10), (-5, 5)], (0.01, 30)),
    "Gaussian": (lambda a, c, s, x: a * normal((x - c) / s) / s, [(-5, 5), (-2, 2), (0.1, 3)], (-6, 6)),
    "Lorentzian": (lambda a, c, g, x: a / (pi * g * (1 + (x - c) ** 2 / g ** 2)), [(-5, 5), (-2, 2), (0.1, 3)], (-6, 6)),
    "PseudoVoigt": (pseudo, [(-5, 5), (-2, 2), (0.1, 3), (0, 1)], (-6, 6)),
    "Voigt": (voigt, [(-5, 5), (-2, 2), (0.1, 3), (0, 3)], (-6, 6)),
    "ExponentialGaussian": (emg, [(-5, 5), (-2, 2), (0.1, 3), (0.1, 3)], (-6, 12)),
    "ErrorStep": (lambda h, c, s, x: h * (1 + erf((x - c) / (s * sqrt(mpf(2))))) / 2, [(-5, 5), (-2, 2), (0.3, 3)], (-4, 4)),
    "Sinusoid": (lambda a, f, p, x: a * sin(2 * pi * f * x + p), [(-5, 5), (0.01, 2), (-3, 3)], (-8, 8)),
    "SinusoidOffset": (lambda a, f, p, c, x: a * sin(2 * pi * f * x + p) + c, [(-5, 5), (0.01, 2), (-3, 3), (-4, 4)], (-8, 8)),
    "DampedOscillation": (lambda a, k, f, p, x: a * exp(-k * x) * sin(2 * pi * f * x + p),
                          [(-5, 5), (-1, 1), (0.01, 2), (-3, 3)], (-3, 8)),
    "DampedOscillationOffset": (lambda a, k, f, p, c, x: a * exp(-k * x) * sin(2 * pi * f * x + p) + c,
                                [(-5, 5), (-1, 1), (0.01, 2), (-3, 3), (-4, 4)], (-3, 8)),
}

random.seed(2)
out = {}
for name, (f, ranges, xs) in models.items():
    rows = []
    for _ in range(25):
        b = [random.uniform(*r) for r in ranges]
        x = random.uniform(*xs)
        args = [mpf(v) for v in b] + [mpf(x)]
        value = f(*args)
        grad = [diff(f, tuple(args), tuple(int(i == j) for i in range(len(args)))) for j in range(len(b))]
        rows.append({"b": b, "x": x, "f": float(nstr(value, 20)), "grad": [float(nstr(g, 20)) for g in grad]})
    out[name] = rows
print("{")
for k, (name, rows) in enumerate(out.items()):
    print(f' "{name}": [')
    print(",\n".join("  " + json.dumps(r) for r in rows))
    print(" ]" + ("," if k < len(out) - 1 else ""))
print("}")
