"""Jacobians, Hessians and products with them; ``torch.func`` and ``vmap``."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight import func
from rushlight.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp


@pytest.fixture
def x() -> rl.Tensor:
    return rl.tensor([1.0, 2.0])


def cubes(a):
    return (a**3).sum()


def test_jacobian_of_every_structure(x):
    assert jacobian(lambda a: a * a, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    first, second = jacobian(lambda a, b: a * b, (x, x + 1))
    assert first.tolist() == [[2.0, 0.0], [0.0, 3.0]]
    assert second.tolist() == [[1.0, 0.0], [0.0, 2.0]]
    double, total = jacobian(lambda a: (a * 2, a.sum()), x)
    assert double.tolist() == [[2.0, 0.0], [0.0, 2.0]]
    assert total.tolist() == [1.0, 1.0]
    assert jacobian(lambda a: a.detach(), x).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_hessian(x):
    assert hessian(cubes, x).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    table = hessian(lambda a, b: (a**2 * b).sum(), (x, x))
    assert table[0][1].tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert table[1][1].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    with pytest.raises(RuntimeError, match="should contain a single element"):
        hessian(rl.sin, x)


def test_products(x):
    v = rl.tensor([1.0, -1.0])
    assert [t.tolist() for t in vjp(lambda a: a * a, x, v)] == [[1.0, 4.0], [2.0, -4.0]]
    assert [t.tolist() for t in jvp(lambda a: a * a, x, v)] == [[1.0, 4.0], [2.0, -4.0]]
    assert vhp(cubes, x, v)[1].tolist() == [6.0, -12.0]
    assert hvp(cubes, x, v)[1].tolist() == [6.0, -12.0]


def test_errors(x):
    with pytest.raises(RuntimeError, match="vector v can only be None"):
        vjp(rl.sin, x)
    with pytest.raises(RuntimeError, match=r"v has invalid size: should be torch.Size\(\[2\]\)"):
        vjp(rl.sin, x, rl.ones(3))
    with pytest.raises(RuntimeError, match="does not require gradients"):
        jacobian(lambda a: a.detach(), x, strict=True)
    with pytest.raises(
        TypeError, match="inputs given to jacobian must be either a Tensor or a tuple"
    ):
        jacobian(rl.sin, 3)


def test_create_graph(x):
    a = x.requires_grad_()
    jacobian(lambda b: b**3, a, create_graph=True).sum().backward()
    assert a.grad.tolist() == [6.0, 12.0]


def test_gradients_as_functions(x):
    assert func.grad(cubes)(x).tolist() == [3.0, 12.0]
    gradient, value = func.grad_and_value(cubes)(x)
    assert (gradient.tolist(), value.item()) == ([3.0, 12.0], 9.0)
    assert func.grad(func.grad(lambda v: v**3))(x[1]).item() == 12.0
    assert func.grad(lambda p: (p["w"] * 2).sum())({"w": x})["w"].tolist() == [2.0, 2.0]
    assert func.jacrev(lambda a: a * a)(x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert func.hessian(cubes)(x).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    outputs, pull = func.vjp(rl.square, x)
    assert outputs.tolist() == [1.0, 4.0]
    assert pull(rl.ones(2))[0].tolist() == [2.0, 4.0]
    with pytest.raises(RuntimeError, match="return a scalar tensor, got tensor with 1 dims"):
        func.grad(rl.sin)(x)


def test_functional_call_leaves_the_module_as_it_was(x):
    layer = rl.nn.Linear(2, 1)
    before = layer.weight
    values = {name: rl.ones_like(p) for name, p in layer.named_parameters()}
    assert func.functional_call(layer, values, (x,)).tolist() == [4.0]
    assert layer.weight is before
    with pytest.raises(ValueError, match="no parameter or buffer 'nothing'"):
        func.functional_call(layer, {"nothing": x}, (x,))


def test_vmap():
    a = rl.arange(6.0).reshape(2, 3)
    assert rl.vmap(rl.dot)(a, a).tolist() == [5.0, 50.0]
    assert rl.vmap(lambda v, w: v * w, in_dims=(0, None))(a, a[0]).tolist() == [
        [0, 1, 4],
        [0, 4, 10],
    ]
    assert rl.vmap(lambda v: v * 2, in_dims=1, out_dims=1)(a).tolist() == (a * 2).tolist()
    assert func.vmap(func.grad(lambda v: (v * v).sum()))(a).tolist() == (a * 2).tolist()
    with pytest.raises(ValueError, match="same size in the mapped dimension"):
        rl.vmap(rl.add)(a, rl.ones(5, 3))
    with pytest.raises(ValueError, match="cannot vmap over non-Tensor"):
        rl.vmap(lambda v: v)(3)
