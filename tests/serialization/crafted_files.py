"""Files made by hand, for tests of what no sound writer would write."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from typing import Any

import numpy as np

from rushlight import dtypes
from rushlight.tensor import Tensor


def tensor(values: Any, kind: str | None = None) -> Tensor:
    """A tensor of a NumPy array's values."""
    return Tensor._from_array(np.array(values, dtype=kind))


def bfloat16(bits: list[int]) -> Tensor:
    return Tensor._from_array(np.array(bits, np.uint16), dtypes.bfloat16)


def values(t: Tensor) -> np.ndarray:
    return np.array(t._array())


def archive(body: bytes, records: dict[str, bytes] | None = None, **options: Any) -> io.BytesIO:
    """A zip checkpoint with this pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as z:
        z.writestr("archive/data.pkl", body)
        z.writestr("archive/version", b"3\n")
        for name, data in (records or {}).items():
            z.writestr(f"archive/{name}", data)
    file.seek(0)
    return file


def text(s: str) -> bytes:
    data = s.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(n: int) -> bytes:
    data = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def numbers(ns: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, ns)) + b"t"


def storage(kind: str, count: int, key: str = "0", location: str = "cpu") -> bytes:
    name = f"c{kind.rpartition('.')[0]}\n{kind.rpartition('.')[2]}\n".encode()
    return b"(" + text("storage") + name + text(key) + text(location) + number(count) + b"tQ"


def rebuild(
    count: int,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    kind: str = "torch.FloatStorage",
    location: str = "cpu",
) -> bytes:
    """The opcodes of one tensor on a storage of ``count`` elements."""
    place = number(offset) + numbers(size) + numbers(stride) + b"\x89"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + storage(kind, count, location=location)
        + place
        + b"ccollections\nOrderedDict\n)RtR"
    )


def one_tensor(*args: Any, data: bytes = bytes(40), **options: Any) -> io.BytesIO:
    """A checkpoint that holds a single tensor: the arguments of :func:`rebuild`."""
    return archive(b"\x80\x02" + rebuild(*args, **options) + b".", {"data/0": data})


def plain(obj: Any, protocol: int = 2) -> io.BytesIO:
    """A zip checkpoint with what Python's own pickler makes of ``obj``."""
    return archive(pickle.dumps(obj, protocol))
