"""The convolution kernels against the definition, written as loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rushlight.runtime.reference import convolution as C

CASES = [
    # spatial, kernel, stride, padding, dilation, groups
    ((9,), (3,), (2,), ((1, 1),), (2,), 1),
    ((6, 7), (3, 2), (1, 2), ((1, 0), (0, 2)), (1, 1), 1),
    ((6, 7), (2, 3), (2, 1), ((0, 0), (1, 1)), (2, 2), 2),
    ((6, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 4),
    ((4, 5, 3), (2, 2, 3), (1, 2, 1), ((1, 1), (0, 1), (1, 1)), (1, 2, 1), 2),
]


def by_definition(x, w, stride, padding, dilation, groups):
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    out_size = C.output_size(x.shape[2:], w.shape[2:], stride, ((0, 0),) * len(stride), dilation)
    out = np.zeros((len(x), len(w), *out_size))
    per_group = len(w) // groups
    for o, at in product(range(len(w)), product(*map(range, out_size))):
        first = o // per_group * w.shape[1]
        for tap in product(*map(range, w.shape[2:])):
            where = tuple(
                a * s + t * d for a, s, t, d in zip(at, stride, tap, dilation, strict=True)
            )
            for c in range(w.shape[1]):
                out[(slice(None), o, *at)] += x[(slice(None), first + c, *where)] * w[(o, c, *tap)]
    return out


def operands(spatial, kernel, groups, dtype=np.float64):
    rng = np.random.default_rng(0)
    x = rng.integers(-4, 5, (3, 4, *spatial)).astype(dtype)
    w = rng.integers(-4, 5, (8, 4 // groups, *kernel)).astype(dtype)
    return x, w


@pytest.mark.parametrize(("spatial", "kernel", "stride", "padding", "dilation", "groups"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_forward(spatial, kernel, stride, padding, dilation, groups, dtype):
    x, w = operands(spatial, kernel, groups, dtype)
    y = C.conv_forward(x, w, stride, padding, dilation, groups)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, by_definition(x, w, stride, padding, dilation, groups))


@pytest.mark.parametrize(("spatial", "kernel", "stride", "padding", "dilation", "groups"), CASES)
@pytest.mark.parametrize("piece_bytes", [1, 1 << 22])
def test_gradients_are_adjoint(
    spatial, kernel, stride, padding, dilation, groups, piece_bytes, monkeypatch
):
    # <conv(x, w), g> is linear in x and in w, so unit operands read off the gradients; integers
    # make every product exact.
    monkeypatch.setattr(C, "_PIECE_BYTES", piece_bytes)
    x, w = operands(spatial, kernel, groups)
    config = (stride, padding, dilation, groups)
    y = C.conv_forward(x, w, *config)
    g = np.random.default_rng(1).integers(-4, 5, y.shape).astype(np.float64)
    gx = C.conv_input_grad(g, w, x.shape, *config)
    gw = C.conv_weight_grad(x, g, w.shape, *config)
    assert gx.shape == x.shape
    assert gw.shape == w.shape
    other = np.random.default_rng(2)
    for _ in range(3):
        dx = other.integers(-4, 5, x.shape).astype(np.float64)
        dw = other.integers(-4, 5, w.shape).astype(np.float64)
        assert (C.conv_forward(dx, w, *config) * g).sum() == (gx * dx).sum()
        assert (C.conv_forward(x, dw, *config) * g).sum() == (gw * dw).sum()


def test_empty_batch_and_empty_output():
    config = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    w = np.ones((5, 2, 3, 3), np.float32)
    x = np.ones((0, 2, 6, 6), np.float32)
    y = C.conv_forward(x, w, *config)
    assert y.shape == (0, 5, 4, 4)
    assert C.conv_input_grad(y, w, x.shape, *config).shape == x.shape
    np.testing.assert_array_equal(C.conv_weight_grad(x, y, w.shape, *config), np.zeros_like(w))
    narrow = np.ones((2, 2, 2, 6), np.float32)
    y = C.conv_forward(narrow, w, *config)
    assert y.shape == (2, 5, 0, 4)
    assert not C.conv_input_grad(y, w, narrow.shape, *config).any()


def test_results_do_not_depend_on_input_order_in_memory():
    x, w = operands((6, 7), (3, 3), 1)
    config = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    strided = np.asfortranarray(x)
    np.testing.assert_array_equal(
        C.conv_forward(strided, w, *config), C.conv_forward(x, w, *config)
    )


def test_unfold_and_fold():
    x = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    config = ((2, 2), (2, 1), ((1, 0), (0, 0)), (1, 2))
    columns = C.unfold(x, *config)
    assert columns.shape == (2, 12, 6)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 0)))
    for row, (c, i, j) in enumerate(product(range(3), range(2), range(2))):
        expected = padded[:, c, i : i + 3 : 2, j * 2 : j * 2 + 3].reshape(2, -1)
        np.testing.assert_array_equal(columns[:, row], expected)
    other = np.random.default_rng(0).integers(-5, 5, columns.shape)
    folded = C.fold(other, x.shape, *config)
    assert (folded * x).sum() == (other * columns).sum()
