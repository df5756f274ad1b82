"""Tensors among NumPy's functions and arrays; distances by matrix product."""

from __future__ import annotations

import numpy as np

import rushlight as rl


def test_universal_functions_return_tensors() -> None:
    """``np.sqrt(tensor)`` is a tensor; booleans come back as bytes."""
    x = rl.tensor([1.0, 4.0])
    assert isinstance(np.sqrt(x), rl.Tensor)
    assert np.sqrt(x).tolist() == [1.0, 2.0]
    assert np.isnan(x).dtype is rl.uint8


def test_comparison_with_an_array() -> None:
    """Elementwise, as with a tensor."""
    assert (rl.tensor([1.0, 2.0]) == np.array([1.0, 3.0])).tolist() == [True, False]


def test_distances_by_product_agree_with_differences() -> None:
    """Values and gradients, also where the distance is zero."""
    rl.manual_seed(0)
    a = rl.randn(30, 4, requires_grad=True)
    found = rl.cdist(a, a.detach())
    direct = rl.cdist(a, a.detach(), compute_mode="donot_use_mm_for_euclid_dist")
    assert rl.allclose(found, direct, atol=2e-3)
    found.sum().backward()
    assert a.grad is not None
    assert bool(rl.isfinite(a.grad).all())


def test_axis_is_dim() -> None:
    """NumPy's names of arguments work wherever ``dim`` and ``keepdim`` do."""
    x = rl.arange(6.0).reshape(2, 3)
    assert x.argmax(axis=1).tolist() == [2, 2]
    assert x.softmax(axis=0).shape == (2, 3)
    assert x.std(axis=1, keepdims=True).shape == (2, 1)
    assert rl.cat([x, x], axis=1).shape == (2, 6)
