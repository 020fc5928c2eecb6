#!/usr/bin/python3
"""Streams of stochopt.Sample, from the definition: two SplitMix64-style hashes of (Seed, Step, Probe, Replicate) seed a
PCG-DXSM generator of 128 bits (M. E. O'Neill, pcg-cpp; the variant of Go's math/rand/v2).

Run: python3 sample.py > sample.json      (Python 3.11.2, no packages)
"""
import json
import platform

M64, M128 = 2**64 - 1, 2**128 - 1


def absorb(h, w):
    h = ((h ^ w) + 0x9E3779B97F4A7C15) & M64
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & M64
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & M64
    return h ^ (h >> 31)


def stream(sample, n):
    hi, lo = 0x243F6A8885A308D3, 0x13198A2E03707344
    for w in sample:
        hi, lo = absorb(hi, w & M64), absorb(lo, w & M64)
    state = hi << 64 | lo
    out = []
    for _ in range(n):
        state = (state * (2549297995355413924 << 64 | 4865540595714422341) + (6364136223846793005 << 64 | 1442695040888963407)) & M128
        h, l = state >> 64, state & M64
        h ^= h >> 32
        h = (h * 0xDA942042E4DD58B5) & M64
        h ^= h >> 48
        h = (h * (l | 1)) & M64
        out.append(h)
    return out


samples = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, -1, 0, 0), (2**64 - 1, 2**31, 3, 2**40), (42, 1000, 2, 7)]
print(json.dumps({
    "python": platform.python_version(),
    "samples": [{"sample": dict(zip(("Seed", "Step", "Probe", "Replicate"), s)), "uint64": stream(s, 4)} for s in samples],
}, indent=1))
