"""Convolution and pooling operators without PyTorch: golden values and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight as r


@pytest.fixture
def x():
    return r.arange(16.0).reshape(1, 1, 4, 4)


@pytest.fixture
def w():
    return r.arange(8.0).reshape(2, 1, 2, 2)


def test_conv2d(x, w):
    assert r.conv2d(x, w, r.tensor([1.0, -1.0]), stride=2, padding=1).tolist() == [
        [
            [[1, 9, 7], [29, 55, 23], [13, 15, 1]],
            [[-1, 19, 17], [75, 173, 93], [59, 121, 59]],
        ]
    ]


def test_conv_transpose2d(x, w):
    assert r.conv_transpose2d(x[:, :, :2, :2], w[:1], stride=2).tolist() == [
        [[[0, 0, 0, 1], [0, 0, 2, 3], [0, 4, 0, 5], [8, 12, 10, 15]]]
    ]


def test_pooling(x):
    assert r.max_pool2d(x, 3, 2, 1).tolist() == [[[[5, 7], [13, 15]]]]
    assert r.max_pool2d_with_indices(x, 2)[1].tolist() == [[[[5, 7], [13, 15]]]]
    averages = r.avg_pool2d(x, 3, 2, 1).numpy()
    np.testing.assert_allclose(averages, [[[[10 / 9, 24 / 9], [51 / 9, 10]]]], rtol=1e-6)
    assert r.adaptive_avg_pool2d(x, 3).tolist() == [
        [[[2.5, 3.5, 4.5], [6.5, 7.5, 8.5], [10.5, 11.5, 12.5]]]
    ]
    assert r.adaptive_max_pool2d(x, 2)[0].tolist() == [[[[5, 7], [13, 15]]]]


def numeric_gradient(f, t, epsilon=1e-6):
    """Central differences of the scalar ``f(t)``."""
    values = t.detach().numpy().copy()
    grad = np.zeros_like(values)
    for at in np.ndindex(*values.shape):
        ends = []
        for step in (epsilon, -epsilon):
            moved = values.copy()
            moved[at] += step
            ends.append(f(r.tensor(moved)).item())
        grad[at] = (ends[0] - ends[1]) / (2 * epsilon)
    return grad


FUNCTIONS = {
    "conv": lambda x: r.conv2d(x, KERNEL, stride=2, padding=1, dilation=2),
    "transposed": lambda x: r.conv_transpose2d(x, KERNEL.transpose(0, 1), stride=2, padding=1),
    "max": lambda x: r.max_pool2d(x, 3, 2, 1),
    "average": lambda x: r.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    "adaptive": lambda x: r.adaptive_avg_pool2d(x, (3, 2)),
    "adaptive max": lambda x: r.adaptive_max_pool2d(x, (3, 2))[0],
}
KERNEL = r.tensor(np.random.default_rng(1).standard_normal((2, 2, 2, 2)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_match_finite_differences(name):
    def loss(t):
        return (FUNCTIONS[name](t) ** 3).sum()

    x = r.tensor(np.random.default_rng(0).standard_normal((1, 2, 5, 5))).requires_grad_()
    loss(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), numeric_gradient(loss, x), rtol=1e-5, atol=1e-6)


def test_errors_name_the_sizes():
    with pytest.raises(RuntimeError, match=r"Given groups=1, weight of size \[6, 1, 5, 5\], expec"):
        r.conv2d(r.ones(1, 3, 32, 32), r.ones(6, 1, 5, 5))
    with pytest.raises(RuntimeError, match=r"\(4 x 4\). Kernel size: \(5 x 5\)"):
        r.conv2d(r.ones(1, 1, 4, 4), r.ones(6, 1, 5, 5))
    with pytest.raises(RuntimeError, match="Output size is too small"):
        r.max_pool2d(r.ones(1, 1, 4, 4), 5)


def test_nothing_is_computed_while_recording():
    x, w = r.ones(2, 3, 8, 8), r.ones(4, 3, 3, 3, requires_grad=True)
    r.flush()
    steps = r.counters.steps
    y = r.max_pool2d(r.conv2d(x, w, padding="same"), 2)
    assert r.counters.steps == steps
    y.sum().backward()
    assert w.grad.shape == w.shape
