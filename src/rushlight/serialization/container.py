"""The zip container of ``.pth`` files: uncompressed records, each at a multiple of 64 bytes.

The writer lays records out byte for byte as PyTorch does (sizes in a descriptor after the data, an
extra field ``FB`` that pads, a ZIP64 end record). The reader trusts nothing: records may be
compressed or lie anywhere in the file, but declared and actual sizes, bounds and checksums must
agree.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from typing import IO, Any

import numpy as np

from .files import label_of

ALIGNMENT = 64
_UTF8, _DESCRIPTOR = 0x0800, 0x0008
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_LATEST_VERSION = 10
# Deflate can expand a thousandfold. Saved tensors never need that, decompression bombs do.
_EXPANSION_LIMIT, _EXPANSION_FREE_BYTES = 200, 64 << 20


class ArchiveWriter:
    """Writes the records of one archive to a binary file, in order."""

    def __init__(self, file: IO[bytes], root: str) -> None:
        self._file = file
        self._root = root
        self._position = 0
        self._directory: list[bytes] = []
        self._fingerprint = [0, 0]

    def _put(self, data: Any) -> None:
        self._file.write(data)
        self._position += memoryview(data).nbytes

    def add(self, name: str, data: bytes | memoryview) -> None:
        """Append one record; ``data`` is written as it is."""
        path = f"{self._root}/{name}".encode()
        size, offset = memoryview(data).nbytes, self._position
        crc = zlib.crc32(data)
        self._fingerprint = [zlib.crc32(path, self._fingerprint[0]), self._fingerprint[1] ^ crc]
        large = size >= _FULL32
        flags = _UTF8 | (_DESCRIPTOR if size else 0)
        extra = struct.pack("<HHQQ", 1, 16, size, size) if large else b""
        padding = -(offset + _LOCAL.size + len(path) + len(extra) + 4) % ALIGNMENT
        extra += struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        declared = _FULL32 if large else 0
        self._put(
            _LOCAL.pack(b"PK\3\4", 0, flags, 0, 0, 0, 0, declared, declared, len(path), len(extra))
        )
        self._put(path + extra)
        if size:
            self._put(data)
            layout = "<4sIQQ" if large else "<4sIII"
            self._put(struct.pack(layout, b"PK\7\x08", crc, size, size))
        self._directory.append(self._entry(path, flags, crc, size, offset))

    @staticmethod
    def _entry(path: bytes, flags: int, crc: int, size: int, offset: int) -> bytes:
        wide = [n for n in (size, size, offset) if n >= _FULL32]
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        short, place = min(size, _FULL32), min(offset, _FULL32)
        sizes = (crc, short, short, len(path), len(extra))
        head = _CENTRAL.pack(b"PK\1\2", 0, 0, flags, 0, 0, 0, *sizes, 0, 0, 0, 0, place)
        return head + path + extra

    def finish(self) -> None:
        """Append the version, the identity of the contents and the central directory."""
        self.add("version", b"3\n")
        self.add(
            ".data/serialization_id",
            f"{self._fingerprint[0]:020d}{self._fingerprint[1]:020d}".encode(),
        )
        start, count = self._position, len(self._directory)
        for entry in self._directory:
            self._put(entry)
        size = self._position - start
        end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, self._position, 1)
        short = min(count, _FULL16)
        sizes = (short, short, min(size, _FULL32), min(start, _FULL32))
        self._put(end64 + locator + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, *sizes, 0))


class ArchiveReader:
    """Reads the records of an archive that stands in a seekable binary file.

    Args:
        file: the file; its position is moved.
        mapped: map the file into memory (copy on write) instead of reading storages. The checksums
            of mapped records are not verified, since that would read them all.

    Raises:
        RuntimeError: the file is truncated or corrupt, or is not an archive written by ``save``.
    """

    def __init__(self, file: IO[bytes], *, mapped: bool = False) -> None:
        self._file = file
        self.label = label_of(file)
        self._size = file.seek(0, os.SEEK_END)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OverflowError, OSError, NotImplementedError) as e:
            raise self._failure(
                "failed finding central directory",
                f"({self._size} bytes) is truncated or was not written completely, or is no "
                f"checkpoint ({e})",
            ) from e
        self._records = {info.filename: info for info in self._zip.infolist()}
        self._root = self._find_root()
        self._check_sizes()
        self._check_version()
        self._map = self._map_file() if mapped else None

    def _failure(self, what: str, why: str) -> RuntimeError:
        return RuntimeError(
            f"PytorchStreamReader failed reading zip archive: {what}. {self.label} {why}"
        )

    def _find_root(self) -> str:
        first = next(iter(self._records), "")
        root, slash, _ = first.partition("/")
        if not slash:
            raise self._failure(
                f"file in archive is not in a subdirectory: {first}",
                "is a zip file, but not one that torch.save wrote",
            )
        return root

    def _check_sizes(self) -> None:
        infos = self._zip.infolist()
        if len(infos) != len(self._records):
            twice = next(i for i in infos if self._records[i.filename] is not i)
            raise self._failure(f"two records are named {twice.filename}", "is corrupt or hostile")
        if sum(info.compress_size for info in infos) > self._size:
            raise self._failure(
                "overlapping records", "declares more data than it has: it is corrupt or hostile"
            )

    def _check_version(self) -> None:
        if not self.has("version"):
            raise RuntimeError(
                f'Expected hasRecord("version") to be true, but got false. {self.label} is a zip '
                "file without the record 'version', so not one that torch.save wrote"
            )
        text = self.read("version")
        version = int(text) if text.strip().isdigit() and len(text) < 20 else -1
        if not 1 <= version <= _LATEST_VERSION:
            raise RuntimeError(
                f"Attempted to read a PyTorch file with version {text[:20]!r}, but the supported "
                f"versions for reading are 1 to {_LATEST_VERSION}: {self.label}"
            )

    def _map_file(self) -> Any:
        import mmap

        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_COPY)

    def has(self, name: str) -> bool:
        """Whether there is a record of this name."""
        return f"{self._root}/{name}" in self._records

    def names(self) -> list[str]:
        """The names of all records, without the folder that they share."""
        return [name.partition("/")[2] for name in self._records]

    def _find(self, name: str) -> zipfile.ZipInfo:
        info = self._records.get(f"{self._root}/{name}")
        if info is None:
            raise RuntimeError(
                f"PytorchStreamReader failed locating file {name}: file not found. {self.label} "
                "refers to it but does not hold it: the checkpoint is incomplete or corrupt"
            )
        if info.flag_bits & 1 or info.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise self._failure(
                f"record {name} cannot be read", "is encrypted or compressed by another method"
            )
        expanded = info.file_size > max(
            _EXPANSION_FREE_BYTES, _EXPANSION_LIMIT * info.compress_size
        )
        if expanded or (info.compress_type == 0 and info.file_size != info.compress_size):
            raise self._failure(
                f"record {name} declares {info.file_size} bytes but stores {info.compress_size}",
                "is corrupt or hostile",
            )
        return info

    def _data_offset(self, info: zipfile.ZipInfo) -> int:
        header = b""
        if 0 <= info.header_offset < self._size:
            self._file.seek(info.header_offset)
            header = self._file.read(_LOCAL.size)
        if len(header) == _LOCAL.size and header[:4] == b"PK\3\4":
            *_, name_length, extra_length = _LOCAL.unpack(header)
            offset = info.header_offset + _LOCAL.size + name_length + extra_length
            if offset + info.compress_size <= self._size:
                return int(offset)
        raise self._failure(f"record {info.filename} is out of bounds", "is truncated or corrupt")

    def _fill(self, info: zipfile.ZipInfo, target: memoryview) -> None:
        """Read a record into ``target``, which has the declared size, and verify its checksum."""
        offset = self._data_offset(info)
        if info.compress_type == zipfile.ZIP_STORED:
            self._file.seek(offset)
            filled = _read_into(self._file, target)
        else:
            self._file.seek(offset)
            try:
                data = zlib.decompressobj(-15).decompress(
                    self._file.read(info.compress_size), len(target) + 1
                )
            except zlib.error as e:
                raise self._failure(f"record {info.filename}: {e}", "is corrupt") from e
            filled = len(data)
            if filled == len(target):
                target[:] = data
        if filled != len(target):
            raise self._failure(
                f"record {info.filename} does not have the {len(target)} bytes it declares",
                "is truncated or corrupt",
            )
        if zlib.crc32(target) != info.CRC:
            raise self._failure(
                f"record {info.filename} failed its CRC-32 check",
                "was changed after it was saved, or was damaged in storage or transfer",
            )

    def read(self, name: str) -> bytes:
        """The bytes of a record."""
        info = self._find(name)
        buffer = bytearray(info.file_size)
        self._fill(info, memoryview(buffer))
        return bytes(buffer)

    def array(self, name: str, dtype: np.dtype[Any], count: int) -> np.ndarray:
        """A record as ``count`` elements of ``dtype``, writable.

        Raises:
            RuntimeError: the record is missing or corrupt, or has another size.
        """
        info = self._find(name)
        if info.file_size != count * dtype.itemsize:
            raise self._failure(
                f"record {name} has {info.file_size} bytes",
                f"declares {count} elements of {dtype.itemsize} bytes for it: it is corrupt",
            )
        if self._map is not None and info.compress_type == zipfile.ZIP_STORED and count:
            offset = self._data_offset(info)
            if offset % dtype.itemsize == 0:
                mapped: np.ndarray = np.frombuffer(self._map, dtype, count, offset)
                return mapped
        out: np.ndarray = np.empty(count, dtype)
        self._fill(info, out.view(np.uint8).data)
        return out


def _read_into(file: Any, target: memoryview) -> int:
    """Fill ``target`` from ``file`` as far as it goes; how many bytes were read."""
    filled = 0
    while filled < len(target):
        if hasattr(file, "readinto"):
            count = file.readinto(target[filled:]) or 0
        else:
            chunk = file.read(min(len(target) - filled, 1 << 24))
            count = len(chunk)
            target[filled : filled + count] = chunk
        if not count:
            break
        filled += count
    return filled
