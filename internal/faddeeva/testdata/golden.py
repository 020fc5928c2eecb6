# Writes w.csv: the Faddeeva function and its derivative by mpmath, 60 digits, on a grid that covers the regions and
# their borders.
#
#     python3 golden.py > w.csv        (Python 3.11.7, mpmath 1.3.0)
from mpmath import mp, mpf, mpc, exp, erfc, sqrt, pi, nstr
import random

mp.dps = 60


def w(z):
    # exp(-z^2) erfc(-iz) loses digits where erfc is near 2 or tiny: work with enough of them
    with mp.workdps(60 + int(min(2000, abs(z) ** 2)) + 60):
        return exp(-z * z) * erfc(mpc(0, -1) * z)


def asymptotic(z):
    s, t = mpf(0), mpf(1)
    for k in range(60):
        s += t
        t *= (2 * k + 1) / (2 * z * z)
    return mpc(0, 1) / (sqrt(pi) * z) * s


random.seed(1)
xs = [0, 1e-9, 1e-3, 0.1, 0.2558, 0.3, 0.5, 0.7, 1, 1.5, 2, 2.6, 3, 4, 4.5, 5, 5.2, 5.5, 6, 6.2, 7, 8, 10, 13, 20, 26, 30]
ys = [0, 1e-300, 1e-20, 1e-12, 1e-6, 1e-3, 0.03, 0.1, 0.3, 0.6, 1, 2, 3, 5, 6.1, 6.2, 8, 15, 27]
points = [(x, y) for x in xs for y in ys]
points += [(x, y) for x in (50, 100, 1e3, 1e6, 1e9, 1e100) for y in (1e-12, 1e-3, 1, 50, 1e3, 1e7, 1e9, 1e100)]
points += [(0, y) for y in (50, 100, 1e3, 1e6, 1e9, 1e100)]
points += [(random.uniform(0, 8), random.uniform(0, 8)) for _ in range(100)]
points += [(random.uniform(0, 8), 10 ** random.uniform(-12, 0)) for _ in range(100)]
points += [(random.uniform(-3, 3), random.uniform(-3, 3)) for _ in range(50)]
print("# x,y,Re w,Im w,Re w',Im w'")
for x, y in points:
    z = mpc(mpf(x), mpf(y))
    v = w(z) if abs(z) < 45 else asymptotic(z)
    with mp.workdps(300):
        d = -2 * z * v + mpc(0, 2) / sqrt(pi)
    if abs(z) >= 45:  # the derivative of the series
        s, t = mpf(0), mpf(1)
        for k in range(60):
            s += (2 * k + 1) * t
            t *= (2 * k + 1) / (2 * z * z)
        d = mpc(0, -1) / (sqrt(pi) * z * z) * s
    print(",".join([repr(float(x)), repr(float(y))] + [nstr(p, 20) for p in (v.real, v.imag, d.real, d.imag)]))
