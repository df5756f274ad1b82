"""What nodes keep alive: nothing of operands whose shape is all that their gradient needs."""

from __future__ import annotations

import weakref

import pytest

import rushlight as rl

SHAPE_ONLY = {
    "sum": lambda x: x.sum(),
    "sum over a dim": lambda x: x.sum(1),
    "mean": lambda x: x.mean(0),
    "select": lambda x: x[0],
    "slice": lambda x: x[1:],
    "diagonal": lambda x: x.diagonal(),
    "as_strided": lambda x: x.as_strided((2, 2), (1, 1)),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "split": lambda x: x.split(2)[0],
    "cat": lambda x: rl.cat([x, x]),
    "repeat": lambda x: x.repeat(2, 2),
    "to": lambda x: x.double(),
    "reshape with a copy": lambda x: x.t().reshape(-1),
    "trace": lambda x: x[:, :3].trace(),
}


@pytest.mark.parametrize("name", SHAPE_ONLY)
def test_backward_runs_twice_and_keeps_no_operand(name):
    leaf = rl.ones(3, 4, requires_grad=True)
    x = leaf + 0  # a product would save its number, as in PyTorch
    y = SHAPE_ONLY[name](x)
    seed = rl.ones_like(y)
    y.backward(seed)
    first = leaf.grad.tolist()
    y.backward(seed)
    assert leaf.grad.tolist() == [[2 * g for g in row] for row in first]
    node, memory = y.grad_fn, weakref.ref(x._storage)
    del x, y
    assert node is not None
    assert memory() is None
