"""Tensor: the user's handle, a view (shape, strides, offset) on a Storage plus autograd metadata.

Operators are attached to the class by the registry in ``ops``; what stands here is what a Tensor
is.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes
from .autograd.grad_mode import mode
from .device import cpu, device
from .dtypes import dtype
from .errors import with_note
from .graph.expr import Expr, Shape, leaf
from .graph.primitives import RESHAPE, STRIDED, WRITE
from .graph.tape import flush, record, value_of
from .naming import ShownAs
from .runtime.narrow import NARROW, widen
from .shapes import contiguous_strides, is_contiguous, numel
from .storage import Storage, borrowed, settle

if TYPE_CHECKING:
    from .autograd.node import Node


class Size(tuple[int, ...], metaclass=ShownAs):
    """The shape of a tensor: a tuple of sizes that prints as ``torch.Size([2, 3])``."""

    __slots__ = ()

    _shown_as = "torch.Size"

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return numel(self)

    def __getitem__(self, item: Any) -> Any:
        found = tuple.__getitem__(self, item)
        return Size(found) if isinstance(item, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))

    def __mul__(self, n: Any) -> Size:
        return Size(tuple.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[object, ...]:
        return Size, (tuple(self),)


class Tensor(metaclass=ShownAs):
    """A multi-dimensional array of one dtype, PyTorch's API.

    ``Tensor(2, 3)`` is an uninitialised (zero) float tensor of that shape, ``Tensor([1, 2])`` holds
    the data as the default dtype; ``rushlight.tensor`` is the usual constructor.
    """

    _shown_as = "torch.Tensor"
    _strides: Shape | None = None  # None: row-major contiguous
    _offset = 0
    _req = False
    _node: Node | None = None
    _nr = 0
    _grad: Tensor | None = None
    _base: Tensor | None = None  # the tensor that this one is a view of
    _seen = 0  # the base's _generation when this view's history was derived
    _generation = 0  # how often the history of this base was rebased by in-place ops
    _hooks: dict[int, Callable[..., Any]] | None = None
    _post_hooks: dict[int, Callable[..., Any]] | None = None
    _accumulator: weakref.ref[Any] | None = None
    _retains = False
    _inference = False
    _storage: Storage
    _shape: Shape
    _dtype: dtype

    if TYPE_CHECKING:  # operators are attached by the registry when ``ops`` is imported

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __lshift__(self, other: Any) -> Tensor: ...
        def __rshift__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...

    def __new__(cls, *args: Any, dtype: dtype | None = None, device: Any = None) -> Any:
        """The old constructor: sizes or data, as the default dtype."""
        from .ops.creation import legacy_tensor

        return legacy_tensor(cls, args, dtype, device)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    # --- construction inside Rushlight -----------------------------------------------------------

    @staticmethod
    def _from_array(array: np.ndarray, dtype: dtype | None = None) -> Tensor:
        """A tensor that takes ownership of ``array``; no copy if it is C-contiguous."""
        array = np.ascontiguousarray(array).reshape(array.shape)
        return new_tensor(leaf(array, dtype or dtypes.from_numpy_dtype(array.dtype)))

    @staticmethod
    def _from_storage(
        storage: Storage,
        shape: Shape,
        strides: Shape,
        offset: int,
        requires_grad: bool = False,
    ) -> Tensor:
        """A view on an existing Storage; the caller has checked the bounds."""
        t = view_of_storage(storage, tuple(shape), tuple(strides), offset, storage.dtype)
        t._req = requires_grad
        if requires_grad:
            storage.is_parameter = True
        return t

    @staticmethod
    def _make_subclass(cls: Any, data: Tensor, require_grad: bool = False) -> Any:
        """``data``'s view of its memory as an instance of a subclass such as Parameter."""
        t = data._alias()
        t.__class__ = cls
        if require_grad:
            t.requires_grad_()
        return t

    def as_subclass(self, cls: Any) -> Any:
        """The same tensor (memory and history) as an instance of a subclass."""
        t = self._alias()
        t.__class__ = cls
        t._req, t._node, t._nr = self.requires_grad, self._node, self._nr
        return t

    # --- the value -------------------------------------------------------------------------------

    def _expr(self) -> Expr:
        """The Expr of this tensor's value now, of its shape."""
        s = self._storage
        strides = self._strides
        if s.exposed is not None and s.still_exposed():
            return s.borrow_exposed(self._shape, strides, self._offset)
        e = s.expr
        if strides is None:
            if e.shape == self._shape:
                return e
            if numel(self._shape) == s.numel:
                return record(RESHAPE, (e,), (self._shape,))
            strides = contiguous_strides(self._shape)
        return record(STRIDED, (e,), (self._shape, strides), (self._offset,))

    def _array(self) -> np.ndarray:
        """The value as an array of ``dtype.numpy``, of this shape. Not to be written to."""
        s = self._storage
        flat = value_of(s.expr)
        strides = self._strides
        if strides is None:
            if flat.shape == self._shape:
                return flat
            strides = contiguous_strides(self._shape)
        if 0 in self._shape:
            return np.empty(self._shape, flat.dtype)
        size = flat.itemsize
        return np.ndarray(
            self._shape, flat.dtype, flat, self._offset * size, tuple(n * size for n in strides)
        )

    def _wide(self) -> np.ndarray:
        """The value as an array that NumPy can compute with (bfloat16 widened to float32)."""
        array = self._array()
        return widen(array, self._dtype) if self._dtype is dtypes.bfloat16 else array

    def _put(self, e: Expr) -> None:
        """Write a value of this tensor's shape and dtype through this view into the Storage."""
        s = self._storage
        if self._strides is None and s.numel == numel(self._shape):
            s.write(e)
            return
        shape = self._shape
        if 0 in shape:
            s.version += 1
            return
        strides = contiguous_strides(shape) if self._strides is None else self._strides
        base = s.expr
        if s.exposed is not None and s.still_exposed():
            s.write_exposed(value_of(e), shape, strides, self._offset)
            return
        # Nothing here may hold the base: a held base cannot be written in place.
        s.write(record(WRITE, (base, e), (shape, strides), (self._offset,)))

    # --- metadata --------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The sizes, as ``Size``."""
        return Size(self._shape)

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or the size of one dimension (``IndexError`` out of range)."""
        if dim is None:
            return Size(self._shape)
        n = len(self._shape)
        if not -n <= dim < n:
            if n == 0:
                raise IndexError("Dimension specified as 0 but tensor has no dimensions")
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got "
                f"{dim})"
            )
        return self._shape[dim]

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return self._dtype

    @property
    def device(self) -> device:
        """Always the CPU."""
        return cpu

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self._shape)

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return numel(self._shape)

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self._dtype.itemsize

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._dtype.itemsize * numel(self._shape)

    def stride(self, dim: int | None = None) -> Any:
        """The steps between elements along each dimension, in elements."""
        strides = contiguous_strides(self._shape) if self._strides is None else self._strides
        if dim is None:
            return strides
        self.size(dim)
        return strides[dim]

    def storage_offset(self) -> int:
        """Where this view starts in its Storage, in elements."""
        return self._offset

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements stand in row-major order (or in the given memory format)."""
        if memory_format is not None and getattr(memory_format, "channels", False):
            if len(self._shape) != memory_format.rank:
                return False
            order = (0, *range(2, len(self._shape)), 1)
            strides = self.stride()
            return is_contiguous([self._shape[i] for i in order], [strides[i] for i in order])
        return self._strides is None or is_contiguous(self._shape, self._strides)

    def data_ptr(self) -> int:
        """The address of the first element. From here on in-place ops keep the memory."""
        s = self._storage
        if not numel(self._shape):
            return 0
        if s.exposed is None and not s.pinned:
            s.own()
            s.pinned = True
        array = value_of(s.expr)
        return int(array.ctypes.data) + self._offset * self._dtype.itemsize

    def untyped_storage(self) -> Any:
        """The memory as PyTorch's ``UntypedStorage``: ``data_ptr()``, ``nbytes()``, ``size()``."""
        from .storage_view import UntypedStorage

        return UntypedStorage(self)

    def storage(self) -> Any:
        """The memory as PyTorch's ``TypedStorage``."""
        from .storage_view import TypedStorage

        return TypedStorage(self)

    def is_floating_point(self) -> bool:
        """Whether the dtype is floating point."""
        return self._dtype.is_floating_point

    def is_complex(self) -> bool:
        """Always False: there are no complex dtypes."""
        return False

    def is_signed(self) -> bool:
        """Whether the dtype can hold negative values."""
        return self._dtype.is_signed

    def is_inference(self) -> bool:
        """Whether this tensor was made inside ``inference_mode``."""
        return self._inference

    def is_pinned(self, device: Any = None) -> bool:
        """Always False: pinned memory is for accelerators."""
        return False

    def get_device(self) -> int:
        """-1: the CPU."""
        return -1

    @property
    def layout(self) -> Layout:
        """Always ``strided``."""
        return strided_layout

    is_cuda = is_sparse = is_quantized = is_mkldnn = is_mps = is_meta = is_xpu = is_nested = False
    is_cpu = True
    is_sparse_csr = False
    names = property(
        lambda self: (None,) * len(self._shape), doc="Named tensors are not supported."
    )
    name = None

    @property
    def volatile(self) -> bool:
        """Always False, with a warning: ``no_grad`` took its place long ago."""
        import warnings

        warnings.warn(
            "volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2
        )
        return False

    @property
    def _version(self) -> int:
        return self._storage.version

    # --- history ---------------------------------------------------------------------------------

    def _sync(self) -> None:
        """Bring a view's history up to date with in-place writes through its base or siblings."""
        base = self._base
        if base is not None and self._seen != base._generation:
            from .ops.movement import regenerate_view

            regenerate_view(self)

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor."""
        if self._base is not None:
            self._sync()
        return self._req

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set ``requires_grad`` of a leaf in place."""
        if self._base is not None:
            self._sync()
        if not requires_grad and self._node is not None:
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        if requires_grad and not self._dtype.is_floating_point:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if requires_grad and self._inference and not mode.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not "
                "allowed."
            )
        self._req = bool(requires_grad)
        if requires_grad and self._node is None:
            self._storage.is_parameter = True
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it (it has no ``grad_fn``)."""
        if self._base is not None:
            self._sync()
        return self._node is None

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor, or ``None`` for leaves."""
        if self._base is not None:
            self._sync()
        return self._node

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` this tensor is."""
        return self._nr

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad()`` was called on this non-leaf."""
        return self._retains and self._node is not None

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient of a leaf."""
        if self._grad is None and self._node is not None and not self._retains:
            import warnings

            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(). If you indeed want "
                "the .grad field to be populated for a non-leaf Tensor, use .retain_grad() on the "
                "non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you "
                "access the leaf Tensor instead.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._dtype is not self._dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype "
                    f"'{dtypes.C_TYPE_NAMES[value._dtype]}' to "
                    f"a tensor with grad_dtype '{dtypes.SCALAR_TYPE_NAMES[self._dtype]}'. The "
                    f"gradient "
                    "must match the tensor's dtype"
                )
            if value._shape != self._shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(value._shape)}' to a tensor "
                    f"of size "
                    f"'{list(self._shape)}'. Please ensure that the gradient and the tensor are "
                    f"the same size"
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory without history."""
        return self._alias()

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if self._req and not value._dtype.is_floating_point:
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point dtype"
            )
        self._storage = value._storage
        self._shape = value._shape
        self._strides = value._strides
        self._offset = value._offset
        self._dtype = value._dtype
        if self._req and self._node is None:
            self._storage.is_parameter = True

    def _alias(self) -> Tensor:
        """A plain tensor on the same view of the same Storage, with no history."""
        t = object.__new__(Tensor)
        t._storage = self._storage
        t._shape = self._shape
        t._dtype = self._dtype
        if self._strides is not None:
            t._strides = self._strides
        if self._offset:
            t._offset = self._offset
        return t

    def _shadow(self) -> Tensor:
        """A tensor of the value and the history of now, unaffected by later in-place ops."""
        self._sync()
        t = new_tensor(self._expr())
        t._req, t._node, t._nr = self._req, self._node, self._nr
        return t

    def detach(self) -> Tensor:
        """The same memory without history: in-place writes are seen by both."""
        return self._alias()

    def detach_(self) -> Tensor:
        """Cut this tensor's history in place."""
        if self._base is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using "
                "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
                "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
                "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
                "function in torch/optim/optimizer.py as a solution."
            )
        self._node, self._nr, self._req = None, 0, False
        self._generation += 1
        return self

    # --- to Python and NumPy ---------------------------------------------------------------------

    def item(self) -> Any:
        """The only element as a Python number; ``RuntimeError`` unless there is exactly one."""
        if numel(self._shape) != 1:
            raise RuntimeError(
                f"a Tensor with {numel(self._shape)} elements cannot be converted to Scalar"
            )
        array = self._array()
        if self._dtype in NARROW:
            array = widen(array, self._dtype)
        return array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers (a number for a 0-d tensor)."""
        array = self._array()
        if self._dtype in NARROW:
            array = widen(array, self._dtype)
        return array.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as an array that shares this tensor's memory, both ways.

        Raises:
            RuntimeError: the tensor requires grad (unless ``force``).
            TypeError: NumPy has no such type (bfloat16).
        """
        if self._dtype is dtypes.bfloat16:
            raise TypeError(
                "Got unsupported ScalarType BFloat16: NumPy has no such type; convert with "
                ".float() first"
            )
        if self.requires_grad and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        array = self._storage.expose()
        shape = self._shape
        if 0 in shape:
            return np.empty(shape, array.dtype)
        size = array.itemsize
        strides = self.stride()
        return np.ndarray(
            shape, array.dtype, array, self._offset * size, tuple(n * size for n in strides)
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    __array_priority__ = 1000

    def __array_wrap__(
        self, array: np.ndarray, context: Any = None, return_scalar: bool = False
    ) -> Tensor:
        """NumPy's functions of a tensor return tensors, bytes for booleans as in PyTorch."""
        if array.dtype == np.bool_:
            array = array.astype(np.uint8)
        return Tensor._from_array(np.ascontiguousarray(array).reshape(array.shape))

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.numpy().__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)

    def _only(self, target: str) -> Any:
        if numel(self._shape) != 1:
            if target == "bool":
                if numel(self._shape) == 0:
                    raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
                raise with_note(
                    RuntimeError("Boolean value of Tensor with more than one value is ambiguous"),
                    "say which is meant: .any() or .all()",
                )
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __bool__(self) -> bool:
        return bool(self._only("bool"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __float__(self) -> float:
        if self.requires_grad:
            import warnings

            warnings.warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
                "behavior.\nConsider using tensor.detach() first.",
                stacklevel=2,
            )
        return float(self._only("float"))

    def __complex__(self) -> complex:
        return complex(self._only("complex"))

    def __index__(self) -> int:
        if self._dtype.is_floating_point or numel(self._shape) != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __len__(self) -> int:
        if not self._shape:
            raise TypeError("len() of a 0-d tensor")
        return self._shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self._shape else self

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, Tensor | int | float | bool):
            return bool((self == element).any())
        raise RuntimeError(
            f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{type(element)}."
        )

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        from .printing import tensor_repr

        return tensor_repr(self, tensor_contents=tensor_contents)

    def __format__(self, spec: str) -> str:
        if not self._shape and type(self) is Tensor:
            return format(self.item(), spec)
        return object.__format__(self, spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        from .serialization import reduce_tensor

        return reduce_tensor(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return deep_copy(self, memo)

    def __copy__(self) -> Tensor:
        t = self._alias()
        t.__class__ = self.__class__
        t._req, t._node, t._nr = self._req, self._node, self._nr
        return t

    def __dir__(self) -> list[str]:
        return sorted({*dir(self.__class__), *self.__dict__})

    # --- gradients -------------------------------------------------------------------------------

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Accumulate the gradients of this tensor into the leaves of its graph.

        Raises:
            RuntimeError: not a scalar and no ``gradient``; no history; the graph was freed already.
        """
        from .autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def retain_grad(self) -> None:
        """Have ``.grad`` of this non-leaf filled by ``backward``."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._node is None or self._retains:
            return
        self._retains = True
        self._node.retain(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Call ``hook(grad)`` when this tensor's gradient is computed; it may return another
        one."""
        from .autograd.hooks import RemovableHandle

        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._node is not None:
            return self._node.add_tensor_hook(self._nr, hook)
        if self._hooks is None:
            self._hooks = OrderedDict()
        handle = RemovableHandle(self._hooks)
        self._hooks[handle.id] = hook
        return handle

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Call ``hook(self)`` after a gradient has been accumulated into this leaf."""
        from .autograd.hooks import RemovableHandle

        if not self.requires_grad or self._node is not None:
            raise RuntimeError(
                "post accumulate grad hooks cannot be registered on non-leaf tensors"
            )
        if self._post_hooks is None:
            self._post_hooks = OrderedDict()
        handle = RemovableHandle(self._post_hooks)
        self._post_hooks[handle.id] = hook
        return handle


class Layout:
    """``rushlight.strided``: the only memory layout."""

    def __repr__(self) -> str:
        return "torch.strided"


strided_layout = Layout()


class MemoryFormat:
    """How a tensor's dimensions are laid out: ``contiguous_format``, ``channels_last``, ..."""

    def __init__(self, name: str, rank: int = 0) -> None:
        self.name = name
        self.rank = rank
        self.channels = rank > 0

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return memory_format, (self.name,)


contiguous_format = MemoryFormat("contiguous_format")
preserve_format = MemoryFormat("preserve_format")
channels_last = MemoryFormat("channels_last", 4)
channels_last_3d = MemoryFormat("channels_last_3d", 5)


def memory_format(name: str) -> MemoryFormat:
    """The memory format with this name."""
    formats = (contiguous_format, preserve_format, channels_last, channels_last_3d)
    return next(f for f in formats if f.name == name)


def new_tensor(e: Expr) -> Tensor:
    """A fresh contiguous tensor with its own Storage whose value is ``e``."""
    if borrowed:
        e = settle(e)
    t = object.__new__(Tensor)
    t._storage = Storage(e)
    t._shape = e.shape
    t._dtype = e.dtype
    if mode.inference:
        t._inference = True
    return t


def view_of_storage(
    storage: Storage, shape: Shape, strides: Shape | None, offset: int, dtype: dtype
) -> Tensor:
    """A tensor on a view of a Storage, with no history."""
    t = object.__new__(Tensor)
    t._storage = storage
    t._shape = shape
    t._dtype = dtype
    if strides is not None and strides != contiguous_strides(shape):
        t._strides = strides  # of size-1 dimensions too: PyTorch shows them as they came about
    if offset:
        t._offset = offset
    return t


def deep_copy(t: Tensor, memo: dict[int, Any]) -> Tensor:
    """``copy.deepcopy`` of a leaf: own memory (views of one Storage stay so), grad included.

    Raises:
        RuntimeError: ``t`` is not a leaf.
    """
    import copy

    if not t.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol "
            "at the moment.  If you were attempting to deepcopy a module, this may be because of a "
            "torch.nn.utils.weight_norm usage, see https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(t) in memo:
        found: Tensor = memo[id(t)]
        return found
    storage = memo.get(id(t._storage))
    if storage is None:
        flush()
        storage = memo[id(t._storage)] = Storage(
            leaf(value_of(t._storage.expr).copy(), t._storage.dtype)
        )
        memo[id(storage)] = storage
    new = object.__new__(type(t))
    memo[id(t)] = new
    for name, value in t.__dict__.items():
        if name in ("_storage", "_base", "_seen", "_accumulator", "_node"):
            continue
        new.__dict__[name] = copy.deepcopy(value, memo) if name not in _PLAIN else value
    new._storage = storage
    if new._req:
        storage.is_parameter = True
    return new


_PLAIN = frozenset({"_shape", "_strides", "_offset", "_dtype", "_req"})
