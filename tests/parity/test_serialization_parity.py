"""Checkpoints both ways between Rushlight and PyTorch."""

from __future__ import annotations

import collections
import io
import math
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rushlight import dtypes, serialization
from rushlight.device import device
from rushlight.nn.parameter import Parameter
from rushlight.serialization import safetensors as rl_safetensors
from rushlight.tensor import Size, Tensor

torch = pytest.importorskip("torch")

QUIET = settings(
    deadline=None,
    derandomize=True,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DTYPES = list(dtypes.dtype._by_name.values())
FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def raw(t) -> tuple[str, tuple[int, ...], bytes]:
    """dtype, shape and elements of a tensor of either library."""
    if isinstance(t, Tensor):
        return t.dtype.name, tuple(t.shape), np.ascontiguousarray(t._array()).tobytes()
    t = t.detach()
    elements = t.contiguous().view(torch.uint8) if t.dim() and t.numel() else t.reshape(-1)
    elements = elements.view(torch.uint8) if t.numel() else elements.to(torch.uint8)
    return str(t.dtype).removeprefix("torch."), tuple(t.shape), elements.numpy().tobytes()


def to_torch(obj):
    """The same nest of containers with PyTorch's tensors."""
    if isinstance(obj, Tensor):
        name, shape, data = raw(obj)
        elements = torch.frombuffer(bytearray(data), dtype=torch.uint8) if data else torch.empty(0)
        d = getattr(torch, name)
        t = elements.view(d) if data else torch.empty(shape, dtype=d)
        t = t.reshape(shape).clone().requires_grad_(obj.requires_grad)
        return torch.nn.Parameter(t.detach(), obj.requires_grad) if type(obj) is Parameter else t
    if isinstance(obj, Size):
        return torch.Size(obj)
    if isinstance(obj, dtypes.dtype):
        return getattr(torch, obj.name)
    if isinstance(obj, device):
        return torch.device(str(obj))
    if isinstance(obj, (list, tuple)):
        return type(obj)(map(to_torch, obj))
    if isinstance(obj, dict):
        return type(obj)((k, to_torch(v)) for k, v in obj.items())
    return obj


def assert_same(a, b) -> None:
    """Compare nests of containers with tensors of either library, types included."""
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        assert raw(a) == raw(b)
        assert tuple(a.stride()) == tuple(b.stride())
        assert a.requires_grad == b.requires_grad
        assert type(a).__name__ == type(b).__name__
    elif isinstance(a, (dtypes.dtype, device)) or isinstance(b, (dtypes.dtype, device)):
        assert str(a) == str(b)
    else:
        assert type(a).__name__ == type(b).__name__
        if isinstance(a, (list, tuple)):
            assert len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                assert_same(x, y)
        elif isinstance(a, dict):
            assert list(a) == list(b)
            for key in a:
                assert_same(a[key], b[key])
        else:
            assert a == b or (a != a and b != b)


def saved(library, obj, zipped=True) -> bytes:
    file = io.BytesIO()
    library.save(obj, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def arrays() -> st.SearchStrategy[Tensor]:
    shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)

    def of(d: dtypes.dtype) -> st.SearchStrategy[Tensor]:
        return hnp.arrays(d.numpy, shapes).map(lambda a: Tensor._from_array(a, d))

    return st.sampled_from(DTYPES).flatmap(of)


def views(t: Tensor) -> Tensor:
    """The transposed tensor on the same memory."""
    shape, strides = tuple(t.shape)[::-1], tuple(t.stride())[::-1]
    return Tensor._from_storage(t._storage, shape, strides, t.storage_offset())


def leaves() -> st.SearchStrategy:
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**80), 2**80),
        st.floats(),
        st.text(max_size=5),
        st.binary(max_size=5),
        st.complex_numbers(),
        st.sets(st.integers(), max_size=3),
        st.lists(st.integers(0, 9), max_size=3).map(Size),
        st.sampled_from(DTYPES),
        st.just(device("cpu")),
    )
    wants_grad = arrays().filter(lambda t: t.dtype.is_floating_point)
    return st.one_of(
        scalars,
        arrays(),
        wants_grad.map(lambda t: t.requires_grad_()),
        wants_grad.map(Parameter),
    )


