"""Saving and loading: PyTorch's ``.pth`` files, both ways, without PyTorch.

``save`` writes the zip format that ``torch.load`` reads; ``load`` reads it, older zip files and the
format before. A load is safe by default: a machine of our own (``unpickling``) builds tensors,
numbers, text and plain containers, and refuses everything else by name.

    files        paths, atomic replacement          container    the zip container
    pickling     writing under PyTorch's names      unpickling   the safe machine
    names        what names stand for               tensors      storages and tensors, with checks
    arrays       NumPy values                       legacy       the format before zip files
    safetensors  ``.safetensors`` files
"""

from __future__ import annotations

import io
import os
import pickle
import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

from ..device import device
from . import legacy
from .container import ArchiveReader, ArchiveWriter
from .files import FileLike, check_readable, is_path, label_of, replacing
from .legacy import scan, split_reference
from .names import (
    add_safe_globals,
    builder_of,
    can_extend,
    clear_safe_globals,
    find_trusted,
    get_safe_globals,
    resolve,
    safe_globals,
)
from .pickling import CheckpointPickler
from .tensors import LoadedStorage, StorageKind, reduce_storage, reduce_tensor, restore_location
from .unpickling import Maker, SafeUnpickler

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "reduce_storage",
    "reduce_tensor",
    "safe_globals",
    "save",
]

DEFAULT_PROTOCOL = 2
MapLocation = str | device | dict[str, str] | Callable[[Any, str], Any] | None


