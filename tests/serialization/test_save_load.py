"""Saving and loading with Rushlight alone, and golden files that PyTorch 2.13 wrote."""

from __future__ import annotations

import base64
import collections
import copy
import io
import os
import pathlib
import pickle
import stat
import subprocess
import sys
import types
import zipfile
import zlib

import numpy as np
import pytest
from crafted_files import one_tensor, plain

import rushlight as rl
from rushlight import nn, serialization

FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def round_trip(obj, zipped=True, **options):
    file = io.BytesIO()
    rl.save(obj, file, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    return rl.load(file, **options)


# Values


@FORMATS
@pytest.mark.parametrize(
    "name",
    [
        *("float64", "float32", "float16", "bfloat16", "bool"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    ],
)
def test_every_dtype(name, zipped):
    d = getattr(rl, name)
    t = rl.tensor([0, 1, 2, 3], dtype=d).view(2, 2)
    back = round_trip(t, zipped)
    assert back.dtype is d
    assert back.tolist() == t.tolist()
    assert round_trip(rl.tensor(1, dtype=d), zipped).shape == ()


@FORMATS
def test_plain_values_and_containers(zipped):
    obj = {
        "size": rl.Size([2, 3]),
        "dtype": rl.float16,
        "device": rl.device("cpu"),
        "numbers": [1, -1, 2**100, 1.5, float("inf"), True, None, 2 + 3j],
        "text": "ä\u20ac\U0001f600",
        "bytes": (b"", b"ab\xff", bytearray(b"c")),
        "sets": {1, 2},
        ("a", 1): collections.Counter("aab"),
        "ordered": collections.OrderedDict(b=1, a=2),
        "numpy": np.float64(0.25),
    }
    back = round_trip(obj, zipped)
    assert back == obj
    assert [type(v) for v in back.values()] == [type(v) for v in obj.values()]


def test_pending_work_is_run_before_saving():
    t = rl.ones(3) * 2 + 1
    t[1] = 7
    assert round_trip(t).tolist() == [3.0, 7.0, 3.0]


@FORMATS
def test_views_share_memory_again(zipped):
    base = rl.arange(12.0)
    obj = {"base": base, "part": base[2:8].view(2, 3).t(), "wide": rl.ones(1).expand(4)}
    back = round_trip(obj, zipped)
    assert back["part"].stride() == (1, 3)
    assert back["part"].storage_offset() == 2
    assert back["wide"].stride() == (0,)
    back["base"][2] = 100
    assert back["part"].tolist() == [[100.0, 5.0], [3.0, 6.0], [4.0, 7.0]]
    assert back["wide"].tolist() == [1.0] * 4


def test_the_same_object_is_the_same_after_loading():
    t = rl.ones(2)
    inner = [t]
    back = round_trip([t, inner, inner])
    assert back[0] is back[1][0]
    assert back[1] is back[2]
    loop: list = []
    loop.append(loop)
    again = round_trip(loop)
    assert again[0] is again


@FORMATS
def test_requires_grad_parameters_and_attributes(zipped):
    leaf = rl.ones(2, requires_grad=True)
    parameter = nn.Parameter(rl.zeros(2))
    parameter.decay = 0.5
    back = round_trip([leaf, leaf * 2, parameter, nn.Parameter(leaf.detach(), False)], zipped)
    assert [t.requires_grad for t in back] == [True, True, True, False]
    assert all(t.is_leaf for t in back)
    assert [type(t) for t in back] == [rl.Tensor, rl.Tensor, nn.Parameter, nn.Parameter]
    assert back[2].decay == 0.5
    back[0].sum().backward()
    assert back[0].grad.tolist() == [1.0, 1.0]


def test_training_goes_on_from_a_checkpoint(tmp_path):
    def make():
        rl.manual_seed(0)
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        return net, rl.optim.Adam(net.parameters(), lr=0.1)

    def step(net, optimizer):
        optimizer.zero_grad()
        net(rl.randn(8, 3)).pow(2).mean().backward()
        optimizer.step()

    net, optimizer = make()
    step(net, optimizer)
    checkpoint = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": rl.get_rng_state(),
    }
    rl.save(checkpoint, tmp_path / "c.pth")
    for _ in range(3):
        step(net, optimizer)
    resumed, again = make()
    loaded = rl.load(tmp_path / "c.pth")
    assert loaded["net"]._metadata == net.state_dict()._metadata
    resumed.load_state_dict(loaded["net"])
    again.load_state_dict(loaded["optimizer"])
    rl.set_rng_state(loaded["rng"])
    for _ in range(3):
        step(resumed, again)
    for a, b in zip(net.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert a.tolist() == b.tolist()


# Golden files, written by PyTorch 2.13

GOLDEN_ZIP = (
    "c-p0v&u`mg7{}i@iIW=Wk1^J+j55Zr6x!5wTE|_xrLvHj<O$kLNMV=AO-"
    "y3p#(nHJ9ZZ@OY07}xKpb{LNL=_2IG{;fxNzeDCvF@j4v7B%?fsE@wnv-My^3SUe!t)6^S*hW$J<smhfuMI9vjo>6t"
    "aU>*FA7n+BUY!`yYFzF^R4x#z1Jbe9v=Q*!6p%^nTEG0;m0s+rko{#X4k44Uw4LaNJH8gV4f0u`D<H*!4oG892Lr*K"
    "0Si(+mBed7w&=EtMJtq6o=MyW>EPOC;0tZG4U2lpx>8kU27ljVw90_WMw<L=43p3t57dy#o_g*2>%g>5DF<cm~6>b$"
    "G5pmWuZ60K;UL#Oda``L5Vy%BdYIV+li;wz5N*;i^*@p0C4crrLFJ2rqEeh{#|_iWWhgVNeRp5=#NY9D^CcSt~Pyd2"
    "ab4hI4gzsgbADe!qudA>nz|?{y--mzkdm=ZRki!z;vZagqC6!0>7vUTaM71=)KJb^>_)i0zGLNbttt!kKpk-sG&M5$"
    "hsleT&C<8^cl^mOp1d%AdhX9b~o_Js&%ul-M<PKEa^AyOrZf^WJD3*W8<A0TupVtPWwV4%+CE+rzp9RSbIn7Ob-"
    "sGzpwda||xBU>gnU1)I0v63c}HCkRP;!DTBGhT(2`+bR@46s~;T7Z9Sy_K`_Ei^M32%OCl{o{gI$H`5SEE-TdQhkyR"
    "KO}B#{M|;hq>LagFdNys(?ezAX9yX0isx+QxXsZ;Ub_4z*>p;S>05hl-"
    "0qlN?9iJAPX>6P%?&0uUj6H`k3@`n8mX@k`EW;$aoahQGvT0m=3IOgpsFANN@*&579N%tHqS?C-"
    "zMLZu=Ee{$C5aT%C_ORJpmzQz8tdNjFMrb<&W(w+m5imD#^%#(|MkMinKJDE{=la}i(?ozlMEHp(9y~FpYHvjM&sYz"
    "5q}#We+q3x@uO0zo)n-"
    "W(a67k)A?Y0{x2Z)Q30~0hfd&<3cP94w@=e;n@0J6f+%ves%vUhU9YaM>ualurmiXErYtL(R@EvMUDI`0mMP`^bN_x"
    "<A{-?~nW3-|XS^LvKSrK@kEYe}1~i*c{w$!Q8d%yS-bCh;jU$VW>0D`_cq5oe_<R-"
    "fi5gH^9<SQTg#1hnrFutN8?VBo_WQI}No(WPlhmHhr?hHX8_)ct_Fh_BNo(V|JC)GRi6~tuX>mNI7Lt1%6aROzZ(E|"
    "cbXXeM<wz-|&bI}A)(eNNMr2n%PVnFSt(O<MMq=~%+=p75LI?"
)
GOLDEN_LEGACY = (
    "c-nPSS#Q%o5cbuC8d}OtIm_*Egg8l)l&cX!<zb;v_r)*Ba-"
    "3CdWbBMRE{7B;FDZrJzypu`4E_#30f`63M*|gM<+ax{v)?!0&g@9~topycto>Yi{q5yqbtFCiA=7&Zf@UrVf-"
    "s0e44u%ows{nLVE`fpm~-"
    "UuJw%^dJm`CN0Mf3hk`dnzxD|UJcntCo6wRC=W9)_z!VHs4nf|;0p~MtZNio7;3(8DM65@1-"
    "#^(+aORT<#`aI(OC!T{U2o(cF%`DN5x7^!u5hMr0$Z@Myf}S6%R>XUW=l3n-"
    "K^#Wbc3lNo)68<pPLcK&2PNO4uKA&jo4HYi8FQXuR+{?qimo?1jasKshf<cPGe{`6(mKL{4JI&&$vZI1WG3!_`pHdm"
    "I*4${fVoV{z$T6JF0s0bI~Db?o1-mkFp)`PIKt#H9L<rAAsjd0M26J!Fou&kQjzoHENQ(pN&D0vf?B=PXg6zm3r-"
    "V(L<Eajx??!Q#4()B3C<y$H{e264<}5h1{e1+JfliX(3ke1xAgXMy#|*ET_p6&gkGuSs8<lK8gR{=%@4qS!;wdD{Xf"
    "N-M5u7%--Ak->a_+jX@!nTq2p$%<5tdi8{v)t)!ppp?nkH@pl7ERgvg<;WozW`5E@Ur>6*rRp>dP?QiWz-"
    "$>lM$3}_cFYRZlZ9fXx+2=_8Q7Nu(UZM5NjM)tr=vEbnl9%X&CcOh1p7{_ss8u(RuX{OXgoOYbjH0AQNzEOBp%7qA{"
    ")ur!Zu`U<iJzwfgXG!>bq&A^T56uzHuif7eV*+#"
)


@pytest.mark.parametrize("text", [GOLDEN_ZIP, GOLDEN_LEGACY], ids=["zip", "legacy"])
def test_golden_files(text):
    file = io.BytesIO(zlib.decompress(base64.b85decode(text)))
    loaded = rl.load(file)
    assert list(loaded) == ["weight", "part", "bits", "count", "parameter", "note"]
    assert loaded._metadata == {"": {"version": 1}}
    assert loaded["weight"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert loaded["part"].tolist() == [1.0, 4.0]
    assert loaded["part"]._storage is loaded["weight"]._storage
    assert loaded["bits"].dtype is rl.bfloat16
    assert loaded["bits"].tolist() == [1.0, -2.5]
    assert loaded["count"].item() == 7
    assert type(loaded["parameter"]) is nn.Parameter
    assert loaded["note"] == ("text", 2.5, None, rl.Size([2, 3]), rl.int8)


def test_the_layout_of_our_files(tmp_path):
    rl.save({"a": rl.ones(3), "b": rl.ones(100, dtype=rl.float64)}, tmp_path / "net.best.pth")
    data = (tmp_path / "net.best.pth").read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        assert z.testzip() is None
        assert z.namelist() == [
            f"net.best/{name}"
            for name in (
                *("data.pkl", ".format_version", ".storage_alignment", "byteorder"),
                *("data/0", "data/1", "version", ".data/serialization_id"),
            )
        ]
        assert z.read("net.best/version") == b"3\n"
        for info in z.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            head = info.header_offset
            lengths = np.frombuffer(data, "<u2", 2, head + 26)
            assert (head + 30 + lengths.sum()) % 64 == 0
    rl.save({"a": rl.ones(3), "b": rl.ones(100, dtype=rl.float64)}, tmp_path / "net.best.pth")
    assert (tmp_path / "net.best.pth").read_bytes() == data  # the same content, the same bytes


# Whole modules


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten())
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.body(x))


def test_whole_modules_need_trust(tmp_path):
    net = Net().eval()
    rl.save(net, tmp_path / "model.pth")
    with pytest.raises(
        pickle.UnpicklingError, match=r"GLOBAL test_save_load\.Net was not an allow"
    ):
        rl.load(tmp_path / "model.pth")
    loaded = rl.load(tmp_path / "model.pth", weights_only=False)
    assert type(loaded) is Net
    assert repr(loaded) == repr(net)
    x = rl.randn(2, 1, 4, 4)
    assert loaded(x).tolist() == net(x).tolist()
    assert not loaded.training


def test_classes_can_be_allowed():
    class_names = [Net, nn.Sequential, nn.Conv2d, nn.BatchNorm2d, nn.Flatten, nn.Linear]
    file = io.BytesIO()
    rl.save(Net(), file)
    file.seek(0)
    assert "test_save_load.Net" in serialization.get_unsafe_globals_in_checkpoint(file)
    with serialization.safe_globals(class_names):
        assert set(serialization.get_safe_globals()) == set(class_names)
        file.seek(0)
        assert type(rl.load(file)) is Net
    assert serialization.get_safe_globals() == []
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="not an allowed global"):
        rl.load(file)


