"""MNIST and its kin: the packaged copy, the folder layout, damaged files, downloads."""

from __future__ import annotations

import copy
import gzip
import hashlib
import os
import pathlib
import pickle
import shutil
import struct

import numpy as np
import pytest

import rushlight
from rushlight.vision import datasets, packaged
from rushlight.vision.datasets import mnist

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array):
    """The bytes of an IDX file."""
    kinds = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    kind = kinds[array.dtype.str[1:]]
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def small_files(folder, count=6, size=5, compress=False):
    """Four small files in ``folder``; returns the training images and labels."""
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(3)
    for images, labels in (TEST, TRAIN):
        pixels = rng.integers(0, 256, (count, size, size), dtype=np.uint8)
        numbers = rng.integers(0, 10, count, dtype=np.uint8)
        for name, array in ((images, pixels), (labels, numbers)):
            content = idx(array)
            path = os.path.join(folder, name)
            if compress:
                with gzip.open(path + ".gz", "wb") as file:
                    file.write(content)
            else:
                with open(path, "wb") as file:
                    file.write(content)
    return pixels, numbers


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return str(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def test_set(root):
    return datasets.MNIST(root, train=False, download=True)


def test_packaged_copy_serves_download(root, test_set):
    assert sorted(os.listdir(os.path.join(root, "MNIST", "raw"))) == sorted(TRAIN + TEST)
    assert test_set.data.shape == (10000, 28, 28)
    assert test_set.data.dtype is rushlight.uint8
    assert test_set.targets.dtype is rushlight.int64
    assert test_set.targets[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_training_set(root, test_set):
    dataset = datasets.MNIST(root)
    assert len(dataset) == 60000
    assert dataset.targets[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    # The mean and deviation that every tutorial normalises with.
    pixels = dataset.data.numpy()
    assert round(float(pixels.mean() / 255), 4) == 0.1307
    assert round(float(pixels.std() / 255), 4) == 0.3081


def test_fashion_mnist_in_a_folder_of_its_own():
    folder = pathlib.Path(__file__).parents[3] / "shared" / "data" / "fashion-mnist"
    if not folder.is_dir():
        pytest.skip("Fashion-MNIST is not there")
    dataset = datasets.FashionMNIST(folder, train=False, download=True)
    assert dataset.targets[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert dataset.classes[dataset[0][1]] == "Ankle boot"
    with pytest.raises(RuntimeError, match="not found"):
        datasets.MNIST(folder, train=False)


def test_packaged_files_are_the_published_ones():
    checksums = {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    }
    for name, md5 in checksums.items():
        with gzip.open(packaged.path(name + ".gz")) as file:
            assert hashlib.md5(file.read()).hexdigest() == md5
    with open(packaged.path("ATTRIBUTION.md"), encoding="utf-8") as file:
        text = file.read()
    for words in ("LeCun", "Cortes", "Burges", "ShareAlike 3.0", *checksums.values()):
        assert words in text


def test_sample_and_repr(test_set, root):
    image, label = test_set[0]
    assert (image.mode, image.size, label, type(label)) == ("L", (28, 28), 7, int)
    assert np.array_equal(np.asarray(image), test_set.data[0].numpy())
    assert repr(test_set) == (
        "Dataset MNIST\n    Number of datapoints: 10000\n"
        f"    Root location: {root}\n    Split: Test"
    )
    assert test_set.classes[9] == "9 - nine"
    assert test_set.class_to_idx["3 - three"] == 3
    with pytest.raises(IndexError):
        test_set[10000]


def test_second_download_touches_nothing(root, test_set):
    path = os.path.join(test_set.raw_folder, TRAIN[0])
    before = os.stat(path).st_mtime_ns
    datasets.MNIST(root, train=False, download=True)
    assert os.stat(path).st_mtime_ns == before


def test_missing_files(tmp_path, monkeypatch):
    monkeypatch.delenv("RUSHLIGHT_DATA", raising=False)
    message = r"Dataset not found\. You can use download=True to download it"
    for kind in (datasets.MNIST, datasets.FashionMNIST, datasets.KMNIST):
        with pytest.raises(RuntimeError, match=message):
            kind(tmp_path)


@pytest.mark.parametrize("compress", [False, True])
def test_layout_with_packed_or_unpacked_files(tmp_path, compress):
    pixels, numbers = small_files(tmp_path / "FashionMNIST" / "raw", compress=compress)
    dataset = datasets.FashionMNIST(tmp_path, transform=np.asarray, target_transform=str)
    assert len(dataset) == 6
    image, label = dataset[4]
    assert np.array_equal(image, pixels[4])
    assert label == str(numbers[4])


def test_files_directly_in_the_root_or_the_shared_folder(tmp_path, monkeypatch):
    for name in TEST:
        shutil.copy(packaged.path(name + ".gz"), tmp_path)
    assert len(datasets.MNIST(tmp_path, train=False, download=True)) == 10000
    assert not (tmp_path / "MNIST").exists(), "reading writes nothing"
    with pytest.raises(RuntimeError, match="not found"):
        datasets.FashionMNIST(tmp_path, train=False)  # MNIST's files have the same names
    monkeypatch.setenv("RUSHLIGHT_DATA", str(tmp_path))
    assert len(datasets.MNIST(tmp_path / "elsewhere", train=False)) == 10000
    assert not (tmp_path / "elsewhere").exists()


def test_dataset_survives_pickling(test_set):
    again = pickle.loads(pickle.dumps(test_set))
    assert repr(again) == repr(test_set)
    assert rushlight.equal(again.data, test_set.data)
    assert copy.deepcopy(test_set)[3][1] == 0


def damage(path, change):
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(change(content))


@pytest.mark.parametrize(
    ("compress", "change", "reason"),
    [
        (False, lambda b: b[:-7], "promises"),
        (False, lambda b: b + b"x", "promises"),
        (False, lambda b: b[:9], "inside its header"),
        (False, lambda b: b"GIF8" + b[4:], "begin like an IDX file"),
        (False, lambda b: b"", "begin like an IDX file"),
        (True, lambda b: b[:-20], "truncated"),
        (True, lambda b: b[:-8] + bytes([b[-8] ^ 255]) + b[-7:], "CRC"),
        (True, lambda b: b"nothing", "truncated"),
    ],
)
def test_damaged_files_are_named(tmp_path, compress, change, reason):
    folder = tmp_path / "MNIST" / "raw"
    small_files(folder, compress=compress)
    name = TRAIN[0] + (".gz" if compress else "")
    damage(folder / name, change)
    with pytest.raises(RuntimeError, match=reason) as error:
        datasets.MNIST(tmp_path)
    assert str(folder / name) in str(error.value)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_idx_types(tmp_path, dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    path = tmp_path / "file"
    path.write_bytes(idx(array))
    read = mnist.read_sn3_pascalvincent_tensor(path).numpy()
    assert read.dtype == array.dtype
    assert np.array_equal(read, array)


@pytest.fixture
def server(tmp_path):
    """A folder that serves as the mirror of a small dataset."""
    folder = tmp_path / "server"
    small_files(folder, compress=True)

    class Served(datasets.FashionMNIST):
        mirrors = ["file:///nowhere/", folder.as_uri() + "/"]
        resources = [
            (name + ".gz", hashlib.md5((folder / (name + ".gz")).read_bytes()).hexdigest())
            for name in TRAIN + TEST
        ]

    return Served, folder


def test_download_from_the_second_mirror(tmp_path, server):
    served, _ = server
    dataset = served(tmp_path / "data", download=True)
    assert len(dataset) == 6
    names = os.listdir(dataset.raw_folder)
    assert sorted(names) == sorted([*TRAIN, *TEST, *(n + ".gz" for n in TRAIN + TEST)])


def test_wrong_checksum(tmp_path, server):
    served, folder = server
    damage(folder / (TRAIN[1] + ".gz"), lambda b: b + b"x")
    with pytest.raises(RuntimeError, match="Error downloading train-labels") as error:
        served(tmp_path / "data", download=True)
    assert "MD5" in str(error.value)
    raw = tmp_path / "data" / "Served" / "raw"
    assert not [name for name in os.listdir(raw) if "labels" in name], "nothing half done is left"


def test_offline_error_says_what_to_do(tmp_path):
    class Offline(datasets.FashionMNIST):
        mirrors = ["file:///nowhere/"]
        resources = list(datasets.FashionMNIST.resources)

    with pytest.raises(RuntimeError) as error:
        Offline(tmp_path, download=True)
    text = str(error.value)
    assert "file:///nowhere/train-images-idx3-ubyte.gz" in text
    assert str(tmp_path / "Offline" / "raw" / "train-images-idx3-ubyte.gz") in text


def test_old_names_warn(test_set):
    with pytest.warns(UserWarning, match="test_data has been renamed data"):
        assert test_set.test_data is test_set.data
    with pytest.warns(UserWarning, match="train_labels has been renamed targets"):
        assert test_set.train_labels is test_set.targets


def test_emnist_and_qmnist_layouts(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "EMNIST" / "raw"
    os.makedirs(folder)
    pixels = rng.integers(0, 256, (4, 3, 3), dtype=np.uint8)
    (folder / "emnist-letters-test-images-idx3-ubyte").write_bytes(idx(pixels))
    (folder / "emnist-letters-test-labels-idx1-ubyte").write_bytes(idx(np.arange(4, dtype="u1")))
    letters = datasets.EMNIST(tmp_path, "letters", train=False)
    assert (len(letters), letters.classes[1], letters[3][1]) == (4, "a", 3)
    assert len(letters.classes_split_dict["byclass"]) == 62
    assert len(letters.classes_split_dict["balanced"]) == 47
    with pytest.raises(ValueError, match="Unknown value 'words' for argument split"):
        datasets.EMNIST(tmp_path, "words")

    folder = tmp_path / "QMNIST" / "raw"
    os.makedirs(folder)
    facts = rng.integers(0, 9, (4, 8)).astype(np.int32)
    (folder / "qmnist-train-images-idx3-ubyte").write_bytes(idx(pixels))
    (folder / "qmnist-train-labels-idx2-int").write_bytes(idx(facts))
    assert datasets.QMNIST(tmp_path)[2][1] == facts[2, 0]
    assert datasets.QMNIST(tmp_path, compat=False)[2][1].tolist() == facts[2].tolist()
    assert datasets.QMNIST(tmp_path).__getbatch__([0]) is NotImplemented
