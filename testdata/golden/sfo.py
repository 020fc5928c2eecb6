#!/usr/bin/python3
"""Trajectories of SFO (J. Sohl-Dickstein, B. Poole, S. Ganguli, Fast large-scale optimization by unifying stochastic gradient
and quasi-Newton methods, ICML 2014), typed from a description of the algorithm, in 40 digits. Run in this directory:

    python3 sfo.py

Nothing is kept that can be made again: all vectors and matrices are those of the whole space, the model of every term is made
anew from its differences when it is visited and kept as a full matrix, the Hessian of the sum is added up in every step, and
the subspace is a matrix with which everything is projected when it is reduced. Random choices are those of the stream of
(seed, number of the choice, -2, 0) in sample.py, reduced to small integers as by IntN of Go's math/rand/v2.

The evaluations of a case are the index of the term and the point, one after the other, those of rejected steps included. Cases
with a mistake have one of the mistakes that can be made in the algorithm: they must not be followed.
"""

import collections
import json
import platform
import sys

sys.path.pop(0)  # torch.py of this directory is not the library

import mpmath
from mpmath import mp, mpf, matrix

mp.dps = 40

M64 = 2**64 - 1


def stream(seed, step, count):
    """The first numbers of the stream; see sample.py."""
    def absorb(h, w):
        h = ((h ^ w) + 0x9E3779B97F4A7C15) & M64
        h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & M64
        h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & M64
        return h ^ (h >> 31)
    hi, lo = 0x243F6A8885A308D3, 0x13198A2E03707344
    for w in (seed, step, -2 & M64, 0):
        hi, lo = absorb(hi, w), absorb(lo, w)
    s = hi << 64 | lo
    out = []
    for _ in range(count):
        s = (s * (2549297995355413924 << 64 | 4865540595714422341) + (6364136223846793005 << 64 | 1442695040888963407)) & (2**128 - 1)
        h, l = s >> 64, s & M64
        h ^= h >> 32
        h = (h * 0xDA942042E4DD58B5) & M64
        h ^= h >> 48
        out.append((h * (l | 1)) & M64)
    return out


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b))


def norm(a):
    return mp.sqrt(dot(a, a))


def column(v):
    return matrix([[x] for x in v])


def as_list(m):
    return [m[i, 0] for i in range(m.rows)]


def times(m, v):
    return as_list(m * column(v))


def orthonormal(vectors):
    """A list of orthonormal vectors with the span of vectors."""
    q = []
    for v in vectors:
        scale = norm(v)
        if scale == 0:
            continue
        w = [x / scale for x in v]
        for _ in range(2):
            for b in q:
                d = dot(b, w)
                w = [x - d * y for x, y in zip(w, b)]
        if norm(w) > mpf(10) ** -20:
            q.append([x / norm(w) for x in w])
    return q


def restrict(m, basis):
    """The matrix m in the basis."""
    p = matrix(basis).T
    return p.T * m * p


