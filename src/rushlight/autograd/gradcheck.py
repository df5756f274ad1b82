"""``gradcheck`` and ``gradgradcheck``: gradients by backward against differences of values."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..dtypes import float64
from ..tensor import Tensor

_Function = Callable[..., Any]


class GradcheckError(RuntimeError):
    """A gradient is wrong."""


def _tupled(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, list | tuple) else (x,)


def _outputs(func: _Function, inputs: tuple[Any, ...]) -> list[Tensor]:
    """The floating point outputs (integers have no gradient)."""
    return [t for t in _tupled(func(*inputs)) if t.is_floating_point()]


def _checked_inputs(inputs: tuple[Any, ...], raise_exception: bool) -> list[int]:
    """The positions of inputs that require grad; warns where a check cannot be precise."""
    wanted = []
    for i, t in enumerate(inputs):
        if not isinstance(t, Tensor) or not t.requires_grad:
            continue
        wanted.append(i)
        if t.dtype is not float64:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
        if any(s == 0 and n > 1 for s, n in zip(t.stride(), t.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    return wanted


def _moved(t: Tensor, step: np.ndarray) -> Tensor:
    moved = Tensor._from_array(t._array().astype(np.float64) + step).to(t.dtype)
    return moved.requires_grad_()


def _difference(
    func: _Function, inputs: tuple[Any, ...], i: int, step: np.ndarray, eps: float
) -> list[np.ndarray]:
    """The change of each output along ``step`` of input ``i``, by a central difference."""
    values = []
    for sign in (1.0, -1.0):
        moved = _moved(inputs[i], sign * step)
        found = _outputs(func, (*inputs[:i], moved, *inputs[i + 1 :]))
        values.append([t.detach()._array().astype(np.float64) for t in found])
    return [(a - b) / (2 * eps) for a, b in zip(*values, strict=True)]


def _numerical(
    func: _Function, inputs: tuple[Any, ...], i: int, outputs: list[Tensor], eps: float
) -> list[np.ndarray]:
    """One Jacobian per output, (input elements, output elements)."""
    t = inputs[i]
    columns: list[list[np.ndarray]] = []
    for k in range(t.numel()):
        step = np.zeros(t.numel())
        step[k] = eps
        columns.append(_difference(func, inputs, i, step.reshape(t.shape), eps))
    return [
        np.array([c[j].reshape(-1) for c in columns]).reshape(t.numel(), out.numel())
        for j, out in enumerate(outputs)
    ]


def _backward(out: Tensor, wanted: Sequence[Tensor], seed: np.ndarray) -> list[np.ndarray]:
    from . import grad

    v = Tensor._from_array(seed.reshape(out.shape)).to(out.dtype)
    found = grad([out], list(wanted), [v], retain_graph=True, allow_unused=True)
    return [
        np.zeros(t.shape) if g is None else g.detach()._array().astype(np.float64)
        for g, t in zip(found, wanted, strict=True)
    ]


def _analytical(out: Tensor, wanted: Sequence[Tensor]) -> list[np.ndarray]:
    """One Jacobian per input, (input elements, output elements)."""
    rows = []
    for k in range(out.numel()):
        seed = np.zeros(out.numel())
        seed[k] = 1
        rows.append(_backward(out, wanted, seed))
    return [
        np.array([r[i].reshape(-1) for r in rows]).reshape(out.numel(), t.numel()).T
        for i, t in enumerate(wanted)
    ]


def _shown(a: np.ndarray, like: Tensor) -> str:
    return repr(Tensor._from_array(np.ascontiguousarray(a)).to(like.dtype))


def _mismatch(i: int, j: int, numerical: Any, analytical: Any) -> str:
    return (
        f"Jacobian mismatch for output {j} with respect to input {i},\n"
        f"numerical:{numerical}\nanalytical:{analytical}\n"
    )


def _check_slow(
    func: _Function,
    inputs: tuple[Any, ...],
    wanted: list[int],
    outputs: list[Tensor],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    leaves = [inputs[i] for i in wanted]
    analytical = [_analytical(out, leaves) for out in outputs]
    for j, out in enumerate(outputs):
        again = _analytical(out, leaves)
        for first, second in zip(analytical[j], again, strict=True):
            if np.abs(first - second).max(initial=0.0) > nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient.The tolerance for nondeterminism was "
                    f"{nondet_tol}."
                )
    for position, i in enumerate(wanted):
        numerical = _numerical(func, inputs, i, outputs, eps)
        for j, out in enumerate(outputs):
            n, a = numerical[j], analytical[j][position]
            if not np.allclose(a, n, rtol, atol):
                raise GradcheckError(_mismatch(i, j, _shown(n, out), _shown(a, out)))


def _check_fast(
    func: _Function,
    inputs: tuple[Any, ...],
    wanted: list[int],
    outputs: list[Tensor],
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    """One random direction instead of each element."""
    rng = np.random.default_rng(0)

    def direction(t: Tensor) -> np.ndarray:
        v = rng.random(t.shape)
        return v / max(float(np.sqrt((v * v).sum())), 1e-30)

    for j, out in enumerate(outputs):
        seed = direction(out)
        analytical = _backward(out, [inputs[i] for i in wanted], seed)
        for position, i in enumerate(wanted):
            u = direction(inputs[i])
            change = _difference(func, inputs, i, u * eps, eps)[j]
            n = float((change * seed).sum())
            a = float((analytical[position] * u).sum())
            if not np.allclose(a, n, rtol, atol):
                raise GradcheckError(
                    _mismatch(i, j, n, a)
                    + "\nThe above quantities relating the numerical and analytical jacobians are "
                    "computed in fast mode: along one random direction.\n"
                )


def _check(
    func: _Function,
    inputs: tuple[Any, ...],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
    fast_mode: bool,
    raise_exception: bool,
) -> None:
    wanted = _checked_inputs(inputs, raise_exception)
    outputs = _outputs(func, inputs)
    differentiable = [t for t in outputs if t.requires_grad]
    if not differentiable:
        for i in wanted:
            for n in _numerical(func, inputs, i, outputs, eps):
                if not np.allclose(n, 0.0, rtol, atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
        return

    def only(*args: Any) -> list[Tensor]:
        return [
            t for t, out in zip(_outputs(func, args), outputs, strict=True) if out.requires_grad
        ]

    if fast_mode:
        _check_fast(only, inputs, wanted, differentiable, eps, atol, rtol)
    else:
        _check_slow(only, inputs, wanted, differentiable, eps, atol, rtol, nondet_tol)


def gradcheck(
    func: _Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of ``func`` agree with central differences of its values.

    Inputs that require grad should be float64. There are no forward-mode gradients.

    Raises:
        GradcheckError: a gradient is wrong (unless ``raise_exception`` is False).
        ValueError: no input requires grad.
    """
    if check_forward_ad or check_batched_forward_grad:
        raise NotImplementedError("Rushlight has no forward-mode automatic differentiation")
    try:
        _check(func, _tupled(inputs), eps, atol, rtol, nondet_tol, fast_mode, raise_exception)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: _Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """``gradcheck`` of the gradient: whether second derivatives are right."""
    from . import grad

    given = _tupled(inputs)
    outputs = _outputs(func, given)
    count = len(given)
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        seeds = tuple(
            Tensor._from_array(rng.standard_normal(out.shape)).to(out.dtype).requires_grad_()
            for out in outputs
        )
    else:
        seeds = _tupled(grad_outputs)

    def gradients(*args: Any) -> tuple[Any, ...]:
        args = tuple(
            t.requires_grad_() if isinstance(t, Tensor) and old.requires_grad and t.is_leaf else t
            for t, old in zip(args, (*given, *seeds), strict=True)
        )
        pairs = [
            (t, g)
            for t, g in zip(_outputs(func, args[:count]), args[count:], strict=True)
            if t.requires_grad
        ]
        leaves = [t for t in args[:count] if isinstance(t, Tensor) and t.requires_grad]
        found = grad(
            [t for t, _ in pairs],
            leaves,
            [g for _, g in pairs],
            create_graph=True,
            allow_unused=True,
        )
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients,
        (*given, *seeds),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        fast_mode=fast_mode,
    )


class _CallableModule(ModuleType):
    """``autograd.gradcheck`` names this module and the function; the module can be called."""

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        return gradcheck(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
