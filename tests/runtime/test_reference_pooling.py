"""The pooling kernels against the definition, written as loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from rushlight.runtime.reference import pooling as P

CASES = [
    # spatial, kernel, stride, padding, dilation, ceil_mode
    ((8,), (2,), (2,), (0,), (1,), False),
    ((7,), (3,), (2,), (1,), (1,), True),
    ((6, 8), (2, 2), (2, 2), (0, 0), (1, 1), False),
    ((7, 8), (3, 2), (2, 3), (1, 0), (1, 2), True),
    ((7, 8), (3, 3), (1, 1), (1, 1), (2, 1), False),
    ((4, 5, 6), (2, 3, 2), (2, 1, 2), (0, 1, 1), (1, 1, 1), True),
]


def windows(spatial, kernel, stride, padding, dilation, out_size):
    """For each output position the coordinates of its window that lie inside the image."""
    for at in product(*map(range, out_size)):
        taps = []
        for tap in product(*map(range, kernel)):
            where = [
                a * s - p + t * d
                for a, s, p, t, d in zip(at, stride, padding, tap, dilation, strict=True)
            ]
            if all(0 <= i < n for i, n in zip(where, spatial, strict=True)):
                taps.append(tuple(where))
        yield at, taps


@pytest.mark.parametrize(("spatial", "kernel", "stride", "padding", "dilation", "ceil"), CASES)
@pytest.mark.parametrize("special", [None, np.nan, -np.inf])
def test_max_pool(spatial, kernel, stride, padding, dilation, ceil, special):
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 3, (2, 3, *spatial)).astype(np.float32)
    if special is not None:
        x[rng.random(x.shape) < 0.4] = special
        x[0, 0] = special
    out_size = P.pool_output_size(spatial, kernel, stride, padding, dilation, ceil)
    indices = P.max_pool_indices(x, kernel, stride, padding, dilation, out_size)
    assert indices.dtype == np.int64
    for n, c in np.ndindex(2, 3):
        for at, taps in windows(spatial, kernel, stride, padding, dilation, out_size):
            best = taps[0]
            for tap in taps[1:]:
                value = x[(n, c, *tap)]
                if value > x[(n, c, *best)] or np.isnan(value):
                    best = tap
            assert indices[(n, c, *at)] == np.ravel_multi_index(best, spatial)


def test_max_pool_golden():
    x = np.array([[[[1, 5, 2, 2], [3, 4, 2, 9], [0, 0, 7, 7], [0, 0, 7, 7]]]], np.int32)
    config = ((2, 2), (2, 2), (0, 0), (1, 1))
    indices = P.max_pool_indices(x, *config, (2, 2))
    assert indices.tolist() == [[[[1, 7], [8, 10]]]]
    values = P.take_planes(x, indices)
    assert values.tolist() == [[[[5, 9], [0, 7]]]]
    for unique in (True, False):
        back = P.scatter_planes(values, indices, x.shape, unique)
        assert back.tolist() == [[[[0, 5, 0, 0], [0, 0, 0, 9], [0, 0, 7, 0], [0, 0, 0, 0]]]]


def test_overlapping_windows_add_up():
    x = np.array([[[0.0, 3.0, 1.0]]])
    indices = P.max_pool_indices(x, (2,), (1,), (0,), (1,), (2,))
    assert P.scatter_planes(np.array([[[2.0, 5.0]]]), indices, x.shape, False).tolist() == [
        [[0.0, 7.0, 0.0]]
    ]


@pytest.mark.parametrize(("spatial", "kernel", "stride", "padding", "dilation", "ceil"), CASES)
def test_window_sums(spatial, kernel, stride, padding, dilation, ceil):
    ones = (1,) * len(spatial)
    x = np.random.default_rng(0).integers(-9, 9, (2, 3, *spatial)).astype(np.float64)
    out_size = P.pool_output_size(spatial, kernel, stride, padding, ones, ceil)
    total = P.window_sum(x, kernel, stride, padding, out_size)
    counts = P.window_counts(spatial, kernel, stride, padding, out_size, False)
    for at, taps in windows(spatial, kernel, stride, padding, ones, out_size):
        expected = sum(x[(slice(None), slice(None), *tap)] for tap in taps)
        np.testing.assert_array_equal(total[(slice(None), slice(None), *at)], expected)
        assert counts[at] == len(taps)
    g = np.random.default_rng(1).integers(-9, 9, total.shape).astype(np.float64)
    spread = P.window_spread(g, x.shape, kernel, stride, padding)
    assert spread.shape == x.shape
    assert (spread * x).sum() == (g * total).sum()


def test_window_counts_with_padding():
    # Padding counts, but the column that only ceil_mode reaches does not.
    assert P.window_counts((5,), (3,), (3,), (1,), (3,), True).tolist() == [3, 3, 1]
    assert P.window_counts((5,), (3,), (3,), (1,), (3,), False).tolist() == [2, 3, 0]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 11])
def test_adaptive(count):
    x = np.random.default_rng(0).integers(-9, 9, (2, 3, 7, 5)).astype(np.float64)
    total = P.adaptive_window_sum(x, (count, 2))
    indices = P.adaptive_max_pool_indices(x, (count, 2))
    counts = P.adaptive_window_counts((7, 5), (count, 2))
    rows, columns = P.adaptive_bounds(7, count), P.adaptive_bounds(5, 2)
    for i, j in np.ndindex(count, 2):
        assert rows[0][i] == i * 7 // count
        assert rows[1][i] == -(-(i + 1) * 7 // count)
        window = x[:, :, rows[0][i] : rows[1][i], columns[0][j] : columns[1][j]]
        np.testing.assert_array_equal(total[:, :, i, j], window.sum((2, 3)))
        np.testing.assert_array_equal(
            P.take_planes(x, indices)[:, :, i, j], window.max(axis=(2, 3))
        )
        assert counts[i, j] == window[0, 0].size
    g = np.random.default_rng(1).integers(-9, 9, total.shape).astype(np.float64)
    assert (P.adaptive_window_spread(g, x.shape) * x).sum() == (g * total).sum()


def test_adaptive_windows_do_not_spread_nan():
    x = np.array([[[np.nan, 1.0, 2.0, 3.0]]])
    np.testing.assert_array_equal(P.adaptive_window_sum(x, (2,)), [[[np.nan, 5.0]]])


def test_empty_batch():
    x = np.empty((0, 3, 6, 6), np.float32)
    assert P.max_pool_indices(x, (2, 2), (2, 2), (0, 0), (1, 1), (3, 3)).shape == (0, 3, 3, 3)
    assert P.window_sum(x, (2, 2), (2, 2), (0, 0), (3, 3)).shape == (0, 3, 3, 3)
    assert P.adaptive_window_sum(x, (4, 4)).shape == (0, 3, 4, 4)
    assert P.adaptive_max_pool_indices(x, (4, 4)).shape == (0, 3, 4, 4)