def median(values):
    v = sorted(values)
    n = len(v)
    return v[n // 2] if n % 2 else (v[n // 2 - 1] + v[n // 2]) / 2


class Term:
    def __init__(self):
        self.active, self.visits, self.last, self.pairs = False, 0, None, []
        self.e, self.B = mpf(0), None


class SFO:
    def __init__(self, evaluate, x0, terms, seed, mistake="", history=10, hessian_init=mpf(10) ** 5):
        self.evaluate, self.n, self.N, self.seed, self.mistake = evaluate, len(x0), terms, seed, mistake
        self.history, self.choices, self.log, self.count = history, 0, [], collections.Counter()
        self.x, self.before = list(x0), list(x0)
        self.start = list(x0)
        self.terms = [Term() for _ in range(terms)]
        for t in self.terms:
            t.B = mpmath.zeros(self.n)
        self.eta, self.gain, self.travel, self.steps, self.growth = mpf(1), mpf(0), mpf(0), 0, 0
        kmin = min(2 * terms + 2, self.n)
        kmax = min(-(-3 * kmin // 2), self.n)
        self.kmin, self.kmax = kmin, kmax
        if kmax == self.n:
            self.basis = [[mpf(i == j) for j in range(self.n)] for i in range(self.n)]
        else:
            self.basis = [[v / norm(x0) for v in x0]]
        for _ in range(min(2, terms)):
            self.terms[self.activate()].e = hessian_init

    # random choices

    def number(self, count=1):
        self.choices += 1
        return stream(self.seed, self.choices - 1, count)

    def pick(self, candidates):
        u, n = self.number()[0], len(candidates)
        if n & (n - 1) == 0:
            return candidates[u & (n - 1)]
        return candidates[(u >> 32) * n >> 32]  # but for a rejection of probability n/2^32

    def activate(self):
        i = self.pick([i for i, t in enumerate(self.terms) if not t.active])
        self.terms[i].active = True
        self.growth = 0
        return i

    # models

    def active(self):
        return [t for t in self.terms if t.active]

    def total(self):
        return sum(t.visits for t in self.terms)

    def H(self, t):
        return t.B + t.e * mpmath.eye(self.n)

    def sum_H(self):
        h = mpmath.zeros(self.n)
        for t in self.active():
            h += self.H(t)
        return h

    def predict(self, t, x):
        f, p, d = t.last
        delta = [a - b for a, b in zip(x, p)]
        return f + dot(d, delta) + dot(delta, times(self.H(t), delta)) / 2

    # evaluation

    def look(self, i, x):
        f, g = self.evaluate(i, x)
        self.log.append((i, list(x)))
        self.terms[i].visits += 1
        if self.kmax < self.n:
            self.extend(x, x)
            self.extend(g, x)
        return f, g

    def extend(self, v, x):
        if norm(v) == 0:
            return
        inside = self.project(v)
        outside = [a - b for a, b in zip(v, inside)]
        if norm(outside) < mpf(10) ** -12 * norm(v):
            return
        outside = [a - b for a, b in zip(outside, self.project(outside))]
        if len(self.basis) == self.kmax:
            # v itself is not in the old basis: its part inside is kept, the part outside is the new direction
            keep = []
            for t in self.active():
                if t.last:
                    keep += [t.last[2], t.last[1]]
            keep.append(inside)
            if self.mistake != "x not kept":
                keep.append(x)
            old = self.basis
            new = []
            for w in keep:
                w = [dot(b, w) for b in old]
                new.append([mp.fsum(w[j] * old[j][i] for j in range(len(old))) for i in range(self.n)])
            q = orthonormal(new)
            numbers = self.number(4 * self.kmin * len(old))
            while len(q) < self.kmin:
                w = [mpf(numbers.pop(0) & (2**53 - 1)) / 2**53 - mpf(1) / 2 for _ in old]
                self.count["padded"] += 1
                q = orthonormal(q + [[mp.fsum(w[j] * old[j][i] for j in range(len(old))) for i in range(self.n)]])
            self.basis = q
            project = matrix(q).T * matrix(q)
            for t in self.terms:
                if t.last:
                    f, p, d = t.last
                    t.last = (f, times(project, p), times(project, d))
                t.pairs = [(times(project, s), times(project, y)) for s, y in t.pairs]
                t.B = project * t.B * project
            self.count["collapses"] += 1
        self.basis.append([a / norm(outside) for a in outside])

    def inside(self, v):
        """The projection of v on the subspace."""
        return list(v) if self.kmax == self.n else self.project(v)

    def project(self, v):
        out = [mpf(0)] * self.n
        for b in self.basis:
            d = dot(b, v)
            out = [s + d * y for s, y in zip(out, b)]
        return out

    # step 1

    def choose(self):
        act = [i for i, t in enumerate(self.terms) if t.active]
        once = [i for i in act if self.terms[i].visits == 1]
        if once:
            return once[0]
        fresh = [i for i in act if self.terms[i].visits < 2]
        if fresh:
            return self.pick(fresh)
        whole = self.number()[0] & 1 == 0
        h = self.sum_H()
        best, far = None, mpf(-1)
        for i in act:
            t = self.terms[i]
            delta = [a - b for a, b in zip(self.inside(self.x), t.last[1])]
            d = dot(delta, times(h if whole else self.H(t), delta))
            if d > far * (1 + mpf(10) ** -9):  # or it is a tie, which the first wins
                best, far = i, d
        if whole and far < mpf(10) ** -12 and len(act) < self.N:
            return self.activate()
        return best

    # steps 2 to 9

    def failed(self, t, f, x):
        if self.mistake == "no failure test":
            return False
        if t.last:
            predicted = self.predict(t, x)
            if self.mistake == "any rise fails":
                return f > t.last[0]
            gain = self.gain / self.N if self.mistake == "gain of the mean" else self.gain
            return f > t.last[0] and f - predicted > gain - (t.last[0] - predicted)
        others = [u.last[0] for u in self.terms if u.last and u.visits > 1]
        if not others:
            return False
        mean = mp.fsum(others) / len(others)
        sd = mp.sqrt(mp.fsum((o - mean) ** 2 for o in others) / len(others))
        return f > mean + 3 * sd

    def record(self, t, f, x, g):
        x, g = self.inside(x), self.inside(g)
        last = t.last
        if self.mistake == "a pair with the start" and last is None and t.visits > 1:
            last = (f, self.inside(self.start), [mpf(0)] * self.n)
        if last:
            s = [a - b for a, b in zip(x, last[1])]
            y = [a - b for a, b in zip(g, last[2])]
            tiny = mpf(10) ** -12
            keep = norm(s) >= tiny and norm(y) >= tiny and abs(dot(s, y)) >= tiny * norm(s) * norm(y)
            if self.mistake == "only positive curvature" and dot(s, y) <= 0:
                keep = False
            if keep:
                t.pairs = (t.pairs + [(s, y)])[-self.history:]
        t.last = (f, x, g)

    def rebuild(self, t):
        n = self.n
        if not t.pairs:
            eig = mp.eigsy(restrict(self.sum_H(), self.basis), eigvals_only=True)
            e = median(list(eig)) / len(self.active())
            if t.visits > 2 and self.total() < 5:
                e /= 10
            t.e, t.B = e, mpmath.zeros(n)
            return
        q = orthonormal([s for s, _ in t.pairs] + [y for _, y in t.pairs])
        Q = matrix(q).T
        m, h = len(q), len(t.pairs)
        S, Y = mpmath.zeros(m, h), mpmath.zeros(m, h)
        for j, (s, y) in enumerate(t.pairs):
            for i in range(m):
                S[i, j], Y[i, j] = dot(q[i], s), dot(q[i], y)
        # pinv(S) by the eigenvectors of S'S
        w, V = mp.eigsy(S.T * S)
        kept = min(m, h)
        pinv = mpmath.zeros(h, m)
        biggest = max(w)
        rank = 0
        for c in range(h):
            if w[c] > mpf(10) ** -30 * biggest:
                rank += 1
                v = V[:, c]
                pinv += v * (v.T * S.T) / w[c]
        T = Y * pinv
        sv = sorted(mp.sqrt(abs(v)) for v in mp.eigsy(T.T * T, eigvals_only=True))[-kept:]
        low, high = sv[0], sv[-1]
        if rank < kept:
            low = 0
        if low == 0:
            low = high = max(u.e for u in self.active())
        t.e = max(low, high / mpf(10) ** 8)
        if self.mistake == "no floor of e":
            t.e = low
        if self.mistake == "e is the largest":
            t.e = high
        A = t.e * mpmath.eye(m)
        for s, y in [([dot(b, s) for b in q], [dot(b, y) for b in q]) for s, y in t.pairs]:
            s, y = column(s), column(y)
            As = A * s
            A = A + y * y.T / (y.T * s)[0] - As * As.T / (s.T * As)[0]
        A = (A + A.T) / 2
        w, V = mp.eigsy(A)
        w = list(w)
        positive = [v for v in w if v > 0]
        if not positive:
            w = [high] * m
        else:
            least, middle = max(abs(v) for v in w) / mpf(10) ** 8, median(positive)
            if self.mistake == "eigenvalues cut off":
                middle = least
            if self.mistake == "absolute eigenvalues":
                w = [abs(v) for v in w]
            w = [middle if v < least else v for v in w]
        A = V * mpmath.diag(w) * V.T
        t.B = Q * (A - t.e * mpmath.eye(m)) * Q.T

    def step(self):
        i = self.choose()
        t = self.terms[i]
        f, g = self.look(i, self.x)
        failed = self.failed(t, f, self.inside(self.x))
        if not failed:
            self.eta = mpf(1) / self.N + (1 - mpf(1) / self.N) * self.eta
            if self.mistake == "eta does not recover" and self.steps > 0:
                self.eta = self.eta_kept
        else:
            self.eta = max(self.eta / 2, mpf(10) ** -5)
            fpred = self.predict(t, self.inside(self.x)) if t.last else None
            fback, gback = self.look(i, self.before)
            tries = 0
            while t.last and f - fback > 10 * max(abs(fpred - t.last[0]), mpf(10) ** -12) and tries < 10:
                self.x = [b + (a - b) / 100 for a, b in zip(self.x, self.before)]
                f, g = self.look(i, self.x)
                tries += 1
            self.count["shortened"] += tries
            if f < fback:
                self.record(t, fback, self.before, gback)
            else:
                if self.mistake != "failed point forgotten":
                    self.record(t, f, self.x, g)
                self.x, f, g = list(self.before), fback, gback
        self.eta_kept = self.eta
        self.count["failures"] += failed
        if self.steps > 0:
            self.travel += norm([a - b for a, b in zip(self.x, self.before)])
        self.record(t, f, self.x, g)
        self.rebuild(t)
        H = self.sum_H()
        at = self.inside(self.x)
        G = [mpf(0)] * self.n
        for u in self.terms:
            if u.last:
                delta = [a - b for a, b in zip(at, u.last[1])]
                G = [a + b + c for a, b, c in zip(G, u.last[2], times(self.H(u), delta))]
        P = matrix(self.basis).T
        K = P.T * H * P
        inverse = lambda v: P * mp.lu_solve(K, P.T * column(v))
        step = [-self.eta * v for v in as_list(inverse(G))]
        length = norm(step)
        if length == 0:
            pass
        elif length < mpf("1e-8"):
            step = [v * mpf("1e-8") / length for v in step]
        if self.total() > self.N and self.mistake != "no limit of the step":
            limit = 10 * self.travel / self.steps
            if norm(step) > limit:
                self.count["limited"] += 1
                step = [v * limit / norm(step) for v in step]
        self.gain = dot(step, times(H, step)) / 2
        self.before = list(self.x)
        self.x = [a + b for a, b in zip(self.x, step)]
        self.steps += 1
        # active set
        act = self.active()
        A = len(act)
        if A > 1:
            zero = [mpf(0)] * self.n
            ds = [u.last[2] if u.last else zero for u in act]
            mean = [mp.fsum(c) / A for c in zip(*ds)]
            quad = lambda v: dot(v, as_list(inverse(v)))
            noise = mp.fsum(quad([a - b for a, b in zip(d, mean)]) for d in ds) / (A * (A - 1))
            wanted = noise >= quad(mean) or failed or self.growth > A
            if self.mistake == "grows on failure only":
                wanted = failed
            self.growth += 1
            if wanted and min(u.visits for u in act) >= 2 and A < self.N:
                self.activate()


# Terms, with the operations of the Go test.

def rosenbrock(i, x):
    """Valleys of Rosenbrock whose bends and floors differ from term to term, two of them on a height."""
    f, g = mpf(100 if i % 4 == 2 else 0), [mpf(0)] * len(x)
    for j in range(0, len(x), 2):
        a, b = x[j], x[j + 1]
        c, s = mpf(10 + 5 * (i % 4)), mpf(i - 3) / 16
        r, q = b - a * a - s, 1 - a + s
        f += c * r * r + q * q
        g[j] += -4 * c * a * r - 2 * q
        g[j + 1] += 2 * c * r
    return f, g


def scales(i, x):
    """Quadratics of curvatures from 1/1024 to 1024 with their minima in different places, bent by a fourth power."""
    f, g = mpf(0), [mpf(0)] * len(x)
    for j, v in enumerate(x):
        h = mpf(4) ** (2 * j - 5) * (1 + mpf((i + j) % 3) / 4)
        u = v - mpf((3 * i + j) % 5 - 2) / 4
        f += h * (u * u / 2 + u ** 4 / 16)
        g[j] = h * (u + u ** 3 / 4)
    return f, g


def chain(i, x):
    """A chain with the links of term i made stiffer, and a fourth power."""
    f, g = mpf(0), [mpf(0)] * len(x)
    n = len(x)
    for j in range(n):
        u = x[j] - mpf((i + 2 * j) % 7) / 4
        f += u ** 4 / 8 + u * u / 4
        g[j] += u ** 3 / 2 + u / 2
    for j in range(n - 1):
        k = mpf(1 + (i + j) % 3)
        u = x[j + 1] - x[j]
        f += k * u * u / 2
        g[j] -= k * u
        g[j + 1] += k * u
    return f, g


def run(name, objective, x0, terms, seed, evaluations, mistake="", right=None):
    """A case. One with a mistake ends soon after it has left the right one, and is None if it does not."""
    s = SFO(objective, [mpf(v) for v in x0], terms, seed, mistake)
    left = None
    while len(s.log) < evaluations and left is None:
        s.step()
        for k in range(len(s.log) if right else 0):
            if k == evaluations:
                break
            i, x = s.log[k]
            if i != right["Asked"][k] or max(abs(a - b) for a, b in zip(x, right["Points"][k])) > 1e-3:
                left = k
                evaluations = min(evaluations, k + 1)
    print(name, mistake, s.count, "left at", left, file=sys.stderr, flush=True)
    if right and left is None:
        return None
    log = s.log[:evaluations]
    return {"Name": name, "Mistake": mistake, "Objective": objective.__name__, "X0": x0, "Terms": terms, "Seed": seed,
            "Asked": [i for i, _ in log], "Points": [[float(v) for v in x] for _, x in log]}


if __name__ == "__main__":
    cases = [
        ("rosenbrock", rosenbrock, [-1.25, 1.5, -1.5, 0.75], 8, 1, 200),
        ("scales", scales, [2.0, -1.5, 3.0, 1.0, -2.0, 1.5], 6, 2, 120),
        ("subspace", chain, [((7 * j) % 11) / 4 - 1 for j in range(20)], 3, 3, 60),
    ]
    mistakes = ["a pair with the start", "only positive curvature", "no failure test", "any rise fails", "gain of the mean",
                "failed point forgotten", "e is the largest", "eigenvalues cut off", "absolute eigenvalues", "eta does not recover",
                "no limit of the step", "grows on failure only", "no floor of e", "x not kept"]
    right = [run(*c) for c in cases]
    wrong = []
    for m in mistakes:
        found = None
        for c, r in zip(cases, right):
            found = found or run(*c, m, r)
        wrong.append(found)
    with open("sfo.json", "w") as f:
        json.dump({"Source": "sfo.py", "Versions": {"python": platform.python_version(), "mpmath": mpmath.__version__},
                   "Cases": right + [w for w in wrong if w]}, f)
        f.write("\n")
