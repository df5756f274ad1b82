"""The element types: PyTorch's names, each with the NumPy type that holds its bits.

``bfloat16`` has no NumPy type: its 16 bits are held as ``uint16`` and widened by integer
arithmetic.
"""

from __future__ import annotations

import numpy as np

from .naming import ShownAs


class dtype(metaclass=ShownAs):
    """An element type such as ``rushlight.float32``.

    Attributes:
        name: the short name, ``"float32"``.
        itemsize: bytes per element.
        numpy: the NumPy dtype that holds the elements (``uint16`` for bfloat16).
        is_floating_point: whether values are real floating point numbers.
        is_signed: whether negative values can be represented.
    """

    __slots__ = ("category", "is_floating_point", "is_signed", "itemsize", "name", "numpy")
    _shown_as = "torch.dtype"
    _by_name: dict[str, dtype] = {}

    is_complex = False

    def __init__(self, name: str, holder: str, category: int) -> None:
        self.name = name
        self.numpy: np.dtype = np.dtype(holder)
        self.itemsize: int = self.numpy.itemsize
        self.category = category  # 0 bool, 1 integer, 2 floating point
        self.is_floating_point = category == 2
        self.is_signed = category == 2 or (category == 1 and not name.startswith("u"))
        dtype._by_name[name] = self

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return from_name, (self.name,)

    def to_complex(self) -> dtype:
        """Complex numbers are not supported: always raises ``RuntimeError``."""
        raise RuntimeError("Rushlight has no complex dtypes")


def from_name(name: str) -> dtype:
    """The dtype with this short name; ``KeyError`` where there is none."""
    return dtype._by_name[name]


float64 = double = dtype("float64", "f8", 2)
float32 = float_ = dtype("float32", "f4", 2)
float16 = half = dtype("float16", "f2", 2)
bfloat16 = dtype("bfloat16", "u2", 2)
uint8 = dtype("uint8", "u1", 1)
int8 = dtype("int8", "i1", 1)
int16 = short = dtype("int16", "i2", 1)
int32 = int_ = dtype("int32", "i4", 1)
int64 = long = dtype("int64", "i8", 1)
uint16 = dtype("uint16", "u2", 1)
uint32 = dtype("uint32", "u4", 1)
uint64 = dtype("uint64", "u8", 1)
bool_ = dtype("bool", "?", 0)

_FROM_NUMPY = {
    d.numpy: d
    for d in (
        float64,
        float32,
        float16,
        uint8,
        int8,
        int16,
        int32,
        int64,
        uint16,
        uint32,
        uint64,
        bool_,
    )
}


def from_numpy_dtype(np_dtype: np.dtype) -> dtype:
    """The dtype for a NumPy dtype; ``TypeError`` with PyTorch's wording where there is none."""
    found = _FROM_NUMPY.get(np_dtype.newbyteorder("=") if not np_dtype.isnative else np_dtype)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{np_dtype.type.__name__}. The only supported "
            "types are: float64, float32, float16, int64, int32, int16, int8, uint64, uint32, "
            "uint16, uint8, and bool."
        )
    return found


# Scalar-type names as PyTorch's messages print them ("expected scalar type Long but found Float").
SCALAR_TYPE_NAMES = {
    float64: "Double",
    float32: "Float",
    float16: "Half",
    bfloat16: "BFloat16",
    uint8: "Byte",
    int8: "Char",
    int16: "Short",
    int32: "Int",
    int64: "Long",
    uint16: "UInt16",
    uint32: "UInt32",
    uint64: "UInt64",
    bool_: "Bool",
}

# The C++ types as PyTorch's messages print them ("got: double != float").
C_TYPE_NAMES = {
    float64: "double",
    float32: "float",
    float16: "c10::Half",
    bfloat16: "c10::BFloat16",
    uint8: "unsigned char",
    int8: "signed char",
    int16: "short int",
    int32: "int",
    int64: "long int",
    uint16: "short unsigned int",
    uint32: "unsigned int",
    uint64: "long unsigned int",
    bool_: "bool",
}

_default = float32


def get_default_dtype() -> dtype:
    """The dtype of new floating point tensors built from Python floats."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype that Python floats become; ``TypeError`` unless it is floating point."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default = d


_WIDER_SIGNED = {1: int16, 2: int32, 4: int64}


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that both convert to by PyTorch's rules."""
    if a is b:
        return a
    if a.category != b.category:
        return a if a.category > b.category else b
    if a.category == 2:
        if a.itemsize == b.itemsize:
            return float32  # half with bfloat16
        return a if a.itemsize > b.itemsize else b
    if a.is_signed == b.is_signed:
        return a if a.itemsize > b.itemsize else b
    signed, unsigned = (a, b) if a.is_signed else (b, a)
    if unsigned.itemsize < signed.itemsize:
        return signed
    wider = _WIDER_SIGNED.get(unsigned.itemsize) if unsigned is uint8 else None
    if wider is None:
        raise RuntimeError(
            f"Promotion for {SCALAR_TYPE_NAMES[unsigned]} and {SCALAR_TYPE_NAMES[signed]} "
            "types is not supported; convert one side with .to(...)"
        )
    return wider


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether PyTorch allows writing a result of type ``from_`` into a tensor of type ``to``."""
    return from_.category <= to.category


class finfo:
    """Numerical limits of a floating point dtype: bits, eps, max, min, tiny, smallest_normal."""

    def __init__(self, type: dtype | None = None) -> None:
        d = _default if type is None else type
        if not isinstance(d, dtype) or not d.is_floating_point:
            raise TypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                f"'{d}'"
            )
        self.dtype = d.name
        self.bits = d.itemsize * 8
        if d is bfloat16:
            self.eps, self.max, self.tiny = 2.0**-7, 3.3895313892515355e38, 2.0**-126
            self.resolution = 0.01
        else:
            info = np.finfo(d.numpy)
            self.eps, self.max = float(info.eps), float(info.max)
            self.tiny, self.resolution = float(info.tiny), float(info.resolution)
        self.min = -self.max
        self.smallest_normal = self.tiny

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: bits, max, min."""

    def __init__(self, type: dtype) -> None:
        if not isinstance(type, dtype) or type.category != 1:
            raise TypeError(
                f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type}'"
            )
        info = np.iinfo(type.numpy)
        self.dtype = type.name
        self.bits, self.min, self.max = info.bits, int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
