"""Sending batches between processes: pickles whose arrays travel beside them, uncopied."""

from __future__ import annotations

import io
import pickle
import sys
import traceback
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple

import numpy as np

from rushlight import ops
from rushlight.dtypes import bfloat16, int16
from rushlight.tensor import Tensor

__all__ = ["ExceptionWrapper", "Packed", "pack", "receive", "send"]


class Packed(NamedTuple):
    """A pickled object: the pickle, and the memory of the arrays in it."""

    data: bytes
    buffers: list[memoryview]


class _Pickler(ForkingPickler):
    """Pickles Tensors as NumPy arrays."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is not Tensor:
            return NotImplemented
        if value.requires_grad and not value.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since "
                "autograd does not support crossing process boundaries.  If you just want to "
                "transfer the data, call detach() on the tensor before serializing (e.g., "
                "putting it on the queue)."
            )
        plain = value.detach()
        narrow = plain.dtype == bfloat16
        array = (plain.view(int16) if narrow else plain).numpy()
        return _rebuild, (array, narrow, value.requires_grad)


def _rebuild(array: np.ndarray[Any, Any], narrow: bool, requires_grad: bool) -> Tensor:
    tensor = ops.from_numpy(array)
    if narrow:
        tensor = tensor.view(bfloat16)
    return tensor.requires_grad_() if requires_grad else tensor


def pack(value: Any) -> Packed:
    """Pickle `value` for `send`. Pending work of the Tensors in it is run."""
    stream = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    _Pickler(stream, 5, True, buffers.append).dump(value)
    return Packed(stream.getvalue(), [buffer.raw() for buffer in buffers])


def send(connection: Connection, number: int, packed: Packed) -> None:
    """Send the result of task `number`."""
    connection.send((number, [len(buffer) for buffer in packed.buffers]))
    connection.send_bytes(packed.data)
    for buffer in packed.buffers:
        connection.send_bytes(buffer)


def receive(connection: Connection) -> tuple[int, Any]:
    """Receive what `send` has sent. Raises EOFError or OSError when the sender is gone."""
    number, sizes = connection.recv()
    data = connection.recv_bytes()
    buffers = []
    for size in sizes:
        buffer = np.empty(size, np.uint8)
        connection.recv_bytes_into(buffer)
        buffers.append(buffer)
    return number, pickle.loads(data, buffers=buffers)


class _Verbatim(str):
    """A string that is its own repr: KeyError shows the repr of its message."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """The exception being handled, as its type and its formatted traceback."""

    def __init__(self, where: str) -> None:
        kind, error, trace = sys.exc_info()
        self.exc_type: Any = kind
        self.exc_msg = "".join(traceback.format_exception(kind, error, trace))
        self.where = where

    def exception(self) -> BaseException:
        """A new exception of the original type, or RuntimeError where that needs more."""
        message = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            message = _Verbatim(message)
        try:
            if getattr(self.exc_type, "message", None):
                error: BaseException = self.exc_type(message=message)
            else:
                error = self.exc_type(message)
            return error
        except Exception:  # the constructor is the user's
            return RuntimeError(message)