def nests() -> st.SearchStrategy:
    keys = st.one_of(st.text(max_size=4), st.integers(), st.tuples(st.integers(), st.text()))
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.lists(inner, max_size=4).map(tuple),
            st.dictionaries(keys, inner, max_size=4),
            st.dictionaries(keys, inner, max_size=4).map(collections.OrderedDict),
        ),
        max_leaves=12,
    )


@QUIET
@given(nests())
def test_pytorch_loads_what_we_save(obj):
    data = saved(serialization, obj)
    assert_same(obj, torch.load(io.BytesIO(data), weights_only=True))
    assert_same(obj, serialization.load(io.BytesIO(data)))


@QUIET
@given(nests())
def test_we_load_what_pytorch_saves(obj):
    data = saved(torch, to_torch(obj))
    assert_same(serialization.load(io.BytesIO(data)), obj)
    assert_same(serialization.load(io.BytesIO(data), weights_only=False), obj)


def has_untyped(obj) -> bool:
    """Whether a nest has tensors that PyTorch cannot load back from its own legacy files."""
    if isinstance(obj, Tensor):
        return obj.dtype in (dtypes.uint16, dtypes.uint32, dtypes.uint64)
    items = obj.values() if isinstance(obj, dict) else obj if isinstance(obj, (list, tuple)) else ()
    return any(map(has_untyped, items))


@QUIET
@given(nests())
def test_the_legacy_format_both_ways(obj):
    data = saved(serialization, obj, zipped=False)
    assert_same(serialization.load(io.BytesIO(data)), obj)
    assert_same(serialization.load(io.BytesIO(data), weights_only=False), obj)
    if not has_untyped(obj):
        assert_same(obj, torch.load(io.BytesIO(data), weights_only=True))
    theirs = saved(torch, to_torch(obj), zipped=False)
    assert_same(serialization.load(io.BytesIO(theirs)), obj)


def test_the_files_are_the_same_byte_for_byte_but_for_their_id():
    weight = Tensor._from_array(np.arange(12, dtype="f4").reshape(3, 4))
    obj = collections.OrderedDict(
        weight=Parameter(weight),
        same=weight,
        flipped=views(weight),
        steps=[Tensor._from_array(np.array(7)), 3, 2.5, "text", (1, None)],
    )
    theirs = torch.load(io.BytesIO(saved(serialization, obj)))
    ours, their = saved(serialization, obj), saved(torch, theirs)
    assert len(ours) == len(their)
    with zipfile.ZipFile(io.BytesIO(ours)) as a, zipfile.ZipFile(io.BytesIO(their)) as b:
        assert a.namelist() == b.namelist()
        for x, y in zip(a.infolist(), b.infolist(), strict=True):
            assert (x.header_offset, x.file_size) == (y.header_offset, y.file_size)
            assert x.flag_bits == y.flag_bits
            if not x.filename.endswith("serialization_id"):
                assert a.read(x) == b.read(y)
    start = ours.index(b"archive/.data/serialization_id")
    assert ours[: start - 30] == their[: start - 30]


def test_storage_offsets_can_be_calculated(tmp_path):
    tensors = [Tensor._from_array(np.full(n, n, "f8")) for n in range(40)]
    serialization.save(tensors, tmp_path / "many.pth")
    config = torch.utils.serialization.config
    config.load.calculate_storage_offsets = True
    try:
        loaded = torch.load(tmp_path / "many.pth", mmap=True)
    finally:
        config.load.calculate_storage_offsets = False
    assert_same(tensors, loaded)


