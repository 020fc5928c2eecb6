"""Times torch.optim.Adam for bench: reads lines "variables steps", answers with the nanoseconds of a step.

One tensor of float64 on one thread, a gradient that stays, and the defaults besides the step size.
"""
import sys
import time

import torch

torch.set_num_threads(1)
print(torch.__version__, flush=True)
dim = None
for line in sys.stdin:
    want, steps = map(int, line.split())
    if want != dim:
        dim = want
        x = torch.ones(dim, dtype=torch.float64, requires_grad=True)
        x.grad = (1 + torch.arange(dim) % 7).to(torch.float64)
        adam = torch.optim.Adam([x], lr=1e-3)
        adam.step()  # makes its state
    start = time.perf_counter_ns()
    for _ in range(steps):
        adam.step()
    print((time.perf_counter_ns() - start) / steps, flush=True)
