"""Custom functions: history, saved tensors, in-place and identity outputs, and the errors."""

from __future__ import annotations

import gc
import weakref

import pytest

import rushlight as rl
from rushlight.autograd import Function, grad, gradcheck, gradgradcheck
from rushlight.autograd.function import once_differentiable


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]


class Product(Function):
    @staticmethod
    def forward(a, b):
        return a * b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, g * a


def made(forward, backward):
    """A Function class from two functions."""
    return type(
        "Made", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    )


@pytest.fixture
def x() -> rl.Tensor:
    return rl.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize("f", [Square.apply, Exp.apply, lambda a: Product.apply(a, a + 1)])
def test_first_and_second_derivatives(f):
    a = rl.tensor([0.3, -1.2], dtype=rl.float64, requires_grad=True)
    assert gradcheck(f, (a,))
    assert gradgradcheck(f, (a,))


def test_node_is_named_after_the_class_and_shows_the_context(x):
    y = Square.apply(x)
    assert repr(y) == "tensor([1., 4.], grad_fn=<SquareBackward>)"
    assert y.grad_fn.name() == "SquareBackward"
    assert y.grad_fn.needs_input_grad == (True,)
    assert y.grad_fn.saved_tensors[0] is x
    assert [type(n).__name__ for n, _ in y.grad_fn.next_functions] == ["AccumulateGrad"]


def test_attributes_of_the_context_do_not_meet_the_engines_own(x):
    def forward(ctx, a):
        ctx.edges, ctx.outputs, ctx.site, ctx.shape = 1, 2, 3, 4
        return a * 2

    f = made(forward, lambda ctx, g: g * (ctx.edges + ctx.outputs + ctx.site + ctx.shape))
    f.apply(x).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]


def test_arguments_that_are_no_tensors_and_outputs_that_are_none(x):
    def forward(ctx, a, factor, name, *, other=None):
        ctx.factor = factor
        return a * factor, name

    y, name = made(forward, lambda ctx, g, _: (g * ctx.factor, None, None)).apply(x, 3, "relu")
    assert name == "relu"
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_outputs_without_gradient_come_as_zeros_or_none(x):
    seen = []

    def backward(ctx, g, h):
        seen.append(h)
        return g

    made(lambda ctx, a: (a * 2, a * 3), backward).apply(x)[0].sum().backward()

    def forward(ctx, a):
        ctx.set_materialize_grads(False)
        return a * 2, a * 3

    made(forward, backward).apply(x)[0].sum().backward()
    assert seen[0].tolist() == [0.0, 0.0]
    assert seen[1] is None


def test_non_differentiable_outputs(x):
    def forward(ctx, a):
        mask = a * 2
        ctx.mark_non_differentiable(mask)
        return a * 3, mask, a.argmax()

    y, mask, index = made(forward, lambda ctx, g, *rest: g * 3).apply(x)
    assert (y.requires_grad, mask.requires_grad, index.requires_grad) == (True, False, False)


def test_an_input_returned_as_it_is_becomes_a_view_with_history(x):
    y = made(lambda ctx, a: a, lambda ctx, g: g * 5).apply(x)
    assert y is not x
    assert y.data_ptr() == x.data_ptr()
    y.sum().backward()
    assert x.grad.tolist() == [5.0, 5.0]
    with pytest.raises(RuntimeError, match="created inside a custom Function"):
        y.add_(1)


def test_dirty_inputs_are_rebased(x):
    def forward(ctx, a):
        a.mul_(3)
        ctx.mark_dirty(a)
        return a

    triple = made(forward, lambda ctx, g: g * 3)
    z = x * 1
    assert triple.apply(z) is z
    z.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
    base = x * 1
    triple.apply(base[:1])
    assert type(base.grad_fn).__name__ == "CopySlices"
    assert grad(base.sum(), x)[0].tolist() == [3.0, 1.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad has been used"):
        triple.apply(x)


def test_dirty_inputs_must_be_returned(x):
    def forward(ctx, a):
        ctx.mark_dirty(a)
        return a * 2

    with pytest.raises(RuntimeError, match="marked as dirty during the forward method were not"):
        made(forward, lambda ctx, g: g).apply(x * 1)


def test_saved_tensors_keep_their_value_when_written_to(x):
    z = x * 1
    y = Square.apply(z)
    z.add_(100)
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        (lambda ctx, g: (g, g), r"returned an incorrect number of gradients \(expected 1, got 2\)"),
        (lambda ctx, g: 5, r"expected Variable or None \(got int\)"),
        (
            lambda ctx, g: rl.ones(3),
            r"invalid gradient at index 0 - got \[3\] but expected shape compatible with \[2\]",
        ),
    ],
)
def test_wrong_gradients(x, backward, message):
    with pytest.raises(RuntimeError, match=message):
        made(lambda ctx, a: a * 2, backward).apply(x).sum().backward()


def test_gradient_of_an_argument_that_is_no_tensor(x):
    f = made(lambda ctx, a, k: a * k, lambda ctx, g: (g, g))
    with pytest.raises(RuntimeError, match="gradient different than None at position 2"):
        f.apply(x, 3).sum().backward()


def test_trailing_nones_are_dropped(x):
    made(lambda ctx, a: a * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_second_backward_needs_the_saved_tensors(x):
    y = Square.apply(x)
    y.backward(rl.ones(2))
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward(rl.ones(2))
    z = made(lambda ctx, a: a * 2, lambda ctx, g: g * 2).apply(x)
    z.backward(rl.ones(2))
    z.backward(rl.ones(2))  # nothing was saved


def test_once_differentiable(x):
    class F(Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            return g * 2

    seed = rl.ones(2, requires_grad=True)
    (first,) = grad(F.apply(x), x, seed, create_graph=True)
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        first.sum().backward()


def test_what_a_subclass_must_define(x):
    with pytest.raises(NotImplementedError, match="must implement the forward function"):
        type("Empty", (Function,), {}).apply(x)
    half = type("Half", (Function,), {"forward": staticmethod(lambda ctx, a: a * 2)})
    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        half.apply(x).sum().backward()
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        f = Square()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        f(x)
    with pytest.raises(TypeError, match="save_for_backward can only save variables"):
        made(lambda ctx, a: ctx.save_for_backward(a, 3), lambda ctx, g: g).apply(x)


def test_no_history_where_none_is_recorded(x):
    with rl.no_grad():
        assert not Square.apply(x).requires_grad
    assert not Square.apply(x.detach()).requires_grad


def test_outputs_that_were_saved_form_no_cycle(x):
    gc.disable()
    try:
        y = Exp.apply(x)
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    finally:
        gc.enable()
