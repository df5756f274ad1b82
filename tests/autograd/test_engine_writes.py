"""Gradients through in-place writes, views and what was saved before a write."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import rushlight
from rushlight.autograd import grad


def test_saved_operand_keeps_the_value_of_then():
    x = rushlight.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    z = y * y
    y.mul_(10)
    z.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_saved_result_keeps_the_value_of_then():
    x = rushlight.tensor([0.0, 1.0], requires_grad=True)
    y = x.exp()
    z = y * 1
    y.zero_()
    z.sum().backward()
    assert x.grad.tolist() == pytest.approx([1.0, 2.7182817459106445])


def test_saved_operand_keeps_the_history_of_then():
    x = rushlight.tensor([3.0], requires_grad=True, dtype=rushlight.float64)
    y = x * x  # 9
    z = y * y  # x^4
    y.mul_(x)  # now x^3, with another node
    (first,) = grad(z.sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x)
    assert first.item() == 4 * 27
    assert second.item() == 12 * 9


def test_second_derivative_after_a_leaf_was_overwritten():
    x = rushlight.tensor([2.0], requires_grad=True)
    y = (x * x * x).sum()
    with rushlight.no_grad():
        x.fill_(100.0)
    (first,) = grad(y, x, create_graph=True)
    (second,) = grad(first.sum(), x)
    assert (first.item(), second.item()) == (12, 12)


def test_saved_leaf_whose_address_is_known():
    a = rushlight.ones(2)
    x = rushlight.ones(2, requires_grad=True)
    a.data_ptr()
    y = (x * a).sum()
    a.copy_(rushlight.full((2,), 5.0))
    y.backward()
    assert x.grad.tolist() == [1, 1]


def test_saved_operand_that_numpy_overwrites():
    memory = np.ones(2, np.float32)
    x = rushlight.ones(2, requires_grad=True)
    y = (x * rushlight.from_numpy(memory)).sum()
    memory[:] = 7
    y.backward()
    assert x.grad.tolist() == [1, 1]


def test_a_stale_view_is_not_the_first_tracked_operand():
    x = rushlight.ones(3, requires_grad=True)
    y = x * 1
    view = y[1:]
    y.mul_(3)
    (rushlight.ones(2, requires_grad=True) * view).sum().backward()
    assert x.grad.tolist() == [0, 3, 3]


def test_write_through_a_view_of_a_base_that_is_not_contiguous():
    w = rushlight.tensor([1.0, 2.0], requires_grad=True)
    base = rushlight.zeros(4, 3).t().detach()
    base[0, 1:3] = w
    (base * rushlight.arange(12.0).reshape(3, 4)).sum().backward()
    assert w.grad.tolist() == [1, 2]


def test_write_through_a_view_of_a_transposed_copy():
    w = rushlight.zeros(3, 4, requires_grad=True)
    copy = (w * 1).t().clone()
    assert copy.stride() == (1, 4)
    copy[0, 1:3] *= rushlight.tensor([2.0, 3.0])
    (copy * rushlight.arange(12.0).reshape(4, 3)).sum().backward()
    assert w.grad.tolist() == [[0, 3, 6, 9], [2, 4, 7, 10], [6, 5, 8, 11]]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda w: (w * 1).t().clone(), [[0, 1, 0, 2], [0, 3, 0, 0], [0, 0, 0, 0]]),
        (lambda w: w[:, 1:3], [[0, 1, 0, 0], [0, 3, 0, 0], [0, 0, 0, 0]]),
    ],
)
def test_as_strided_of_what_is_not_contiguous(make, expected):
    w = rushlight.zeros(3, 4, requires_grad=True)
    (make(w).as_strided((3,), (2,), 1) * rushlight.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert w.grad.tolist() == expected


def test_as_strided_of_an_expanded_tensor_shares_the_gradient():
    w = rushlight.zeros(1, requires_grad=True)
    w.expand(4).as_strided((2,), (0,)).sum().backward()
    assert w.grad.tolist() == [2]


def _holds_no_cycle(build):
    gc.collect()
    gc.disable()
    try:
        kept = build()
        references = [weakref.ref(x) for x in kept]
        del kept
        assert [r() for r in references] == [None] * len(references)
    finally:
        gc.enable()


def test_no_cycle_when_an_operand_is_updated_by_what_saved_it():
    def build():
        x = rushlight.ones(2, requires_grad=True)
        y = x * 1
        z = y * y
        y.add_(z)
        return [x, y, z, y.grad_fn, z.grad_fn]

    _holds_no_cycle(build)


def test_no_cycle_when_a_constant_gains_history():
    def build():
        x = rushlight.ones(2, requires_grad=True)
        c = rushlight.ones(2)
        z = c * x
        c.add_(z)
        return [c, z, c.grad_fn]

    _holds_no_cycle(build)


def test_no_cycle_through_views():
    def build():
        x = rushlight.ones(4, requires_grad=True)
        y = x * 1
        v = y[1:3]
        w = y.view(2, 2)
        v.mul_(v.sum())
        w.t()[0] += y[:2]
        return [x, y, v, w, y.grad_fn, w.grad_fn]

    _holds_no_cycle(build)


def test_no_cycle_after_a_training_step():
    def build():
        net = rushlight.nn.Sequential(
            rushlight.nn.Linear(3, 4), rushlight.nn.ReLU(), rushlight.nn.Linear(4, 2)
        )
        optimizer = rushlight.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        out = net(rushlight.ones(5, 3))
        loss = rushlight.nn.functional.cross_entropy(out, rushlight.zeros(5, dtype=rushlight.int64))
        loss.backward()
        optimizer.step()
        return [out, loss, loss.grad_fn, *net.parameters()]

    _holds_no_cycle(build)
