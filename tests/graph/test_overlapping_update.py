"""An update in place of memory that several elements share."""

from __future__ import annotations

import rushlight


def test_scatter_into_an_expanded_tensor():
    rows = rushlight.tensor([[0], [1], [2]])
    got = rushlight.ones(1).expand(3, 4).scatter(1, rows, 0.0)
    assert got.tolist() == [[0, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1]]


def test_gradient_of_scatter():
    x = rushlight.zeros(2, 3, requires_grad=True)
    x.scatter(1, rushlight.tensor([[0], [2]]), 5.0).sum().backward()
    assert x.grad.tolist() == [[0, 1, 1], [1, 1, 0]]
