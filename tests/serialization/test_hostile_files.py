"""Files that are truncated, corrupt or written to do harm: a clear error, never a crash."""

from __future__ import annotations

import collections
import contextlib
import datetime
import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from crafted_files import archive, one_tensor, plain, rebuild, storage, tensor, text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushlight import dtypes, serialization
from rushlight.tensor import Tensor

ERRORS = (pickle.UnpicklingError, RuntimeError, EOFError, ValueError)


def refused(file, match, error=pickle.UnpicklingError, **options):
    if hasattr(file, "seek"):
        file.seek(0)
    with pytest.raises(error, match=match) as caught:
        serialization.load(file, **options)
    return str(caught.value)


def sound_file() -> bytes:
    file = io.BytesIO()
    state = collections.OrderedDict(weight=tensor(np.arange(12.0, dtype="f4")), n=3)
    serialization.save({"state": state, "epochs": [1, 2]}, file)
    return file.getvalue()


# Not a checkpoint at all


@pytest.mark.parametrize(
    ("start", "error", "words"),
    [
        (b"", EOFError, "Ran out of input.* is empty"),
        (b"<!doctype html>", pickle.UnpicklingError, "invalid load key, '<'.*web page"),
        (b"version https://git-lfs.github.com/spec/v1", pickle.UnpicklingError, "git lfs pull"),
        (b"\x93NUMPY\x01\x00", pickle.UnpicklingError, "numpy.load"),
        (struct.pack("<Q", 9) + b'{"a":1}', pickle.UnpicklingError, "safetensors"),
        (b"hello", pickle.UnpicklingError, "invalid load key, 'h'"),
        (bytes(257) + b"ustar", pickle.UnpicklingError, "tar archive"),
        (b"PK\3\4", RuntimeError, "failed finding central directory"),
        (b"\x80\x02", EOFError, "truncated"),
        (pickle.dumps({"a": 1}, 2), RuntimeError, "Invalid magic number; corrupt file"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, start, error, words):
    path = tmp_path / "model.pth"
    path.write_bytes(start)
    message = refused(path, f"(?s){words}", error)
    assert "model.pth" in message


def test_torchscript_archives_are_refused():
    refused(archive(b"\x80\x02N.", {"constants.pkl": b""}), "TorchScript", RuntimeError)


def test_archive_without_version_or_pickle():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/data.pkl", b"\x80\x02N.")
    refused(file, 'Expected hasRecord\\("version"\\)', RuntimeError)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/version", b"3")
    refused(file, "failed locating file data.pkl: file not found", RuntimeError)


@pytest.mark.parametrize("version", [b"99", b"0", b"x", b"", b"9" * 5000])
def test_versions_that_we_do_not_know(version):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/version", version)
        z.writestr("a/data.pkl", b"\x80\x02N.")
    refused(file, "Attempted to read a PyTorch file with version", RuntimeError)


def test_records_outside_a_folder():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("data.pkl", b"\x80\x02N.")
    refused(file, "not in a subdirectory", RuntimeError)


# Damage


def test_every_truncation_is_an_error(tmp_path):
    whole = sound_file()
    for length in range(0, len(whole), 13):
        with pytest.raises(ERRORS):
            serialization.load(io.BytesIO(whole[:length]))


def test_a_changed_byte_of_the_elements_fails_the_checksum():
    whole = bytearray(sound_file())
    whole[whole.index(np.arange(12.0, dtype="f4").tobytes()) + 5] ^= 0xFF
    refused(io.BytesIO(whole), "record archive/data/0 failed its CRC-32 check", RuntimeError)


@settings(deadline=None, derandomize=True, max_examples=700)
@given(st.data())
def test_random_damage_is_an_error_or_harmless(data):
    whole = bytearray(sound_file())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = serialization.load(io.BytesIO(whole))
    except ERRORS:
        return
    expected = serialization.load(io.BytesIO(sound_file()))
    assert repr(loaded) == repr(expected)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.data())
def test_random_damage_to_the_legacy_format(data):
    file = io.BytesIO()
    serialization.save([tensor(np.arange(12.0))], file, _use_new_zipfile_serialization=False)
    whole = bytearray(file.getvalue())
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    with_damage = io.BytesIO(whole)
    with contextlib.suppress(*ERRORS):
        serialization.load(with_damage)


# Tensors that leave their storage


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((10, 0, (11,), (1,)), "out of bounds for a storage of 10 elements"),
        ((10, 5, (6,), (1,)), "out of bounds"),
        ((10, 0, (2, 2), (9, 1)), "out of bounds"),
        ((10, 0, (2**62,), (2**62,)), "out of bounds"),
        ((10, 10, (), ()), "out of bounds"),
        ((10, 0, (-1,), (1,)), "negative dimension"),
        ((10, 9, (2,), (-1,)), "negative dimension or stride"),
        ((10, -1, (2,), (1,)), "invalid storage offset -1"),
        ((10, 2**70, (0,), (1,)), "invalid storage offset"),
        ((10, 0, (2,), ()), "mismatch in length of strides and shape"),
        ((10, 0, (2**61, 4), (0, 0)), "Storage size calculation overflowed"),
        ((10, 0, (1,) * 65, (1,) * 65), "overflowed"),
    ],
)
def test_views_out_of_bounds(args, words):
    refused(one_tensor(*args), words)


