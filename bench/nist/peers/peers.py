"""Fits NIST's nonlinear regressions by SciPy and lmfit.

    python3 peers.py SETTING < problems

SETTING is one of the names in settings below. The problems are as for gsl.c. Each line of the output is the name, the
seconds of processor time of the fit, and the estimate; or none if the peer raised an error.
"""
import sys
import time
import warnings

import numpy as np
import scipy
from numpy import arctan, cos, exp, pi, sin
from scipy.optimize import curve_fit, least_squares

warnings.simplefilter("ignore")


def gauss(x, b1, b2, b3, b4, b5, b6, b7, b8):
    return b1 * exp(-b2 * x) + b3 * exp(-((x - b4) ** 2) / b5**2) + b6 * exp(-((x - b7) ** 2) / b8**2)


def lanczos(x, b1, b2, b3, b4, b5, b6):
    return b1 * exp(-b2 * x) + b3 * exp(-b4 * x) + b5 * exp(-b6 * x)


def cubic(x, b1, b2, b3, b4, b5, b6, b7):
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)


def enso(x, b1, b2, b3, b4, b5, b6, b7, b8, b9):
    w = 2 * pi * x
    return (b1 + b2 * cos(w / 12) + b3 * sin(w / 12) + b5 * cos(w / b4) + b6 * sin(w / b4)
            + b8 * cos(w / b7) + b9 * sin(w / b7))


def saturation(x, b1, b2):
    return b1 * (1 - exp(-b2 * x))


def chwirut(x, b1, b2, b3):
    return exp(-b1 * x) / (b2 + b3 * x)


curves = {
    "Misra1a": saturation,
    "BoxBOD": saturation,
    "Chwirut1": chwirut,
    "Chwirut2": chwirut,
    "Lanczos1": lanczos,
    "Lanczos2": lanczos,
    "Lanczos3": lanczos,
    "Gauss1": gauss,
    "Gauss2": gauss,
    "Gauss3": gauss,
    "DanWood": lambda x, b1, b2: b1 * x**b2,
    "Misra1b": lambda x, b1, b2: b1 * (1 - (1 + b2 * x / 2) ** (-2)),
    "Misra1c": lambda x, b1, b2: b1 * (1 - (1 + 2 * b2 * x) ** (-0.5)),
    "Misra1d": lambda x, b1, b2: b1 * b2 * x / (1 + b2 * x),
    "Kirby2": lambda x, b1, b2, b3, b4, b5: (b1 + b2 * x + b3 * x**2) / (1 + b4 * x + b5 * x**2),
    "Hahn1": cubic,
    "Thurber": cubic,
    "Nelson": lambda x, b1, b2, b3: b1 - b2 * x[:, 0] * exp(-b3 * x[:, 1]),
    "MGH17": lambda x, b1, b2, b3, b4, b5: b1 + b2 * exp(-x * b4) + b3 * exp(-x * b5),
    "Roszman1": lambda x, b1, b2, b3, b4: b1 - b2 * x - arctan(b3 / (x - b4)) / pi,
    "ENSO": enso,
    "MGH09": lambda x, b1, b2, b3, b4: b1 * (x**2 + x * b2) / (x**2 + x * b3 + b4),
    "Rat42": lambda x, b1, b2, b3: b1 / (1 + exp(b2 - b3 * x)),
    "MGH10": lambda x, b1, b2, b3: b1 * exp(b2 / (x + b3)),
    "Eckerle4": lambda x, b1, b2, b3: b1 / b2 * exp(-0.5 * ((x - b3) / b2) ** 2),
    "Rat43": lambda x, b1, b2, b3, b4: b1 / ((1 + exp(b2 - b3 * x)) ** (1 / b4)),
    "Bennett5": lambda x, b1, b2, b3: b1 * (b2 + x) ** (-1 / b3),
}


def scipy_default(f, x, y, start):
    return curve_fit(f, x, y, p0=start)[0]


def jacobian(f, x, b):
    """By complex steps, exact to rounding."""
    j = np.empty((len(x), len(b)))
    for k in range(len(b)):
        c = b.astype(complex)
        h = 1e-30 * max(abs(b[k]), 1e-30)
        c[k] += 1j * h
        j[:, k] = f(x, *c).imag / h
    return j


def tuned(method, x_scale):
    def run(f, x, y, start):
        return least_squares(lambda b: f(x, *b) - y, start, jac=lambda b: jacobian(f, x, b), method=method, x_scale=x_scale,
                             xtol=3e-16, ftol=3e-16, gtol=3e-16, max_nfev=10000).x

    return run


def lmfit_default(f, x, y, start):
    import lmfit

    names = ["b%d" % (k + 1) for k in range(len(start))]
    params = lmfit.Parameters()
    for name, v in zip(names, start):
        params.add(name, value=v)
    r = lmfit.minimize(lambda p: f(x, *[p[n].value for n in names]) - y, params)
    return [r.params[n].value for n in names]


def values(f, x, y, start):
    """The curve and its derivatives at the start, point by point, in place of the estimate."""
    return np.column_stack([f(x, *start), jacobian(f, x, start)]).ravel()


settings = {
    "values": values,
    "scipy": scipy_default,
    "scipy-lm": tuned("lm", "jac"),
    "scipy-trf": tuned("trf", "jac"),
    "scipy-dogbox": tuned("dogbox", "jac"),
    "lmfit": lmfit_default,
}


def main():
    run = settings[sys.argv[1]]
    version = scipy.__version__
    if sys.argv[1] == "lmfit":
        import lmfit

        version = lmfit.__version__
    print("version", version)
    words = iter(sys.stdin.read().split())
    for name in words:
        n, predictors, parameters = (int(next(words)) for _ in range(3))
        start = np.array([float(next(words)) for _ in range(parameters)])
        table = np.array([[float(next(words)) for _ in range(1 + predictors)] for _ in range(n)])
        y, x = table[:, 0], table[:, 1] if predictors == 1 else table[:, 1:]
        begin = time.process_time()
        try:
            b = run(curves[name], x, y, start)
        except Exception:  # curve_fit raises RuntimeError where it finds nothing, and ValueError for NaN
            b = []
        seconds = time.process_time() - begin
        print(name, repr(seconds), *[repr(float(v)) for v in b])


main()
