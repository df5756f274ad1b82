"""Parameter and Buffer: the tensors that a Module takes notice of when they are assigned to it."""

from __future__ import annotations

from typing import Any

from rushlight import ops
from rushlight.tensor import Tensor

__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "is_lazy",
]


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

    _shown_as = "torch.nn.parameter.Parameter"

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


def _without_shape(cls: Any) -> Any:
    """Give a class the methods of ``_Uninitialized``: a mixin would change its layout in memory."""
    for name, value in vars(_Uninitialized).items():
        if name not in vars(cls) and name not in ("__dict__", "__weakref__"):
            setattr(cls, name, value)
    return cls


class _Uninitialized:
    """What tensors of unknown shape have in common: everything but the dtype is an error."""

    _kind: Any  # the class it becomes
    dtype: Any
    data: Any

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary tensor of a shape; its values are arbitrary."""
        self.data = ops.empty(tuple(shape), device=device, dtype=dtype or self.dtype)
        self.__class__ = self._kind

    @property
    def shape(self) -> Any:
        """``RuntimeError``: unknown."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise ValueError(
            "Attempted to use an uninitialized parameter. This error happens when you are using a "
            "`LazyModule` or explicitly manipulating "
            f"`torch.nn.parameter.{type(self).__name__}` objects. When using LazyModules Call "
            "`forward` with a dummy batch to initialize the parameters before calling torch "
            "functions"
        )

    _expr = _put = numel = size = dim = nelement = stride = _refuse

    def detach(self) -> Any:
        """Itself: there are no values to share."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """One of the dtype asked for."""
        return type(self)(dtype=ops.empty(0, dtype=self.dtype).to(*args, **kwargs).dtype)  # type: ignore[call-arg]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            memo[id(self)] = type(self)(dtype=self.dtype)  # type: ignore[call-arg]
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild_uninitialized, (type(self), self.dtype)

    def __repr__(self, **contents: Any) -> str:
        return f"<{type(self).__name__}>"


@_without_shape
class UninitializedParameter(Parameter):
    """A Parameter whose shape a lazy module learns from its first input.

    Args:
        requires_grad: whether gradients will be collected for it.
        device: the CPU.
        dtype: of which type it will be.
    """

    __slots__ = ()

    _shown_as = "torch.nn.parameter.UninitializedParameter"
    _kind = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: Any = None
    ) -> UninitializedParameter:
        """A parameter without elements."""
        data = ops.empty(0, device=device, dtype=dtype)
        return Tensor._make_subclass(cls, data, requires_grad)

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> None:
        pass


@_without_shape
class UninitializedBuffer(Tensor):
    """A buffer whose shape a lazy module learns from its first input.

    Args:
        requires_grad: whether gradients will be collected for it.
        device: the CPU.
        dtype: of which type it will be.
        persistent: part of PyTorch's signature.
    """

    __slots__ = ()

    _shown_as = "torch.nn.parameter.UninitializedBuffer"
    _kind = Tensor

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> UninitializedBuffer:
        """A buffer without elements."""
        data = ops.empty(0, device=device, dtype=dtype)
        return Tensor._make_subclass(cls, data, requires_grad)

    def __init__(
        self,
        requires_grad: bool = False,
        device: Any = None,
        dtype: Any = None,
        persistent: bool = True,
    ) -> None:
        pass


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(param, UninitializedParameter | UninitializedBuffer)


def _rebuild_uninitialized(kind: Any, dtype: Any) -> Any:
    """Unpickle a tensor that has no shape yet."""
    return kind(dtype=dtype)


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """Unpickle a Parameter (hooks are not pickled; the argument is part of PyTorch's format)."""
    return Parameter(data, requires_grad)


def _rebuild_buffer(data: Tensor, requires_grad: bool, persistent: bool) -> Buffer:
    """Unpickle a Buffer."""
    return Buffer(data.requires_grad_(requires_grad), persistent=persistent)