def test_bounds_are_exact():
    assert serialization.load(one_tensor(10, 1, (3, 3), (3, 1))).shape == (3, 3)
    assert serialization.load(one_tensor(10, 9, (7,), (0,))).shape == (7,)
    assert serialization.load(one_tensor(10, 99, (0,), (1,))).shape == (0,)


@pytest.mark.parametrize("count", [9, 11, 0, 2**59])
def test_declared_size_must_be_the_actual_size(count):
    refused(one_tensor(count, 0, (1,), (1,)), "declares .* elements", RuntimeError)


def test_sizes_must_be_integers():
    body = rebuild(10, 0, (1,), (1,)).replace(b"(\x8a\x01\x01t", b"(" + text("1") + b"t", 1)
    refused(archive(b"\x80\x02" + body + b".", {"data/0": bytes(40)}), "must be tuples of ints")


@pytest.mark.parametrize("count", [-1, 2**60, 2**80])
def test_absurd_storage_sizes(count):
    refused(one_tensor(count, 0, (1,), (1,)), "is not a reference to a storage")


def test_a_storage_declared_in_two_ways():
    two = b"(" + storage("torch.FloatStorage", 10) + storage("torch.IntStorage", 10) + b"t."
    refused(archive(b"\x80\x02" + two, {"data/0": bytes(40)}), "declared in two ways")


def test_keys_cannot_leave_the_archive():
    for key in ("../../etc/passwd", "/etc/passwd", ""):
        body = b"\x80\x02" + storage("torch.FloatStorage", 1, key) + b"."
        refused(archive(body), "file not found", RuntimeError)


def test_requires_grad_of_integers():
    body = rebuild(10, 0, (1,), (1,), "torch.IntStorage").replace(b"\x89", b"\x88", 1)
    file = archive(b"\x80\x02" + body + b".", {"data/0": bytes(40)})
    refused(file, "only Tensors of floating point dtype can require gradients", RuntimeError)


def test_bools_are_zero_or_one_whatever_the_bytes():
    loaded = serialization.load(
        one_tensor(4, 0, (4,), (1,), "torch.BoolStorage", data=bytes([0, 1, 2, 255]))
    )
    assert loaded._array().view(np.uint8).tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("torch.ComplexFloatStorage", "Rushlight has no complex numbers"),
        ("torch.QInt8Storage", "torch.QInt8Storage"),
    ],
)
def test_types_that_we_lack_are_named(kind, words):
    refused(one_tensor(10, 0, (1,), (1,), kind), words)


# Names


class Outsider:
    """A class that no checkpoint may bring to life unasked."""


@pytest.mark.parametrize(
    ("obj", "words"),
    [
        (os.system, "Trying to load unsupported GLOBAL (posix|nt).system whose module"),
        (eval, "GLOBAL builtins.eval whose module builtins is blocked"),
        (datetime.date(2020, 1, 1), "GLOBAL datetime.date was not an allowed global by default"),
        (collections.deque([1]), "Unsupported global: GLOBAL collections.deque"),
        (collections.defaultdict(list), "GLOBAL collections.defaultdict"),
        (Outsider(), r"add_safe_globals\(\[test_hostile_files.Outsider\]\)"),
        (slice(1, 2), "builtins.slice"),
    ],
)
def test_names_that_are_not_allowed(obj, words):
    refused(plain({"payload": obj}), words)


@pytest.mark.parametrize("module", ["os", "sys", "subprocess", "posix", "builtins", "importlib"])
def test_blocked_modules_stay_blocked(module):
    body = f"c{module}\nwhatever\n)R.".encode()
    refused(archive(b"\x80\x02" + body), f"whose module {module} is blocked")


def test_nothing_runs_before_the_refusal(tmp_path):
    target = tmp_path / "made-by-pickle"

    class Evil:
        def __reduce__(self):
            return open, (str(target), "w")

    for protocol in range(1, 6):
        refused(plain([1, Evil()], protocol), "Weights only load failed")
    assert not target.exists()


