"""Parameter and Buffer: the tensors that a Module takes notice of when they are assigned to it."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A leaf tensor that a Module registers as trainable when it becomes one of its attributes.

    Args:
        data: the initial value; its memory is shared, its history is dropped. Default: an empty
            tensor.
        requires_grad: whether gradients are collected for it.

    Raises:
        RuntimeError: if ``requires_grad`` is true and ``data`` is not of a floating point type.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        """Wrap the storage of ``data``."""
        if data is None:
            data = ops.empty(0)
        data = data.detach()
        if requires_grad and not data.is_floating_point():
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        return Tensor._make_subclass(cls, data, requires_grad)

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]

    def __repr__(self, **contents: Any) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + super().__repr__(**contents)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild_parameter, (self.data, self.requires_grad, {})


class Buffer(Tensor):
    """A tensor that a Module registers as a buffer when it becomes one of its attributes.

    Args:
        data: the initial value; its memory is shared. Default: an empty tensor.
        persistent: whether the buffer is part of the Module's ``state_dict``.
    """

    __slots__ = ()

    persistent = True

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        """Wrap the storage of ``data``."""
        if data is None:
            data = ops.empty(0)
        kind = cls if persistent else _TransientBuffer
        return Tensor._make_subclass(kind, data.detach(), data.requires_grad)

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Buffer:
        if id(self) not in memo:
            memo[id(self)] = Buffer(self.data.clone(), persistent=self.persistent)
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild_buffer, (self.data, self.requires_grad, self.persistent)


class _TransientBuffer(Buffer):
    """A Buffer that is not part of the ``state_dict``."""

    __slots__ = ()

    persistent = False


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """Unpickle a Parameter (hooks are not pickled; the argument is part of PyTorch's format)."""
    return Parameter(data, requires_grad)


def _rebuild_buffer(data: Tensor, requires_grad: bool, persistent: bool) -> Buffer:
    """Unpickle a Buffer."""
    return Buffer(data.requires_grad_(requires_grad), persistent=persistent)