def test_names_of_pytorch_stand_for_ours_in_trusted_files():
    body = pickle.dumps(nn.ReLU(), 2).replace(b"crushlight.nn", b"ctorch.nn")
    assert b"torch.nn.modules.activation" in body
    file = plain(None)
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/version", b"3\n")
        z.writestr("a/data.pkl", body)
    file.seek(0)
    assert type(rl.load(file, weights_only=False)) is nn.ReLU
    file.seek(0)
    with serialization.safe_globals([nn.ReLU]):
        assert type(rl.load(file)) is nn.ReLU


def test_names_that_rushlight_lacks_are_told_in_trusted_files():
    body = b"\x80\x02ctorch.nn.modules.rnn\nUnheardOf\n)R."
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/version", b"3\n")
        z.writestr("a/data.pkl", body)
    file.seek(0)
    message = "Rushlight has no counterpart of torch.nn.modules.rnn.UnheardOf"
    with pytest.raises(pickle.UnpicklingError, match=message):
        rl.load(file, weights_only=False)


class Config:
    def __init__(self, lr):
        self.lr = lr


class Slotted:
    __slots__ = ("a",)


def make_config(lr):
    return Config(lr)


class ByFunction:
    def __reduce__(self):
        return make_config, (0.5,)


def test_allowed_classes_get_their_state():
    slotted = Slotted()
    slotted.a = [1]
    file = io.BytesIO()
    rl.save([Config(0.1), slotted, ByFunction()], file)
    file.seek(0)
    with serialization.safe_globals([Config, Slotted, (make_config, f"{__name__}.make_config")]):
        config, slots, made = rl.load(file)
    assert (config.lr, slots.a, made.lr) == (0.1, [1], 0.5)