def test_the_message_names_file_and_remedy(tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(plain(Outsider()).getvalue())
    message = refused(path, "Weights only load failed")
    assert "net.pth" in message
    assert "weights_only=False" in message


@pytest.mark.parametrize("name", ["torch.Size", "torch.FloatStorage", "collections.OrderedDict"])
def test_names_are_no_values(name):
    module, _, attribute = name.rpartition(".")
    body = f"]c{module}\n{attribute}\na.".encode()
    refused(archive(b"\x80\x02" + body), f"{name}.* stands where a tensor or a plain value must")


def test_bare_storages_are_no_values():
    body = b"\x80\x02" + storage("torch.FloatStorage", 10) + b"."
    refused(archive(body, {"data/0": bytes(40)}), "a torch.FloatStorage of 10 elements stands")


# Pickles


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b"\x80\x02\xff.", pickle.UnpicklingError, "Unsupported operand 255"),
        (b"\x80\x09N.", pickle.UnpicklingError, "unsupported pickle protocol: 9"),
        (b"\x80\x02a.", pickle.UnpicklingError, "pop from empty list"),
        (b"\x80\x02.", pickle.UnpicklingError, "pop from empty list"),
        (b"\x80\x02(.", pickle.UnpicklingError, "pop from empty list"),
        (b"\x80\x02t.", pickle.UnpicklingError, "no mark"),
        (b"\x80\x02h\x05.", pickle.UnpicklingError, "memo value 5 not found"),
        (b"\x80\x02N", EOFError, "Ran out of input"),
        (b"\x80\x02X\xff\0\0\0abc", EOFError, "truncated"),
        (b"\x80\x02X\xff\xff\xff\xffabc", EOFError, "truncated"),
        (b"\x80\x04\x8e" + b"\xff" * 8, EOFError, "truncated"),
        (b"\x80\x02\x8b\xff\xff\xff\xff", pickle.UnpicklingError, "negative length"),
        (b"\x80\x02X\x01\0\0\0\xff.", pickle.UnpicklingError, "can't decode"),
        (b"\x80\x02NNa.", pickle.UnpicklingError, "Can only append to lists, but got NoneType"),
        (b"\x80\x02]NNs.", pickle.UnpicklingError, "Can only set items of dicts"),
        (b"\x80\x02}(NNNu.", pickle.UnpicklingError, "odd number of items"),
        (b"\x80\x02}]Ns.", pickle.UnpicklingError, "a list cannot be a dictionary key"),
        (b"\x80\x02NNb.", pickle.UnpicklingError, "Can only build .* but got NoneType"),
        (b"\x80\x02]}b.", pickle.UnpicklingError, "but got list"),
        (b"\x80\x02N)R.", pickle.UnpicklingError, "unrecognized function None"),
        (b"\x80\x02ctorch\nfloat32\n)R.", pickle.UnpicklingError, "unrecognized function"),
        (b"\x80\x02ctorch\nSize\nNR.", pickle.UnpicklingError, "unrecognized function"),
        (b"\x80\x02ctorch\nTensor\n)R.", pickle.UnpicklingError, "cannot be called"),
        (b"\x80\x02NQ.", pickle.UnpicklingError, "None is not a reference to a storage"),
        (b"\x80\x02ctorch.float32.", EOFError, "truncated"),
        (b"\x80\x04NN\x93.", pickle.UnpicklingError, "a name must be a string"),
    ],
)
def test_malformed_pickles(body, error, words):
    refused(archive(body), words, error)


def test_a_key_that_would_take_forever_to_hash():
    doubled = b"".join(
        b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) + b"0" for i in range(99)
    )
    for use in (b"}hcNs.", b"c__builtin__\nset\n]hca\x85R.", b"\x8f(hc\x90.", b"(hc\x91."):
        refused(archive(b"\x80\x04)q\x000" + doubled + use), "nested too deeply or too large")
    wide = b"}(" + b"K\x01" * 10_001 + b"tNs."
    refused(archive(b"\x80\x02" + wide), "nested too deeply or too large")


def test_deep_nesting_does_not_overflow_the_stack():
    loaded = serialization.load(archive(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b"."))
    depth = 0
    while loaded:
        loaded, depth = loaded[0], depth + 1
    assert depth == 199_999


def test_calls_that_would_allocate_without_end():
    huge = b"\x8a\x08" + b"\xff" * 7 + b"\x0f"
    refused(archive(b"\x80\x02c__builtin__\nbytearray\n" + huge + b"\x85R."), "bytearray")
    refused(archive(b"\x80\x02c__builtin__\nbytes\n" + huge + b"\x85R."), "_codecs.encode|int")


def test_methods_of_containers_cannot_be_replaced():
    body = b"ccollections\nOrderedDict\n)R}" + text("items") + b"NsbN."
    refused(archive(b"\x80\x02" + body), "attribute 'items' cannot be loaded")


