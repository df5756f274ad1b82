"""CIFAR, folders of images, fake data, and what they share."""

from __future__ import annotations

import hashlib
import os
import pathlib
import pickle
import tarfile

import numpy as np
import pytest

import rushlight
from rushlight.vision import datasets, transforms
from rushlight.vision.datasets import cifar, folder


def small_cifar(base, labels_key="labels"):
    """Small pickles in CIFAR's form below ``base``; a class whose checksums fit them."""
    os.makedirs(base, exist_ok=True)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (4, 3072), dtype=np.uint8)
    contents = {
        "one": {"data": pixels, labels_key: [3, 1, 4, 1]},
        "two": {"data": pixels[::-1].copy(), labels_key: [1, 5, 9, 2]},
        "names": {"label_names": list("abcdefghij")},
    }
    sums = {}
    for name, content in contents.items():
        data = pickle.dumps(content, protocol=2)
        with open(os.path.join(base, name), "wb") as file:
            file.write(data)
        sums[name] = hashlib.md5(data).hexdigest()

    class Small(datasets.CIFAR10):
        base_folder = os.path.basename(base)
        train_list = [["one", sums["one"]], ["two", sums["two"]]]
        test_list = [["two", sums["two"]]]
        meta = {"filename": "names", "key": "label_names", "md5": sums["names"]}

    return Small, pixels


@pytest.mark.parametrize("key", ["labels", "fine_labels"])
def test_cifar(tmp_path, key):
    small, pixels = small_cifar(tmp_path / "cifar", key)
    dataset = small(tmp_path)
    assert (len(dataset), dataset.data.shape) == (8, (8, 32, 32, 3))
    assert dataset.targets == [3, 1, 4, 1, 1, 5, 9, 2]
    assert dataset.class_to_idx["c"] == 2
    image, label = dataset[2]
    assert np.array_equal(np.asarray(image), pixels[2].reshape(3, 32, 32).transpose(1, 2, 0))
    assert label == 4
    assert len(small(tmp_path, train=False)) == 4
    assert repr(dataset).splitlines()[-1] == "    Split: Train"


def test_cifar_download_unpacks_and_checks(tmp_path):
    small, _ = small_cifar(tmp_path / "cifar")
    archive = tmp_path / "archive.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "cifar", "cifar")
    small.url, small.filename = archive.as_uri(), "archive.tar.gz"
    small.tgz_md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    assert len(small(tmp_path / "new", download=True)) == 8
    (tmp_path / "new" / "cifar" / "one").write_bytes(b"")
    with pytest.raises(RuntimeError, match="not found or corrupted"):
        small(tmp_path / "new")


class Evil:
    def __reduce__(self):
        return os.system, ("echo unpickled",)


@pytest.mark.parametrize(
    "value", [Evil(), {"data": Evil()}, [np.float64], np.array([Evil()], dtype=object)]
)
def test_pickles_build_plain_data_only(tmp_path, value, capfd):
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(RuntimeError, match="is not a pickle of plain data") as error:
        cifar.read_pickle(path)
    assert str(path) in str(error.value)
    assert "unpickled" not in capfd.readouterr().out


@pytest.mark.parametrize("protocol", range(5))
def test_plain_pickles(tmp_path, protocol):
    value = {"a": [1, 2.5, "x", None, True], "b": np.arange(6, dtype=np.uint8).reshape(2, 3)}
    path = tmp_path / "file"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    read = cifar.read_pickle(path)
    assert read["a"] == value["a"]
    assert np.array_equal(read["b"], value["b"])
    path.write_bytes(pickle.dumps(value, protocol=protocol)[:-9])
    with pytest.raises(RuntimeError, match="file is not a pickle"):
        cifar.read_pickle(path)


def make_images(root):
    from PIL import Image

    for name, color in (("cat/b.png", 10), ("cat/a.jpg", 20), ("dog/deep/c.PNG", 30)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 3), color).save(path)
    (root / "dog" / "notes.txt").write_text("not an image")


def test_image_folder(tmp_path):
    make_images(tmp_path)
    dataset = datasets.ImageFolder(tmp_path, transform=transforms.ToTensor())
    assert dataset.classes == ["cat", "dog"]
    assert dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert [os.path.basename(path) for path, _ in dataset.imgs] == ["a.jpg", "b.png", "c.PNG"]
    assert dataset.targets == [0, 0, 1]
    image, label = dataset[2]
    assert image.shape == (3, 3, 4)
    assert (round(float(image[0, 0, 0]) * 255), label) == (30, 1)
    only_png = datasets.ImageFolder(
        tmp_path, is_valid_file=lambda p: p.endswith("png"), allow_empty=True
    )
    assert len(only_png) == 1


def test_image_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.ImageFolder(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="Found no valid file for the classes empty") as e:
        datasets.ImageFolder(tmp_path)
    assert "Supported extensions are: .jpg" in str(e.value)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True)) == 0
    with pytest.raises(ValueError, match="cannot be None or not None"):
        folder.make_dataset(tmp_path)


def test_dataset_folder_with_own_loader(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "one.txt").write_text("1")
    load = lambda path: int(pathlib.Path(path).read_text())
    dataset = datasets.DatasetFolder(tmp_path, load, (".txt",))
    assert dataset[0] == (1, 0)


def test_fake_data_leaves_the_generator_alone():
    dataset = datasets.FakeData(3, (3, 5, 4), num_classes=7, transform=transforms.PILToTensor())
    rushlight.manual_seed(0)
    expected = rushlight.rand(3)
    rushlight.manual_seed(0)
    first = dataset[1]
    assert rushlight.equal(rushlight.rand(3), expected)
    assert first[0].shape == (3, 5, 4)
    assert rushlight.equal(dataset[1][0], first[0])
    assert not rushlight.equal(dataset[2][0], first[0])
    assert 0 <= first[1] < 7
    with pytest.raises(IndexError):
        dataset[3]


def test_transforms_argument_and_repr():
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform"):
        datasets.VisionDataset("x", transforms=lambda x, y: (x, y), transform=abs)

    class Two(datasets.VisionDataset):
        def __len__(self):
            return 2

    pipeline = transforms.Compose([transforms.ToTensor()])
    assert repr(Two("here", transform=pipeline, target_transform=transforms.Lambda(abs))) == (
        "Dataset Two\n    Number of datapoints: 2\n    Root location: here\n"
        "    StandardTransform\nTransform: Compose(\n               ToTensor()\n           )\n"
        "Target transform: Lambda()"
    )
    with pytest.raises(NotImplementedError):
        Two()[0]


def test_unknown_names_say_what_there_is():
    with pytest.raises(AttributeError, match="no dataset 'ImageNet'; it has CIFAR10"):
        datasets.ImageNet
    import rushlight.vision as vision

    with pytest.raises(AttributeError, match=r"torchvision\.models"):
        vision.models
    with pytest.raises(ImportError, match="model zoo"):
        from rushlight.vision import models  # noqa: F401
    with pytest.raises(ImportError, match="detection"):
        import rushlight.vision.ops  # noqa: F401
    assert vision.get_image_backend() == "PIL"