def test_safe_globals_wants_names():
    with pytest.raises(ValueError, match="has no name"):
        serialization.add_safe_globals([3])
    with pytest.raises(ValueError, match="tuple of"):
        serialization.add_safe_globals([(Config, 1)])
    serialization.add_safe_globals([Config])
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


# Arguments of load


def test_map_location():
    for where in ("cpu", rl.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage):
        file = one_tensor(10, 0, (10,), (1,), location="cuda:0")
        assert rl.load(file, map_location=where).sum().item() == 0
    for where in (None, "cuda", {"cuda:1": "cpu"}, lambda storage, location: None):
        file = one_tensor(10, 0, (10,), (1,), location="cuda:0")
        with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
            rl.load(file, map_location=where)
    with pytest.raises(RuntimeError, match="don't know how to restore data location"):
        rl.load(one_tensor(10, 0, (10,), (1,), location="tpu"))


def test_encoding_of_python_2_text():
    body = b"\x80\x02U\x03a\xe9b."
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as z:
        z.writestr("a/version", b"3\n")
        z.writestr("a/data.pkl", body)
    for encoding, expected in (("latin1", "a\xe9b"), ("bytes", b"a\xe9b")):
        file.seek(0)
        assert rl.load(file, encoding=encoding) == expected
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="can't decode"):
        rl.load(file)


