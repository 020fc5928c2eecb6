"""Values and gradients of the models of package learn, by automatic differentiation in float64.

    python3 models.py > models.json

Made with Python 3.11.2, torch 1.13.0a0, numpy 1.24.2. Data and variables are those of formulas, which golden_test.go repeats.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def images(n, side):
    i, j = np.arange(n)[:, None], np.arange(side * side)[None, :]
    p = (7 * i * i + 13 * j + 5 * i * j + j * j) % 256
    p[p < 150] = 0
    return torch.tensor(p / 255.0).reshape(n, 1, side, side), torch.tensor([(k * k + k // 2) % 3 for k in range(n)])


def variables(n):
    return torch.tensor(0.4 * np.sin(1.7 * np.arange(1, n + 1)), requires_grad=True)


def take(x, at, *shape):
    n = int(np.prod(shape))
    return x[at : at + n].reshape(shape), at + n


def softmax(x, l2=0.01):
    v, y = images(7, 6)
    w, at = take(x, 0, 36, 3)
    b, at = take(x, at, 3)
    assert at == len(x)
    return F.cross_entropy(v.flatten(1) @ w + b, y) + l2 / 2 * (w**2).sum()


def perceptron(x, sizes=(36, 5, 4, 3)):
    v, y = images(7, 6)
    a, at = v.flatten(1), 0
    for l in range(1, len(sizes)):
        w, at = take(x, at, sizes[l], sizes[l - 1])
        b, at = take(x, at, sizes[l])
        a = F.linear(a, w, b)
        if l < len(sizes) - 1:
            a = F.relu(a)
    assert at == len(x)
    return F.cross_entropy(a, y)


def convolution(x):
    v, y = images(7, 18)
    w, at = take(x, 0, 2, 1, 5, 5)
    b, at = take(x, at, 2)
    v = F.max_pool2d(F.relu(F.conv2d(v, w, b)), 2)
    w, at = take(x, at, 3, 2, 5, 5)
    b, at = take(x, at, 3)
    v = F.max_pool2d(F.relu(F.conv2d(v, w, b)), 2).flatten(1)
    w, at = take(x, at, 3, v.shape[1])
    b, at = take(x, at, 3)
    assert at == len(x)
    return F.cross_entropy(F.linear(v, w, b), y)


def bag(x):
    n, words = 9, 20
    i, j = np.arange(n)[:, None], np.arange(words)[None, :]
    present = torch.tensor(((3 * i * i + 5 * j + i * j) % 4 == 0).astype(float))
    ratings = [(4 * k) % 10 + 1 for k in range(n)]
    good = torch.tensor([1.0 if r >= 7 else 0.0 for r in ratings])
    return F.binary_cross_entropy_with_logits(present @ x[:words] + x[words], good)


out = {}
for name, f, n in (
    ("Softmax", softmax, 36 * 3 + 3),
    ("Perceptron", perceptron, 36 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3),
    ("Convolution", convolution, 50 + 2 + 150 + 3 + 3 * 3 + 3),
    ("Bag", bag, 21),
):
    x = variables(n)
    value = f(x)
    value.backward()
    out[name] = {"Value": value.item(), "Gradient": x.grad.tolist()}
print(json.dumps(out))