@FORMATS
def test_views_share_their_storage_after_loading(zipped):
    base = Tensor._from_array(np.arange(24, dtype="f4"))
    part = Tensor._from_storage(base._storage, (3, 2), (2, 1), 4)
    obj = {"part": part, "turned": views(part), "base": base}
    theirs = torch.load(io.BytesIO(saved(serialization, obj, zipped)))
    assert_same(obj, theirs)
    assert len({t.untyped_storage().data_ptr() for t in theirs.values()}) == 1
    back = serialization.load(io.BytesIO(saved(torch, theirs, zipped)))
    assert_same(back, obj)
    assert len({id(t._storage) for t in back.values()}) == 1
    # The whole memory is saved, even for a small part of it.
    alone = torch.load(io.BytesIO(saved(serialization, part, zipped)))
    assert alone.untyped_storage().nbytes() == 96


@FORMATS
def test_state_dicts_keep_their_metadata(zipped):
    net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    state = serialization.load(io.BytesIO(saved(torch, net.state_dict(), zipped)))
    assert type(state) is collections.OrderedDict
    assert state._metadata == net.state_dict()._metadata
    back = torch.load(io.BytesIO(saved(serialization, state, zipped)))
    assert back._metadata == net.state_dict()._metadata
    assert_same(state, back)
    net.load_state_dict(back)


@FORMATS
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta"])
def test_optimizer_and_scheduler_states(name, zipped):
    net = torch.nn.Linear(3, 2)
    optimizer = getattr(torch.optim, name)(net.parameters(), lr=0.1, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(3):
        net(torch.ones(4, 3)).sum().backward()
        optimizer.step()
        schedule.step()
    obj = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict(), "epoch": 3}
    loaded = serialization.load(io.BytesIO(saved(torch, obj, zipped)))
    assert_same(loaded, obj)
    back = torch.load(io.BytesIO(saved(serialization, loaded, zipped)))
    assert_same(loaded, back)
    optimizer.load_state_dict(back["optimizer"])


def test_generator_states():
    state = torch.Generator().manual_seed(7).get_state()
    loaded = serialization.load(io.BytesIO(saved(torch, state)))
    assert_same(loaded, state)
    back = torch.load(io.BytesIO(saved(serialization, loaded)))
    torch.Generator().set_state(back)


def test_attributes_of_tensors_and_parameters():
    t = torch.ones(2)
    t.note = "mine"
    p = torch.nn.Parameter(torch.ones(2))
    p.decay = 0.5
    a, b = serialization.load(io.BytesIO(saved(torch, [t, p])))
    assert (a.note, b.decay, type(b)) == ("mine", 0.5, Parameter)
    x, y = torch.load(io.BytesIO(saved(serialization, [a, b])))
    assert (x.note, y.decay, type(y)) == ("mine", 0.5, torch.nn.Parameter)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol(protocol):
    obj = {"t": torch.arange(3.0), "b": b"xy", "s": {1}, "n": np.float64(0.5), "a": np.arange(3)}
    obj.update(text="x" * 300, big=2**3000, array=bytearray(b"z"))
    file = io.BytesIO()
    torch.save(obj, file, pickle_protocol=protocol)
    loaded = serialization.load(io.BytesIO(file.getvalue()))
    assert_same(loaded.pop("t"), obj.pop("t"))
    assert loaded.pop("a").tolist() == obj.pop("a").tolist()
    assert loaded == obj
    ours = io.BytesIO()
    serialization.save({**loaded, "t": Tensor._from_array(np.ones(2))}, ours, None, protocol)
    again = torch.load(io.BytesIO(ours.getvalue()), weights_only=False)
    assert again.pop("t").tolist() == [1.0, 1.0]
    assert again == obj


def test_numpy_values_load_by_default():
    values = {
        "loss": np.float32(0.5),
        "flag": np.bool_(True),
        "matrix": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
        "names": np.array(["a", "bc"]),
        "bytes": np.array([b"a", b"bc"]),
        "empty": np.zeros((0, 3)),
        "point": np.array(1 + 2j),
        "state": np.random.RandomState(3).get_state(),
        "type": np.dtype("f4"),
    }
    loaded = serialization.load(io.BytesIO(saved(torch, values)))
    for name in ("loss", "flag", "type"):
        assert loaded[name] == values[name]
        assert type(loaded[name]) is type(values[name])
    for name in ("matrix", "names", "bytes", "empty", "point"):
        assert loaded[name].dtype == values[name].dtype.newbyteorder("=")
        assert loaded[name].flags.f_contiguous == values[name].flags.f_contiguous
        np.testing.assert_array_equal(loaded[name], values[name])
    np.random.RandomState().set_state(loaded["state"])
    back = torch.load(io.BytesIO(saved(serialization, loaded)), weights_only=False)
    np.testing.assert_array_equal(back["matrix"], values["matrix"])