def test_wrong_arguments(tmp_path):
    rl.save(1, tmp_path / "a.pth")
    with pytest.raises(RuntimeError, match="explicit pickle_module"):
        rl.load(tmp_path / "a.pth", pickle_module=pickle, weights_only=True)
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        rl.load(tmp_path / "a.pth", colour=1)
    with pytest.raises(AttributeError, match=r"no attribute 'seek'\. You can only torch.load from"):
        rl.load(3)
    with pytest.raises(AttributeError, match="'write' attribute"):
        rl.save(1, 3)
    with pytest.raises(TypeError, match="binary mode"):
        rl.load(io.StringIO("text"))
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        rl.load(io.BytesIO(), mmap=True)
    rl.save(1, tmp_path / "b.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with"):
        rl.load(tmp_path / "b.pth", mmap=True)


def test_another_pickle_module(tmp_path):
    other = types.ModuleType("other")
    other.dump, other.Unpickler, other.Pickler = pickle.dump, pickle.Unpickler, pickle.Pickler
    t = rl.arange(3.0)
    rl.save({"t": t, "again": t, "set": {1}}, tmp_path / "a.pth", pickle_module=other)
    loaded = rl.load(tmp_path / "a.pth", pickle_module=other)
    assert loaded["t"].tolist() == [0.0, 1.0, 2.0]
    assert loaded["t"] is loaded["again"]


def test_what_cannot_be_pickled(tmp_path):
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        rl.save({"f": lambda: None}, tmp_path / "a.pth")
    assert list(tmp_path.iterdir()) == []


# Mapped files


def test_mapped_tensors_can_be_written_without_touching_the_file(tmp_path):
    path = tmp_path / "a.pth"
    rl.save({"a": rl.arange(1000.0), "empty": rl.ones(0)}, path)
    before = path.read_bytes()
    loaded = rl.load(path, mmap=True)
    assert not loaded["a"]._array().flags.owndata
    loaded["a"].add_(1)
    loaded["a"][0] = -1
    assert loaded["a"][:3].tolist() == [-1.0, 2.0, 3.0]
    assert loaded["empty"].shape == (0,)
    assert path.read_bytes() == before


# Files


