"""``.safetensors`` files: a header in JSON and raw elements, nothing that could run.

The byte format is the ``safetensors`` library's; here tensors are turned into bytes and back,
bfloat16 included.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..tensor import Tensor
from .files import PathLike, replacing

_DTYPES = {
    "F64": dtypes.float64,
    "F32": dtypes.float32,
    "F16": dtypes.float16,
    "BF16": dtypes.bfloat16,
    "I64": dtypes.int64,
    "I32": dtypes.int32,
    "I16": dtypes.int16,
    "I8": dtypes.int8,
    "U64": dtypes.uint64,
    "U32": dtypes.uint32,
    "U16": dtypes.uint16,
    "U8": dtypes.uint8,
    "BOOL": dtypes.bool_,
}


def _check_tensors(tensors: dict[str, Tensor]) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    owners: dict[int, str] = {}
    for name, t in tensors.items():
        if not isinstance(name, str) or not isinstance(t, Tensor):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received {type(t)}"
            )
        if t.numel() and (first := owners.setdefault(id(t._storage), name)) != name:
            raise RuntimeError(
                f"Some tensors share memory, this will lead to duplicate memory on disk and "
                f"potential differences when loading them again: {first!r} and {name!r}. Save one "
                f"of them, or a .clone()."
            )


def _part(array: np.ndarray, name: str) -> Any:
    """A tensor as the library takes it: newer versions by address, older ones by bytes."""
    import safetensors

    if hasattr(safetensors, "TensorSpec"):
        return safetensors.TensorSpec(
            dtype=name,
            shape=array.shape,
            data_ptr=array.ctypes.data,
            data_len=array.nbytes,
        )
    return {"dtype": name, "shape": array.shape, "data": array.tobytes()}


def save(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The tensors in the ``.safetensors`` format.

    Args:
        tensors: by name, any shapes; not two views of the same memory.
        metadata: text to store beside them.

    Raises:
        RuntimeError: two tensors share memory.
        ValueError: not a dict of tensors.
    """
    import safetensors

    _check_tensors(tensors)
    # The arrays live until the library has copied what it was given the addresses of.
    arrays = {
        name: np.ascontiguousarray(t._array()).reshape(t.shape) for name, t in tensors.items()
    }
    parts = {name: _part(array, tensors[name].dtype.name) for name, array in arrays.items()}
    return bytes(safetensors.serialize(parts, metadata))


def save_file(
    tensors: dict[str, Tensor], filename: PathLike, metadata: dict[str, str] | None = None
) -> None:
    """Write the tensors to a ``.safetensors`` file, which is replaced in one step.

    Args and errors: those of :func:`save`, and those of writing a file.
    """
    data = save(tensors, metadata)
    with replacing(filename) as file:
        file.write(data)


def _tensor_from(part: dict[str, Any], name: str) -> Tensor:
    d: dtype | None = _DTYPES.get(part["dtype"])
    if d is None:
        raise ValueError(f"tensor {name!r} has the type {part['dtype']}, which Rushlight has not")
    flat = np.frombuffer(part["data"], d.numpy).copy()
    if d is dtypes.bool_:
        flat = flat.view(np.uint8) != 0
    return Tensor._from_array(flat.reshape(part["shape"]), d)


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors in bytes of the ``.safetensors`` format, by name.

    Raises:
        safetensors.SafetensorError: the bytes are malformed or truncated.
        ValueError: a tensor has a type that Rushlight lacks.
    """
    import safetensors

    parts: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    return {name: _tensor_from(part, name) for name, part in parts}


def load_file(filename: PathLike, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors in a ``.safetensors`` file, by name.

    Args:
        filename: the file.
        device: the CPU.

    Raises:
        FileNotFoundError: there is no such file.
        safetensors.SafetensorError: the file is malformed or truncated.
        ValueError: a tensor has a type that Rushlight lacks.
    """
    import safetensors

    from ..device import check_device

    check_device(device)
    with open(filename, "rb") as file:
        data = file.read()
    try:
        return load(data)
    except safetensors.SafetensorError as e:
        raise type(e)(f"{e} (while loading '{filename}')") from e