def test_mapped_files_both_ways(tmp_path):
    ours, theirs = tmp_path / "ours.pth", tmp_path / "theirs.pth"
    obj = [Tensor._from_array(np.arange(n, dtype=k)) for n in (0, 1, 5, 1000) for k in ("i1", "f8")]
    serialization.save(obj, ours)
    assert_same(obj, torch.load(ours, mmap=True))
    torch.save(to_torch(obj), theirs)
    loaded = serialization.load(theirs, mmap=True)
    assert_same(loaded, obj)
    assert_same(serialization.load(ours, mmap=True), obj)


def test_files_of_old_versions():
    """Before version 2.1 there was no byteorder record and ``version`` stood early."""
    with zipfile.ZipFile(io.BytesIO(saved(torch, torch.arange(5)))) as new:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as old:
            for name in ("data.pkl", "data/0", "version"):
                old.writestr(f"archive/{name}", new.read(f"archive/{name}"))
    file.seek(0)
    assert serialization.load(file)._array().tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("name", ["float64", "bfloat16", "int16", "uint32", "bool", "uint8"])
def test_files_of_machines_with_the_other_byte_order(name):
    values = torch.arange(6).to(getattr(torch, name))
    records = {}
    with zipfile.ZipFile(io.BytesIO(saved(torch, values))) as new:
        for record in new.namelist():
            records[record] = new.read(record)
    records["archive/byteorder"] = b"big"
    width = values.element_size()
    swapped = np.frombuffer(records["archive/data/0"], f"u{width}").byteswap().tobytes()
    records["archive/data/0"] = swapped
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as old:
        for record, data in records.items():
            old.writestr(record, data)
    file.seek(0)
    assert_same(serialization.load(file), values)


def test_python_2_text():
    body = pickle.dumps("x", 2).replace(b"X\x01\0\0\0x", b"U\x03a\xe9b")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/data.pkl", body)
        z.writestr("a/version", b"3\n")
    file.seek(0)
    assert serialization.load(file, encoding="latin1") == "a\xe9b"
    file.seek(0)
    assert torch.load(file, encoding="latin1", weights_only=False) == "a\xe9b"


def test_big_integers_and_special_floats():
    obj = [2**2000, -(2**64), math.inf, -0.0, 5e-324, True, 255, 256, 65536, -1]
    assert torch.load(io.BytesIO(saved(serialization, obj))) == obj
    assert serialization.load(io.BytesIO(saved(torch, obj))) == obj


def test_safetensors_both_ways(tmp_path):
    from safetensors import torch as reference

    ours, theirs = tmp_path / "ours.safetensors", tmp_path / "theirs.safetensors"
    tensors = {
        d.name: Tensor._from_array(np.arange(6).reshape(2, 3).astype(d.numpy), d) for d in DTYPES
    }
    tensors["scalar"] = Tensor._from_array(np.array(3.0))
    tensors["empty"] = Tensor._from_array(np.zeros((0, 2)))
    tensors["turned"] = views(Tensor._from_array(np.arange(6.0).reshape(2, 3)))
    rl_safetensors.save_file(tensors, ours, {"epoch": "3"})
    read = reference.load_file(ours)
    assert read.keys() == tensors.keys()
    for name, t in tensors.items():
        assert raw(t) == raw(read[name])
    reference.save_file(read, theirs)
    back = rl_safetensors.load_file(theirs)
    for name, t in tensors.items():
        assert raw(back[name]) == raw(t)