@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_paths(tmp_path, kind):
    path = kind(tmp_path / "a.pth")
    rl.save([1], path)
    assert rl.load(path) == [1]
    with open(path, "rb") as file:
        assert rl.load(file) == [1]
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pth"):
        rl.load(kind(tmp_path / "nowhere.pth"))
    with pytest.raises((IsADirectoryError, PermissionError)):
        rl.load(kind(tmp_path))
    with pytest.raises((IsADirectoryError, PermissionError)):
        rl.save(1, kind(tmp_path))
    with pytest.raises(RuntimeError, match=r"Parent directory .*missing does not exist"):
        rl.save(1, kind(tmp_path / "missing" / "a.pth"))


def test_relative_paths_and_odd_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "näme.pth", ".hidden", "two.dots.pth"):
        rl.save([name], name)
        assert rl.load(name) == [name]


class Failing:
    """An object whose pickling fails after much has been written."""

    def __reduce__(self):
        raise KeyboardInterrupt


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.pth"
    rl.save("old", path)
    with pytest.raises(KeyboardInterrupt):
        rl.save([rl.ones(10), Failing()], path)
    assert rl.load(path) == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pth"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.pth"
    rl.save("old", path)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        rl.save("new", path)
    monkeypatch.undo()
    assert rl.load(path) == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.pth"]


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_and_links_are_kept(tmp_path):
    fresh, path, link = tmp_path / "fresh.pth", tmp_path / "a.pth", tmp_path / "link.pth"
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    rl.save(1, fresh)
    assert stat.S_IMODE(fresh.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)
    rl.save(1, path)
    path.chmod(0o640)
    link.symlink_to(path)
    rl.save(2, link)
    assert link.is_symlink()
    assert rl.load(path) == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="POSIX devices")
def test_special_files_are_written_not_replaced():
    rl.save(rl.ones(3), os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_several_legacy_objects_in_one_file():
    file = io.BytesIO()
    for i in range(3):
        rl.save(rl.full((2,), float(i)), file, _use_new_zipfile_serialization=False)
    file.seek(0)
    assert [rl.load(file).tolist() for _ in range(3)] == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_an_archive_after_other_data():
    file = io.BytesIO()
    file.write(b"header of another format")
    start = file.tell()
    rl.save([rl.ones(2), 5], file)
    file.seek(start)
    loaded = rl.load(file)
    assert loaded[0].tolist() == [1.0, 1.0]


class Chunked(io.RawIOBase):
    """A file object that reads little at a time and cannot read into buffers."""

    def __init__(self, data):
        self._inner = io.BytesIO(data)

    def read(self, n=-1):
        return self._inner.read(n)

    def readline(self, n=-1):
        return self._inner.readline(n)

    def seek(self, *args):
        return self._inner.seek(*args)

    def tell(self):
        return self._inner.tell()

    def seekable(self):
        return True

    def readinto(self, target):
        data = self._inner.read(min(len(target), 7))
        target[: len(data)] = data
        return len(data)


def test_file_objects_that_read_little_at_a_time():
    file = io.BytesIO()
    rl.save(rl.arange(100.0), file)
    assert rl.load(Chunked(file.getvalue())).tolist() == list(range(100))


# Plain pickle and deepcopy


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_pickle(protocol):
    base = rl.arange(6.0)
    weight = nn.Parameter(rl.ones(2))
    weight.note = "mine"
    obj = [base, base[1:3], weight, base.to(rl.bfloat16), rl.ones(2, 0), rl.tensor(True)]
    data = pickle.dumps(obj, protocol)
    assert b"torch" not in data
    a, part, p, half, empty, flag = pickle.loads(data)
    a[1] = 100
    assert part.tolist() == [100.0, 2.0]
    assert type(p) is nn.Parameter
    assert p.requires_grad
    assert half.dtype is rl.bfloat16
    assert half.tolist() == base.tolist()
    assert empty.shape == (2, 0)
    assert flag.item() is True


def test_plain_pickle_of_attributes_and_grad():
    t = rl.ones(2, requires_grad=True)
    t.note = "mine"
    (t * 2).sum().backward()
    back = pickle.loads(pickle.dumps(t))
    assert (back.note, back.requires_grad, back.grad) == ("mine", True, None)
    assert pickle.loads(pickle.dumps(t * 2)).is_leaf


def test_deepcopy_keeps_views_together():
    base = rl.arange(4.0)
    a, part = copy.deepcopy([base, base[1:]])
    a[1] = 100
    assert part.tolist() == [100.0, 2.0, 3.0]
    assert base.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_importing_rushlight_loads_nothing_for_files():
    code = "import rushlight, sys; print({'safetensors', 'zipfile'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