def test_engine_attributes_of_tensors_cannot_be_set():
    make = b"ctorch._utils\n_rebuild_tensor_v2\n"
    body = b"ctorch._tensor\n_rebuild_from_type_v2\n(" + make + b"ctorch\nTensor\n("
    args = rebuild(10, 0, (1,), (1,)).removeprefix(make + b"(")[:-2]
    for name in ("_offset", "_storage", "backward"):
        crafted = b"\x80\x02" + body + args + b"t}" + text(name) + b"K\x63stR."
        refused(archive(crafted, {"data/0": bytes(40)}), f"attribute '{name}' cannot be loaded")


OPCODES = st.one_of(
    st.sampled_from([bytes([c]) for c in range(256)]),
    st.sampled_from(
        [
            b"ctorch\nSize\n",
            b"ctorch._utils\n_rebuild_tensor_v2\n",
            b"ccollections\nOrderedDict\n",
            b"cnumpy._core.multiarray\nscalar\n",
            b"cnumpy\ndtype\n",
            b"cnumpy._core.multiarray\n_reconstruct\n",
            b"cnumpy\nndarray\n",
            b"c__builtin__\nset\n",
            text("f8"),
            text("storage"),
            b"K\x01",
            b"q\0",
            b"h\0",
            storage("torch.FloatStorage", 10),
            rebuild(10, 0, (2,), (1,)),
        ]
    ),
)


PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set),
    *(frozenset, np.ndarray, np.generic, np.dtype, dtypes.dtype, Tensor),
)


@settings(
    deadline=None, derandomize=True, max_examples=1500, suppress_health_check=list(HealthCheck)
)
@given(st.lists(OPCODES, max_size=25))
def test_random_pickles_raise_or_load(codes):
    body = b"\x80\x02" + b"".join(codes) + b"."
    try:
        todo = [serialization.load(archive(body, {"data/0": bytes(40)}))]
    except ERRORS:
        return
    while todo:
        value = todo.pop()
        assert isinstance(value, PLAIN), type(value)
        if isinstance(value, (list, tuple, set, frozenset)):
            todo.extend(value)
        elif isinstance(value, dict):
            todo.extend([*value, *value.values()])


# NumPy values


@pytest.mark.parametrize(
    "value",
    [
        np.array([object()]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.datetime64("2020-01-01"),
        np.rec.array([(1,)], dtype=[("a", "i4")]),
        np.ma.array([1.0]),
        np.dtype([("a", "i4")]),
        np.random.default_rng(0),
    ],
)
def test_numpy_objects_that_are_not_plain_data(value):
    refused(plain(value), "Weights only load failed")


def test_numpy_state_is_checked():
    sound = pickle.dumps(np.arange(4.0), 2)
    assert serialization.load(archive(sound)).tolist() == [0.0, 1.0, 2.0, 3.0]
    longer = sound.replace(b"K\x04\x85", b"K\x7f\x85")
    assert longer != sound
    refused(archive(longer), "does not have 127 elements")
    refused(archive(sound[:-1] + b"(K\x01NNNNtb."), "cannot get its state twice")


# Zip bombs


def test_overlapping_records_are_refused():
    big = archive(b"\x80\x02N.", {f"data/{i}": bytes(5000 if i == 0 else 0) for i in range(9)})
    with zipfile.ZipFile(big, "a") as z:
        first = z.getinfo("archive/data/0")
        for i in range(1, 9):
            info = z.getinfo(f"archive/data/{i}")
            info.header_offset, info.CRC = first.header_offset, first.CRC
            info.file_size = info.compress_size = first.file_size
        z._didModify = True
    refused(big, "overlapping records|Overlapped entries", RuntimeError)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_records_with_the_same_name_are_refused():
    file = archive(b"\x80\x02N.", {"version": b"4\n"})
    refused(file, "two records are named archive/version", RuntimeError)


def test_a_record_that_expands_without_measure():
    body = b"\x80\x02" + rebuild(2**25, 0, (1,), (1,)) + b"."
    bomb = archive(body, {"data/0": bytes(2**27)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 2**20
    refused(bomb, "declares 134217728 bytes but stores", RuntimeError)


def test_compressed_records_of_ordinary_size_load():
    file = archive(
        b"\x80\x02" + rebuild(10, 0, (10,), (1,)) + b".",
        {"data/0": np.arange(10, dtype="f4").tobytes()},
        compression=zipfile.ZIP_DEFLATED,
    )
    assert serialization.load(file)._array().tolist() == list(range(10))


def test_encrypted_or_oddly_compressed_records():
    file = archive(b"\x80\x02N.", {}, compression=zipfile.ZIP_BZIP2)
    refused(file, "compressed by another method", RuntimeError)
