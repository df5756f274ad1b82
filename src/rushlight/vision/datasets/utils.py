"""Checksums, downloads and archives."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import os
import shutil
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

Path = str | os.PathLike[str]

_CHUNK = 1 << 18
_TIMEOUT = 30.0  # seconds without an answer


def calculate_md5(fpath: Path, chunk_size: int = 1 << 20) -> str:
    """The MD5 checksum of a file, in hexadecimal."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            md5.update(chunk)
    return md5.hexdigest()


def check_md5(fpath: Path, md5: str, **kwargs: Any) -> bool:
    """Whether a file has this checksum."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: Path, md5: str | None = None) -> bool:
    """Whether a file exists and, where a checksum is given, has it."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when complete."""
    temporary = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            yield file
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


class _Progress:
    """A line on the terminal; silent where standard error is not one."""

    def __init__(self, name: str, total: int | None) -> None:
        self.name, self.total, self.done = name, total, 0
        self.shown = sys.stderr is not None and sys.stderr.isatty()

    def advance(self, amount: int) -> None:
        self.done += amount
        if not self.shown:
            return
        megabytes = f"{self.done / 1e6:.1f}"
        if self.total:
            megabytes += f"/{self.total / 1e6:.1f} MB ({100 * self.done // self.total}%)"
        else:
            megabytes += " MB"
        sys.stderr.write(f"\r{self.name}: {megabytes}")
        sys.stderr.flush()

    def close(self) -> None:
        if self.shown:
            sys.stderr.write("\n")


def download_url(
    url: str, root: Path, filename: Path | None = None, md5: str | None = None
) -> None:
    """Download a file into the folder ``root`` unless it is there already.

    The file appears under its name only when complete and, where a checksum is given, correct.

    Raises:
        RuntimeError: if it cannot be had; says where to place it by hand.
    """
    root = os.path.expanduser(root)
    name = os.path.basename(url) if filename is None else os.fspath(filename)
    path = os.path.join(root, name)
    if check_integrity(path, md5):
        return
    os.makedirs(root, exist_ok=True)
    try:
        found = _retrieve(url, path, md5)
    except OSError as error:  # URLError, timeouts and refused connections are OSErrors
        raise RuntimeError(f"{url} could not be downloaded ({error}). {_by_hand(path)}") from error
    if md5 is not None and found != md5:
        raise RuntimeError(
            f"{url} is not the expected file: its MD5 checksum is {found} instead of {md5}. "
            f"File not found or corrupted. {_by_hand(path)}"
        )


def _by_hand(path: str) -> str:
    return f"Without network access, place the file by hand at {os.path.abspath(path)}"


def _retrieve(url: str, path: str, md5: str | None) -> str:
    """Stream ``url`` into ``path``, which is replaced only if the checksum fits; the checksum."""
    from urllib.request import Request, urlopen

    digest = hashlib.md5(usedforsecurity=False)
    temporary = f"{path}.{os.getpid()}.part"
    try:
        with (
            urlopen(Request(url, headers={"User-Agent": "rushlight"}), timeout=_TIMEOUT) as answer,
            open(temporary, "wb") as file,
        ):
            progress = _Progress(os.path.basename(path), getattr(answer, "length", None))
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                progress.advance(len(chunk))
            progress.close()
        if md5 is None or digest.hexdigest() == md5:
            os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return digest.hexdigest()


def extract_archive(
    from_path: Path, to_path: Path | None = None, remove_finished: bool = False
) -> str:
    """Unpack a tar or zip archive, or a single compressed file; returns where to.

    Raises:
        RuntimeError: for an unknown kind of file.
    """
    source = os.fspath(from_path)
    target = os.path.dirname(source) if to_path is None else os.fspath(to_path)
    if source.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz")):
        _extract_tar(source, target)
    elif source.endswith(".zip"):
        with zipfile.ZipFile(source) as archive:
            archive.extractall(target)
    elif source.endswith((".gz", ".xz")):
        name = os.path.splitext(os.path.basename(source))[0]
        target = os.path.join(target, name) if os.path.isdir(target) else target
        unpack(source, target)
    else:
        raise RuntimeError(f"Unknown compression or archive type: {source!r}")
    if remove_finished:
        os.remove(source)
    return target


def _extract_tar(source: str, target: str) -> None:
    with tarfile.open(source) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(target, filter="data")
            return
        for member in archive.getmembers():  # the first releases of Python 3.11
            inside = os.path.realpath(os.path.join(target, member.name))
            if os.path.commonpath([inside, os.path.realpath(target)]) != os.path.realpath(target):
                raise RuntimeError(f"{source} wants to write outside of {target}: {member.name}")
            if member.isfile() or member.isdir():
                archive.extract(member, target)


def open_compressed(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip or xz if its name says so."""
    name = os.fspath(path)
    if name.endswith(".gz"):
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if name.endswith(".xz"):
        return lzma.open(path, "rb")
    return open(path, "rb")


def unpack(source: Path, target: Path) -> None:
    """Decompress (or copy) one file; it appears under its name only when complete.

    Raises:
        RuntimeError: if the source is corrupt or truncated.
    """
    try:
        with open_compressed(source) as packed, atomic_write(target) as file:
            shutil.copyfileobj(packed, file, _CHUNK)
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise RuntimeError(f"{os.fspath(source)} is corrupt or truncated: {error}") from error


def download_and_extract_archive(
    url: str,
    download_root: Path,
    extract_root: Path | None = None,
    filename: Path | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """Download an archive into ``download_root`` and unpack it."""
    download_root = os.path.expanduser(download_root)
    name = os.path.basename(url) if filename is None else os.fspath(filename)
    download_url(url, download_root, name, md5)
    archive = os.path.join(download_root, name)
    extract_archive(
        archive, download_root if extract_root is None else extract_root, remove_finished
    )


def list_dir(root: Path, prefix: bool = False) -> list[str]:
    """The folders in ``root``, with their paths if ``prefix``."""
    return _listed(root, os.path.isdir, prefix)


def list_files(root: Path, suffix: str | tuple[str, ...], prefix: bool = False) -> list[str]:
    """The files in ``root`` whose names end in ``suffix``, with their paths if ``prefix``."""
    names = _listed(root, os.path.isfile, prefix)
    return [name for name in names if name.endswith(suffix)]


def _listed(root: Path, wanted: Any, prefix: bool) -> list[str]:
    root = os.path.expanduser(root)
    names = [name for name in os.listdir(root) if wanted(os.path.join(root, name))]
    return [os.path.join(root, name) for name in names] if prefix else names


def verify_str_arg(
    value: Any,
    arg: str | None = None,
    valid_values: Iterable[str] | None = None,
    custom_msg: str | None = None,
) -> str:
    """``value`` if it is a string among ``valid_values``; ``ValueError`` otherwise."""
    name = "Expected type str" if arg is None else f"Expected type str for argument {arg}"
    if not isinstance(value, str):
        raise ValueError(f"{name}, but got type {type(value)}.")
    if valid_values is not None and value not in (options := list(valid_values)):
        if custom_msg is not None:
            raise ValueError(custom_msg)
        raise ValueError(
            f"Unknown value '{value}' for argument {arg}. Valid values are {_braced(options)}."
        )
    return value


def _braced(values: Sequence[str]) -> str:
    return "{" + ", ".join(f"'{value}'" for value in values) + "}"
