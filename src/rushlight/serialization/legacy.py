"""The format before zip files: five pickles, then the elements of each storage."""

from __future__ import annotations

import io
import os
import struct
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from pickle import dumps as dump_plain
from typing import IO, Any

import numpy as np

from .files import label_of
from .pickling import CheckpointPickler
from .tensors import LoadedStorage, StorageKind
from .unpickling import Maker, SafeUnpickler

MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_IS_LITTLE = sys.byteorder == "little"


class _Nothing:
    """Stands for every object while a file is only being scanned."""

    def append(self, item: Any) -> None:
        """Take an item."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Take an item."""

    def __hash__(self) -> int:
        return id(self)


def scan(
    file: IO[bytes], persistent_load: Callable[[Any], Any], names: set[str] | None = None
) -> Any:
    """Read a pickle without making any of its objects.

    Args:
        file: positioned at the pickle.
        persistent_load: called with every persistent id.
        names: collects the full names that the pickle refers to.
    """
    from .names import resolve

    def nothing(*args: Any) -> Any:
        return _Nothing()

    def note(module: str, name: str) -> Any:
        if names is not None:
            names.add(f"{module}.{name}")
        try:
            found = resolve(module, name)
        except UnpicklingError:
            if module.startswith("torch") and name.endswith("Storage"):
                raise  # its elements cannot be read, nor skipped
            found = None
        return found if isinstance(found, StorageKind) else Maker(f"{module}.{name}", nothing)

    return SafeUnpickler(
        file,
        note,
        persistent_load,
        encoding="latin1",
        builder=lambda obj: nothing,
        can_extend=lambda obj: isinstance(obj, _Nothing),
    ).load()


class _Roots:
    """The storages that a file's object refers to, in the course of reading them."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.kinds: dict[str, tuple[StorageKind, int]] = {}
        self.loaded: dict[str, LoadedStorage] = {}

    def note(self, reference: Any) -> _Nothing:
        """First pass: what must be read, and as what."""
        kind, key, _, count, _ = split_reference(reference)
        if self.kinds.setdefault(key, (kind, count)) != (kind, count):
            raise UnpicklingError(f"storage {key!r} is declared in two ways")
        return _Nothing()

    def read(self, file: IO[bytes], keys: Any, is_little: bool) -> None:
        """Read the elements that follow the pickles."""
        if not isinstance(keys, list) or not all(type(k) is str for k in keys):
            raise UnpicklingError(f"{self.label} is corrupt: its list of storages is not one")
        for key in keys:
            if key not in self.kinds:
                raise UnpicklingError(f"{self.label} is corrupt: nothing uses storage {key!r:.40}")
            kind, count = self.kinds[key]
            array = self._read_one(file, kind, count, is_little)
            self.loaded[key] = LoadedStorage(array, kind)
        missing = self.kinds.keys() - self.loaded.keys()
        if missing:
            raise UnpicklingError(f"{self.label} is corrupt: storage {min(missing)!r} is missing")

    def _read_one(
        self, file: IO[bytes], kind: StorageKind, count: int, is_little: bool
    ) -> np.ndarray:
        declared = struct.unpack("<q" if is_little else ">q", self._exactly(file, 8))[0]
        if declared != count:
            raise UnpicklingError(
                f"{self.label} is corrupt: a storage has {declared} elements instead of {count}"
            )
        data = self._exactly(file, count * kind.holder.itemsize)
        array: np.ndarray = np.frombuffer(data, kind.holder).copy()
        return array if is_little == _IS_LITTLE else array.byteswap()

    def _exactly(self, file: IO[bytes], count: int) -> bytes:
        start = file.tell()
        left = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        if count > left:
            raise RuntimeError(
                f"unexpected EOF, expected {count - left} more bytes. The file might be corrupted: "
                f"{self.label} is truncated"
            )
        return file.read(count)

    def find(self, reference: Any) -> LoadedStorage:
        """Second pass: the storage for a reference."""
        _, key, _, _, view = split_reference(reference)
        root = self.loaded[key]
        if view is None:
            return root
        if not (isinstance(view, tuple) and len(view) == 3 and type(view[1]) is int):
            raise UnpicklingError(f"{self.label} is corrupt: {view!r:.80} is no view of a storage")
        if not 0 <= view[1] <= len(root.array):
            raise UnpicklingError(f"{self.label} is corrupt: a view leaves its storage")
        return root.part(view[1])


def split_reference(reference: Any) -> tuple[StorageKind, str, str, int, Any]:
    """The parts of a persistent id, checked: kind, key, location, size, view.

    Raises:
        UnpicklingError: it is not the reference of a storage.
    """
    if isinstance(reference, tuple) and len(reference) in (5, 6) and reference[0] == "storage":
        _, kind, key, location, count, *view = reference
        is_sound = isinstance(kind, StorageKind) and type(key) is str and type(location) is str
        if is_sound and type(count) is int and 0 <= count < 2**60:
            return kind, key, location, count, view[0] if view else None
    raise UnpicklingError(f"{reference!r:.120} is not a reference to a storage")


Run = Callable[[IO[bytes], Callable[[Any], Any]], Any]


def load(file: IO[bytes], run: Run, check_location: Callable[[str], None]) -> Any:
    """Read a file in this format.

    Args:
        file: positioned at the start.
        run: ``run(file, persistent_load)`` builds the object of one pickle.
        check_location: raises unless storages tagged so may be loaded.

    Raises:
        EOFError, RuntimeError: the file is truncated.
        UnpicklingError: the file is malformed.
    """
    label = label_of(file)
    roots = _Roots(label)

    def refuse(reference: Any) -> Any:
        raise UnpicklingError(f"{label} is malformed: a storage stands where none may")

    def note(reference: Any) -> Any:
        if isinstance(reference, tuple) and reference and reference[0] == "module":
            return None  # the source of a class, which is not needed
        check_location(split_reference(reference)[2])
        return roots.note(reference)

    def find(reference: Any) -> Any:
        if isinstance(reference, tuple) and reference and reference[0] == "module":
            return reference[1]
        return roots.find(reference)

    if scan(file, refuse) != MAGIC:
        raise RuntimeError(f"Invalid magic number; corrupt file? {label} was not written by save")
    version = scan(file, refuse)
    if version != _VERSION:
        raise RuntimeError(f"Invalid protocol version: {version!r:.40} in {label}")
    system = scan(file, refuse)
    start = file.tell()
    scan(file, note)
    keys = scan(file, refuse)
    is_little = not isinstance(system, dict) or system.get("little_endian", True) is True
    roots.read(file, keys, is_little)
    end = file.tell()
    file.seek(start)
    result = run(file, find)
    file.seek(end)
    return result


def save(obj: Any, file: IO[bytes], protocol: int) -> None:
    """Write a file in this format."""
    sizes = {"short": 2, "int": 4, "long": 4}
    system = {"protocol_version": _VERSION, "little_endian": _IS_LITTLE, "type_sizes": sizes}
    for head in (MAGIC, _VERSION, system):
        file.write(dump_plain(head, protocol))
    body = io.BytesIO()
    pickler = CheckpointPickler(body, protocol, legacy=True)
    pickler.dump(obj)
    file.write(body.getvalue())
    keys = sorted(pickler.storages)
    file.write(dump_plain(keys, protocol))
    for key in keys:
        storage = pickler.storages[key]
        array = storage.array()
        size = array.nbytes if storage.dtype.name in ("uint16", "uint32", "uint64") else array.size
        file.write(struct.pack("<q" if _IS_LITTLE else ">q", size))
        file.write(array.view(np.uint8).data)
