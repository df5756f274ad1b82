"""Turns what goes wrong inside an operator that was given something else than a Tensor into the
``TypeError`` that PyTorch raises, with the name and the place of the argument."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor

# A function that calls one of these checks its operands itself.
_CHECKS = frozenset(("check_tensor", "binary", "unary", "unary_float"))


def _translated(
    f: Callable[..., Any], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Exception:
    """The ``TypeError`` for the argument that has no such attribute, or ``error`` itself."""
    if isinstance(error, AttributeError) and not (
        hasattr(Tensor, str(error.name)) or error.name in Tensor.__annotations__
    ):
        return error
    code = unwrapped(f).__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    culprit = getattr(error, "obj", None)
    for i, (name, value) in enumerate([*zip(names, args, strict=False), *kwargs.items()]):
        wrong = value is culprit if isinstance(error, AttributeError) else i == 0
        if wrong and not isinstance(value, Tensor):
            return TypeError(
                f"{f.__name__}(): argument '{name}' (position {i + 1}) must be Tensor, not "
                f"{type(value).__name__}"
            )
    return error


def unwrapped(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function that decorators wrapped."""
    while hasattr(f, "__wrapped__"):
        f = f.__wrapped__
    return f


def with_numpy_names(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f``, also with NumPy's ``axis`` and ``keepdims`` for its ``dim`` and ``keepdim``."""
    code = getattr(unwrapped(f), "__code__", None)
    if code is None:
        return f
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    names = {
        numpy_name: name
        for numpy_name, name in (("axis", "dim"), ("keepdims", "keepdim"))
        if name in known and numpy_name not in known
    }
    if not names:
        return f

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            for numpy_name, name in names.items():
                if numpy_name in kwargs:
                    kwargs[name] = kwargs.pop(numpy_name)
        return f(*args, **kwargs)

    return call


def guarded(f: Callable[..., Any]) -> Callable[..., Any]:
    """``f`` with that translation; ``f`` itself if it checks its operands."""
    code = getattr(unwrapped(f), "__code__", None)
    if code is None or _CHECKS.intersection(code.co_names):
        return f

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except AttributeError as error:
            found = _translated(f, error, args, kwargs)
            if found is error:
                raise
            raise found from None

    return call