def save(
    obj: Any,
    f: FileLike,
    pickle_module: Any = None,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Save an object to a file that Rushlight and PyTorch load.

    A path is replaced in one step when everything has been written: after an error or a crash it
    holds what it held before.

    Args:
        obj: tensors, Parameters, numbers, text and containers of them (state dicts); or anything
            that can be pickled, which must then be loaded with ``weights_only=False``.
        f: a path, or a file object that is open for writing bytes.
        pickle_module: another module's pickler for the object, such as ``dill``. Tensors then
            stand inside its pickle, and PyTorch cannot read the file.
        pickle_protocol: the pickle protocol; 2 is what safe loading in PyTorch reads.
        _use_new_zipfile_serialization: False writes the format before zip files.

    Raises:
        RuntimeError: the folder of the path does not exist.
        AttributeError, TypeError, pickle.PicklingError: a part of the object cannot be pickled.
    """
    root = _root_name(f) if is_path(f) else "archive"
    zipped = _use_new_zipfile_serialization
    if is_path(f):
        with replacing(f) as file:
            _write(obj, file, root if zipped else None, pickle_module, pickle_protocol)
    else:
        _write(obj, f, root if zipped else None, pickle_module, pickle_protocol)  # type: ignore[arg-type]


def _root_name(path: FileLike) -> str:
    """The folder inside the archive: the file's name without extension, as PyTorch does."""
    stem = os.path.splitext(os.path.basename(os.fspath(path)))[0]  # type: ignore[arg-type]
    return stem if stem and stem.isascii() else "archive"


def _write(obj: Any, file: IO[bytes], root: str | None, pickle_module: Any, protocol: int) -> None:
    """Write a checkpoint, in the legacy format if ``root`` is None."""
    if not hasattr(file, "write"):
        raise AttributeError(
            f"expected 'f' to be string, path, or a file-like object with a 'write' attribute, got "
            f"{type(file).__name__}"
        )
    if root is None:
        legacy.save(obj, file, protocol)
        return
    body = io.BytesIO()
    storages = {}
    if pickle_module is None or pickle_module is pickle:
        pickler = CheckpointPickler(body, protocol)
        pickler.dump(obj)
        storages = pickler.storages
    else:
        pickle_module.dump(obj, body, protocol=protocol)
    archive = ArchiveWriter(file, root)
    archive.add("data.pkl", body.getvalue())
    archive.add(".format_version", b"1")
    archive.add(".storage_alignment", b"64")
    archive.add("byteorder", sys.byteorder.encode())
    for key, storage in storages.items():
        archive.add(f"data/{key}", storage.array().view("u1").data)
    archive.finish()


def load(
    f: FileLike,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load what :func:`save` or ``torch.save`` wrote.

    Args:
        f: a path, or a seekable file object that is open for reading bytes.
        map_location: where tensors from other devices go: ``"cpu"``, a device, a dict from saved
            to new locations, or a function ``(storage, location)`` that returns the storage.
        pickle_module: unpickle with another module; means ``weights_only=False``.
        weights_only: True, the default: only tensors, numbers, text and plain containers are
            built, and what :func:`add_safe_globals` allows; no file can run code. False: anything
            that can be pickled, which lets a hostile file run any code.
        mmap: map storages from the file instead of reading them; their checksums are not verified
            then. Writing to such tensors does not change the file.
        **pickle_load_args: ``encoding`` of text that Python 2 wrote.

    Raises:
        FileNotFoundError: there is no such file.
        pickle.UnpicklingError: the file is no checkpoint, is malformed, or needs what is not
            allowed; the message names it.
        RuntimeError: the file is truncated or corrupt, or holds tensors of another device.
        EOFError: the file is empty, or its pickle ends too early.
    """
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if mmap and not is_path(f):
        raise ValueError("f must be a file path in order to use the mmap argument")
    safe = pickle_module is None if weights_only is None else bool(weights_only)
    if safe and (unknown := pickle_load_args.keys() - {"encoding"}):
        raise TypeError(f"load() got an unexpected keyword argument {min(unknown)!r}")
    if is_path(f):
        with open(f, "rb") as file:
            return _Loader(file, map_location, pickle_module, safe, pickle_load_args).load(mmap)
    check_readable(f)
    return _Loader(f, map_location, pickle_module, safe, pickle_load_args).load(mmap)  # type: ignore[arg-type]


class _Loader:
    """One call of :func:`load`."""

    def __init__(
        self,
        file: IO[bytes],
        map_location: MapLocation,
        pickle_module: Any,
        safe: bool,
        pickle_load_args: dict[str, Any],
    ) -> None:
        self._file = file
        self._label = label_of(file)
        self._map_location = map_location
        self._pickle_module = pickle_module or pickle
        self._run = self._run_safely if safe else self._run_trusted
        self._arguments = pickle_load_args
        self._storages: dict[str, LoadedStorage] = {}

    def load(self, mmap: bool | None) -> Any:
        start = _peek(self._file)
        if start.startswith(b"PK\3\4"):
            return self._load_archive(bool(mmap))
        if mmap:
            raise RuntimeError(
                "mmap can only be used with files saved with "
                f"`torch.save(_use_new_zipfile_serialization=True)`, and {self._label} is not one; "
                "please torch.save your checkpoint with this option in order to use mmap."
            )
        _check_start(start, self._label)
        try:
            return legacy.load(self._file, self._run, self._check_location)
        except UnpicklingError as e:
            raise _explain(e, self._label) from e
        except EOFError as e:
            raise EOFError(f"{e} ({self._label} is truncated)") from e

    def _load_archive(self, mapped: bool) -> Any:
        archive = _open_archive(self._file, mapped=mapped)
        order = archive.read("byteorder") if archive.has("byteorder") else b"little"
        if order not in (b"little", b"big"):
            raise ValueError(f"Unknown endianness type: {order!r:.40} in {self._label}")
        swapped = order.decode() != sys.byteorder

        def find(reference: Any) -> LoadedStorage:
            kind, key, location, count, _ = split_reference(reference)
            found = self._storages.get(key)
            if found is None:
                array = archive.array(f"data/{key}", kind.holder, count)
                found = self._storages[key] = LoadedStorage(array, kind, swapped=swapped)
                self._check_location(location, found)
            elif found.kind is not kind or len(found.array) != count:
                raise UnpicklingError(f"storage {key!r:.40} is declared in two ways")
            return found

        return self._run(io.BytesIO(archive.read("data.pkl")), find)

    def _check_location(self, location: str, storage: LoadedStorage | None = None) -> None:
        where = self._map_location
        if callable(where):
            if where(storage, location) is not None:
                return
            where = None
        restore_location(location, where)

    def _run_safely(self, file: IO[bytes], persistent_load: Callable[[Any], Any]) -> Any:
        machine = SafeUnpickler(
            file,
            resolve,
            persistent_load,
            encoding=self._arguments.get("encoding", "utf-8"),
            builder=builder_of,
            can_extend=can_extend,
        )
        try:
            result = machine.load()
            _check_only_values(result)
        except UnpicklingError as e:
            raise _explain(e, self._label) from e
        except EOFError as e:
            raise EOFError(f"{e} ({self._label})") from e
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as e:
            raise _explain(e, self._label) from e
        return result

    def _run_trusted(self, file: IO[bytes], persistent_load: Callable[[Any], Any]) -> Any:
        class Unpickler(self._pickle_module.Unpickler):  # type: ignore[misc, name-defined]
            def find_class(self, module: str, name: str) -> Any:
                found = find_trusted(module, name)
                return super().find_class(module, name) if found is None else found

            def persistent_load(self, reference: Any) -> Any:
                return persistent_load(reference)

        arguments = {"encoding": "utf-8", **self._arguments}
        try:
            return Unpickler(file, **arguments).load()
        except Exception as e:
            e.add_note(f"while loading {self._label}")
            raise


def _check_only_values(result: Any) -> None:
    """Raise if a name or a bare storage, which a file may use, was left over as a value."""
    todo, seen = [result], set()
    while todo:
        obj = todo.pop()
        if isinstance(obj, (Maker, StorageKind, LoadedStorage)):
            raise UnpicklingError(f"{obj!r} stands where a tensor or a plain value must")
        if isinstance(obj, (list, tuple, dict)) and id(obj) not in seen:
            seen.add(id(obj))
            todo.extend(obj.values() if isinstance(obj, dict) else obj)


def _peek(file: IO[bytes]) -> bytes:
    """The first bytes from the current position on, which is kept."""
    position = file.tell()
    start = file.read(512)
    file.seek(position)
    if not isinstance(start, bytes):
        raise TypeError("torch.load needs a file that was opened in binary mode, 'rb'")
    return start


def _open_archive(file: IO[bytes], *, mapped: bool = False) -> ArchiveReader:
    archive = ArchiveReader(file, mapped=mapped)
    if archive.has("constants.pkl"):
        raise RuntimeError(
            f"{archive.label} is a TorchScript archive (torch.jit.save wrote it): it holds a "
            "program, not a checkpoint. Save the model's state_dict() with torch.save instead."
        )
    return archive


# How files start that people pass to ``load`` by mistake.
_OTHER_FILES = (
    (
        b"version https://git-lfs",
        "is a Git LFS pointer and not the file itself: run `git lfs pull`",
    ),
    (b"<", "looks like a web page: the download went wrong"),
    (b"\x93NUMPY", "is a NumPy file: use numpy.load"),
    (b"\x1f\x8b", "is compressed with gzip: unpack it first"),
    (b"{", "looks like JSON"),
)


def _check_start(start: bytes, label: str) -> None:
    """Raise unless a file that is no zip archive starts like a pickle."""
    if not start:
        raise EOFError(f"Ran out of input: {label} is empty, or stands at its end (seek(0))")
    if start[0] == 0x80:
        return
    guess = next((what for prefix, what in _OTHER_FILES if start.startswith(prefix)), "")
    if not guess and start[8:10] == b'{"':
        guess = "is a safetensors file: use rushlight.serialization.safetensors.load_file"
    if not guess and start[257:262] == b"ustar":
        guess = "is a tar archive, as PyTorch 0.1 wrote them: such files are not supported"
    raise UnpicklingError(
        f"Weights only load failed. invalid load key, {chr(start[0])!r}. {label} "
        + (guess or "is not a checkpoint that torch.save wrote")
    )


_ADVICE = (
    "Nothing that it names was run. By default (weights_only=True) only tensors, numbers, text and "
    "plain containers are built. If you trust where the file comes from, load it with "
    "weights_only=False: that builds anything, and lets a file run any code."
)


def _explain(e: Exception, label: str) -> UnpicklingError:
    """The error that says what is wrong with which file, in the words that people search for."""
    text = str(e)
    if text.startswith("Weights only load failed."):
        return UnpicklingError(text)
    if not isinstance(e, UnpicklingError):
        text = f"malformed pickle: {type(e).__name__}: {text}"
    return UnpicklingError(
        f"Weights only load failed. WeightsUnpickler error: {text}\n"
        f"{label} was not loaded. {_ADVICE}"
    )


def get_unsafe_globals_in_checkpoint(f: FileLike) -> list[str]:
    """The full names in a checkpoint that :func:`load` would refuse by default.

    Nothing is built. Raises what :func:`load` raises for files that are no checkpoints.
    """
    if is_path(f):
        with open(f, "rb") as opened:
            return get_unsafe_globals_in_checkpoint(opened)
    check_readable(f)
    names: set[str] = set()
    file: Any = f
    if _peek(file).startswith(b"PK\3\4"):
        body: IO[bytes] = io.BytesIO(_open_archive(file).read("data.pkl"))
        scan(body, lambda reference: None, names)
    else:
        _check_start(_peek(file), label_of(file))
        for _ in range(4):
            scan(file, lambda reference: None, names)
    return sorted(name for name in names if not _is_safe(name))


def _is_safe(full: str) -> bool:
    try:
        resolve(*full.rsplit(".", 1))
    except UnpicklingError:
        return False
    return True
