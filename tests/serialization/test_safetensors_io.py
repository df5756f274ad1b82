"""``.safetensors`` files through the safetensors library."""

from __future__ import annotations

import json
import struct

import pytest

import rushlight as rl
from rushlight.serialization import safetensors as io

library = pytest.importorskip("safetensors")


def test_round_trip_of_every_dtype(tmp_path):
    tensors = {
        str(d): rl.tensor([[0, 1], [2, 3]], dtype=d)
        for d in (rl.float64, rl.float32, rl.float16, rl.bfloat16, rl.bool, rl.uint8, rl.int8)
        + (rl.int16, rl.int32, rl.int64, rl.uint16, rl.uint32, rl.uint64)
    }
    tensors.update(scalar=rl.tensor(2.5), empty=rl.ones(0, 3), turned=rl.arange(6).view(2, 3).t())
    io.save_file(tensors, tmp_path / "a.safetensors", {"epoch": "3"})
    loaded = io.load_file(tmp_path / "a.safetensors")
    assert loaded.keys() == tensors.keys()
    for name, t in tensors.items():
        assert loaded[name].dtype is t.dtype
        assert loaded[name].shape == t.shape
        assert loaded[name].tolist() == t.tolist()
        assert loaded[name].is_contiguous()


def test_the_bytes_are_the_format():
    data = io.save({"a": rl.tensor([1.0, 2.0])}, {"k": "v"})
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    assert header["a"] == {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    assert header["__metadata__"] == {"k": "v"}
    assert data[8 + size :] == struct.pack("<2f", 1, 2)


def test_pending_and_loaded_tensors_can_be_written():
    t = io.load(io.save({"a": rl.ones(3) * 2}))["a"]
    t.add_(1)
    assert t.tolist() == [3.0, 3.0, 3.0]


def test_shared_memory_is_refused():
    base = rl.arange(4.0)
    with pytest.raises(RuntimeError, match=r"Some tensors share memory.*'a' and 'b'"):
        io.save({"a": base, "b": base[1:]})


def test_wrong_arguments(tmp_path):
    with pytest.raises(ValueError, match="Expected a dict"):
        io.save([rl.ones(2)])
    with pytest.raises(ValueError, match=r"Key `a` is invalid, expected torch.Tensor but received"):
        io.save({"a": 3})
    with pytest.raises(FileNotFoundError):
        io.load_file(tmp_path / "nowhere.safetensors")
    with pytest.raises(AssertionError, match="CUDA"):
        io.load_file(tmp_path / "nowhere.safetensors", device="cuda")


def test_damaged_files(tmp_path):
    data = io.save({"a": rl.ones(5)})
    path = tmp_path / "a.safetensors"
    for part in (b"", data[:4], data[:20], data[:-1], data + b"x", b"\xff" * 8 + data[8:]):
        path.write_bytes(part)
        with pytest.raises(library.SafetensorError, match=r"a\.safetensors"):
            io.load_file(path)


def test_types_that_rushlight_lacks():
    header = json.dumps({"a": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}).encode()
    header += b" " * (-len(header) % 8)
    data = struct.pack("<Q", len(header)) + header + b"\0\0"
    with pytest.raises(ValueError, match="F8_E4M3"):
        io.load(data)


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.safetensors"
    io.save_file({"a": rl.ones(2)}, path)
    with pytest.raises(RuntimeError, match="Parent directory"):
        io.save_file({"a": rl.ones(2)}, tmp_path / "missing" / "a.safetensors")
    with pytest.raises(ValueError, match="is invalid"):
        io.save_file({"a": None}, path)
    assert io.load_file(path)["a"].tolist() == [1.0, 1.0]
