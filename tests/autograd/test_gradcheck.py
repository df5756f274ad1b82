"""``gradcheck`` finds wrong gradients and says which."""

from __future__ import annotations

import pytest

import rushlight as rl
from rushlight.autograd import Function, gradcheck, gradgradcheck
from rushlight.autograd.gradcheck import GradcheckError


class Wrong(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


class WrongTwice(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x.detach() * x


@pytest.fixture
def x() -> rl.Tensor:
    return rl.tensor([1.0, 2.0], dtype=rl.float64, requires_grad=True)


def test_right_gradients(x):
    assert gradcheck(rl.sin, (x,))
    assert gradcheck(rl.sin, x)
    assert gradcheck(lambda a: (a * 2, a.sum()), (x,))
    assert gradcheck(rl.sin, (x,), fast_mode=True)
    assert gradgradcheck(rl.sin, (x,))
    assert rl.autograd.gradcheck is not None
    assert gradcheck(lambda a: a.long(), (x,))


def test_a_wrong_gradient_is_shown(x):
    with pytest.raises(
        GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"
    ) as e:
        gradcheck(Wrong.apply, (x,))
    assert "analytical:tensor([[3., 0.],\n        [0., 3.]], dtype=torch.float64)" in str(e.value)
    with pytest.raises(GradcheckError, match="fast mode"):
        gradcheck(Wrong.apply, (x,), fast_mode=True)
    assert not gradcheck(Wrong.apply, (x,), raise_exception=False)


def test_a_wrong_second_derivative_is_found(x):
    assert gradcheck(WrongTwice.apply, (x,))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(WrongTwice.apply, (x,))


def test_outputs_cut_off_from_their_inputs(x):
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda a: a.detach() * 2, (x,))


def test_inputs_that_cannot_be_checked(x):
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(rl.sin, (x.detach(),))
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double"):
        gradcheck(rl.sin, (x.detach().float().requires_grad_(),), eps=1e-2, atol=1e-2)
    with pytest.raises(NotImplementedError, match="forward-mode"):
        gradcheck(rl.sin, (x,), check_forward_ad=True)
