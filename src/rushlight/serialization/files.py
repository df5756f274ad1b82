"""Files: names for messages, atomic replacement, and checked file objects."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, TypeGuard

PathLike = str | os.PathLike[str]
FileLike = PathLike | IO[bytes]


def is_path(f: object) -> TypeGuard[PathLike]:
    """Whether ``f`` names a file, as against being one."""
    return isinstance(f, (str, os.PathLike))


def label_of(f: object) -> str:
    """What messages call a file: its quoted path, or what kind of object it is."""
    name = f if is_path(f) else getattr(f, "name", None)
    return f"'{os.fspath(name)}'" if is_path(name) else f"the {type(f).__name__} object"


def _is_special(path: str) -> bool:
    """Whether ``path`` is a pipe, a device or a socket, which cannot be replaced by renaming."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _create_beside(path: str) -> tuple[int, str]:
    """A new file in the folder of ``path``, with the permissions that ``path`` has or would get."""
    folder, name = os.path.split(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(6).hex()}.tmp")
        with suppress(FileExistsError):
            handle = os.open(temporary, flags, 0o666)
            with suppress(OSError):
                os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
            return handle, temporary


def _sync_folder(path: str) -> None:
    """Make the renaming itself durable where folders can be synced."""
    if os.name == "posix":
        with suppress(OSError):
            handle = os.open(os.path.dirname(path), os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def replacing(path: PathLike) -> Iterator[IO[bytes]]:
    """A binary file to write, which takes the place of ``path`` when the block ends without error.

    Until then, and after an error or a crash, ``path`` holds what it held before.

    Raises:
        RuntimeError: the folder does not exist.
        IsADirectoryError: ``path`` is a folder.
    """
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise RuntimeError(
            f"Parent directory {os.path.dirname(os.fspath(path)) or folder} does not exist."
        )
    if os.path.isdir(target):
        raise IsADirectoryError(21, "Is a directory", os.fspath(path))
    if _is_special(target):
        with open(target, "wb") as special:
            yield special
        return
    handle, temporary = _create_beside(target)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target)


def check_readable(f: Any) -> None:
    """Raise PyTorch's ``AttributeError`` unless ``f`` can be read and rewound."""
    for name in ("seek", "tell", "read", "readline"):
        if not hasattr(f, name):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{name}'. You can only torch.load "
                "from a file that is seekable. Please pre-load the data into a buffer like "
                "io.BytesIO and try to load from it instead."
            )
