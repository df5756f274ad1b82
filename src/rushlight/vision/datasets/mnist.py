"""MNIST and the datasets that share its file format."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import shutil
import string
import warnings
import zlib
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rushlight.tensor import Tensor
from rushlight.vision import packaged
from rushlight.vision._bridge import Array, from_array
from rushlight.vision.datasets import _memory
from rushlight.vision.datasets.utils import (
    Path,
    download_and_extract_archive,
    download_url,
    extract_archive,
    open_compressed,
    unpack,
    verify_str_arg,
)
from rushlight.vision.datasets.vision import Transform, VisionDataset

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def _existing(path: str) -> str | None:
    """``path``, or ``path`` compressed, whichever exists."""
    return next((p for p in (path, path + ".gz", path + ".xz") if os.path.isfile(p)), None)


class MNIST(VisionDataset):
    """The MNIST handwritten digits: 60,000 training and 10,000 test images of 28 x 28.

    The files are looked for in ``root/MNIST/raw`` (unpacked or ``.gz``), then in ``root`` itself
    and in the folder that the environment variable ``RUSHLIGHT_DATA`` names. With ``download=True``
    they are placed in ``root/MNIST/raw`` if missing; MNIST comes with Rushlight, without network.

    Args:
        root: the folder of the data.
        train: the training or the test images.
        transform: maps a PIL image.
        target_transform: maps a label.
        download: place the files in ``root`` if they are not there.

    Attributes:
        data: the images, a uint8 tensor (N, 28, 28).
        targets: the labels, an int64 tensor (N,).
        classes: the names of the classes.

    Raises:
        RuntimeError: if the files are missing, cannot be downloaded or are damaged.
    """

    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    training_file = "training.pt"
    test_file = "test.pt"
    classes: list[str] = [f"{digit} - {name}" for digit, name in enumerate(_DIGITS)]

    # The unpacked label files tell the datasets apart, whose files all have the same names.
    _label_checksums: ClassVar[dict[str, str]] = {
        "train": "a25bea736e30d166cdddb491f175f624",
        "t10k": "27ae3e4e09519cfbb04c329615203637",
    }
    _folder_name = "mnist"

    data: Any
    targets: Any

    def __init__(
        self,
        root: Path,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if self._check_legacy_exist():
            self.data, self.targets = self._load_legacy_data()
            return
        if download:
            self.download()
        if self._files() is None:
            raise RuntimeError(self._missing())
        self.data, self.targets = self._load_data()

    def _missing(self) -> str:
        return (
            "Dataset not found. You can use download=True to download it, or place its files in "
            f"{self.raw_folder}"
        )

    @property
    def raw_folder(self) -> str:
        """Where the files of the dataset are."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def processed_folder(self) -> str:
        """Where very old versions of torchvision kept the data."""
        return os.path.join(self.root, type(self).__name__, "processed")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The label of each class name."""
        return {name: i for i, name in enumerate(self.classes)}

    @property
    def _split(self) -> str:
        return "train" if self.train else "t10k"

    # --- finding and placing the files

    def _check_legacy_exist(self) -> bool:
        files = (self.training_file, self.test_file)
        return all(os.path.isfile(os.path.join(self.processed_folder, name)) for name in files)

    def _load_legacy_data(self) -> Any:
        from rushlight.serialization import load

        name = self.training_file if self.train else self.test_file
        return load(os.path.join(self.processed_folder, name), weights_only=True)

    def _check_exists(self) -> bool:
        """Whether all files are in the raw folder, unpacked or not."""
        names = (os.path.splitext(os.path.basename(url))[0] for url, _ in self.resources)
        return all(_existing(os.path.join(self.raw_folder, name)) for name in names)

    def _files(self) -> tuple[str, str] | None:
        """The paths of the images and the labels, or None if they are nowhere."""
        folders = (self.raw_folder, os.fspath(self.root), *self._shared_folders())
        return next(filter(None, map(self._files_in, folders)), None)

    def _files_in(self, folder: str) -> tuple[str, str] | None:
        """The paths of the images and the labels in a folder, if they are this dataset's."""
        images = _existing(os.path.join(folder, f"{self._split}-images-idx3-ubyte"))
        labels = _existing(os.path.join(folder, f"{self._split}-labels-idx1-ubyte"))
        if not images or not labels:
            return None
        ours = folder == self.raw_folder or self._is_ours(labels, self._split)
        return (images, labels) if ours else None

    def _shared_folders(self) -> list[str]:
        shared = os.environ.get("RUSHLIGHT_DATA")
        if not shared:
            return []
        layout = os.path.join(shared, type(self).__name__, "raw")
        return [layout, os.path.join(shared, self._folder_name), shared]

    def _is_ours(self, labels: str, split: str) -> bool:
        """Whether a label file found outside the layout belongs to this dataset."""
        try:
            with open_compressed(labels) as file:
                digest = hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
        except (OSError, EOFError, zlib.error):
            return False
        return digest == self._label_checksums.get(split)

    def download(self) -> None:
        """Place the files in the raw folder, from a copy on this machine or from the network.

        Nothing is done where they are there already, or in ``root`` itself.

        Raises:
            RuntimeError: if a file cannot be had; names what was tried and where to place it.
        """
        if self._check_exists() or self._files_in(os.fspath(self.root)) is not None:
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for filename, md5 in self.resources:
            target = os.path.join(self.raw_folder, os.path.splitext(filename)[0])
            if _existing(target):
                continue
            local = self._local_copy(filename)
            if local is None:
                self._download_file(filename, md5)
                local = os.path.join(self.raw_folder, filename)
            unpack(local, target)

    def _local_copy(self, filename: str) -> str | None:
        """A copy of the file elsewhere on this machine."""
        split = filename.partition("-")[0]
        for folder in (os.fspath(self.root), *self._shared_folders()):
            file = _existing(os.path.join(folder, os.path.splitext(filename)[0]))
            labels = _existing(os.path.join(folder, f"{split}-labels-idx1-ubyte"))
            if file and labels and self._is_ours(labels, split):
                return file
        return self._packaged(filename)

    def _packaged(self, filename: str) -> str | None:
        """The copy inside Rushlight (MNIST itself only, and classes derived from it by users)."""
        if self.resources is not MNIST.resources:
            return None
        path = packaged.path(filename)
        return path if os.path.isfile(path) else None

    def _download_file(self, filename: str, md5: str) -> None:
        tried = []
        for mirror in self.mirrors:
            try:
                return download_url(f"{mirror}{filename}", self.raw_folder, filename, md5)
            except RuntimeError as error:
                tried.append(f"Tried {mirror}, got:\n{error}\n")
        raise RuntimeError(f"Error downloading {filename}:\n{''.join(tried)}")

    # --- the data

    def _load_data(self) -> tuple[Tensor, Tensor]:
        files = self._files()
        if files is None:
            raise RuntimeError(self._missing())
        return read_image_file(files[0]), read_label_file(files[1])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """The image (PIL, unless transformed) and its label."""
        from rushlight.vision.transforms._pil import from_array as image_from_array

        image = image_from_array(_memory.value_at(self.data, index), "L")
        return self._transformed(image, int(_memory.value_at(self.targets, index)))

    def __getbatch__(self, indices: Sequence[int]) -> Any:
        """The collated batch of these images and labels, or NotImplemented.

        Subclasses that change ``__getitem__`` and transforms that only know single images are
        fetched one by one; the values and the random numbers drawn are the same either way.
        """
        if type(self).__getitem__ is not MNIST.__getitem__:
            return NotImplemented
        return _memory.fetch(self, self.data, self.targets, indices)

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """The split."""
        return f"Split: {'Train' if self.train is True else 'Test'}"

    # --- names of long ago

    def _renamed(self, old: str, new: str) -> Any:
        warnings.warn(f"{old} has been renamed {new}", stacklevel=3)
        return getattr(self, new)

    @property
    def train_labels(self) -> Any:
        """Old name of ``targets``."""
        return self._renamed("train_labels", "targets")

    @property
    def test_labels(self) -> Any:
        """Old name of ``targets``."""
        return self._renamed("test_labels", "targets")

    @property
    def train_data(self) -> Any:
        """Old name of ``data``."""
        return self._renamed("train_data", "data")

    @property
    def test_data(self) -> Any:
        """Old name of ``data``."""
        return self._renamed("test_data", "data")


class FashionMNIST(MNIST):
    """Zalando's Fashion-MNIST: photographs of clothes in the format of MNIST.

    Arguments and layout as for ``MNIST``, below ``root/FashionMNIST/raw``.
    """

    mirrors: ClassVar[list[str]] = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes: list[str] = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]
    _label_checksums: ClassVar[dict[str, str]] = {
        "train": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k": "15d484375f8d13e6eb1aabb0c3f46965",
    }
    _folder_name = "fashion-mnist"


class KMNIST(MNIST):
    """Kuzushiji-MNIST: cursive Japanese characters in the format of MNIST."""

    mirrors: ClassVar[list[str]] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: ClassVar[Any] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes: list[str] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    _label_checksums: ClassVar[dict[str, str]] = {}
    _folder_name = "kmnist"


class EMNIST(MNIST):
    """Extended MNIST: letters and digits.

    Args:
        root: the folder of the data; the files are in ``root/EMNIST/raw``.
        split: "byclass", "bymerge", "balanced", "letters", "digits" or "mnist".
        **kwargs: as for ``MNIST``.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    # Capitals that look like their small letters are one class.
    _merged = sorted({*string.digits, *string.ascii_letters} - set("cijklmopsuvwxyz"))
    classes_split_dict: ClassVar[dict[str, list[str]]] = {
        "byclass": sorted(string.digits + string.ascii_letters),
        "bymerge": _merged,
        "balanced": _merged,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: Path, split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self.training_file = f"training_{split}.pt"
        self.test_file = f"test_{split}.pt"
        super().__init__(root, **kwargs)
        self.classes = self.classes_split_dict[self.split]

    def _files(self) -> tuple[str, str] | None:
        prefix = f"emnist-{self.split}-{'train' if self.train else 'test'}"
        images = _existing(os.path.join(self.raw_folder, f"{prefix}-images-idx3-ubyte"))
        labels = _existing(os.path.join(self.raw_folder, f"{prefix}-labels-idx1-ubyte"))
        return (images, labels) if images and labels else None

    def _check_exists(self) -> bool:
        return self._files() is not None

    def download(self) -> None:
        """Download the archive of all splits and unpack it into the raw folder."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        download_and_extract_archive(self.url, self.raw_folder, md5=self.md5)
        folder = os.path.join(self.raw_folder, "gzip")
        for name in os.listdir(folder):
            if name.endswith(".gz"):
                extract_archive(os.path.join(folder, name), self.raw_folder)
        shutil.rmtree(folder)


class QMNIST(MNIST):
    """The reconstruction of MNIST's sources, with all 60,000 test digits.

    Args:
        root: the folder of the data; the files are in ``root/QMNIST/raw``.
        what: "train", "test", "test10k", "test50k" or "nist" (default: by ``train``).
        compat: labels are class numbers; otherwise tensors of all that is known of the digit.
        train: the training or the test images, where ``what`` is not given.
        **kwargs: as for ``MNIST``.
    """

    subsets: ClassVar[dict[str, str]] = {
        "train": "train",
        "test": "test",
        "test10k": "test",
        "test50k": "test",
        "nist": "nist",
    }
    _address = "https://raw.githubusercontent.com/facebookresearch/qmnist/master/"
    resources: ClassVar[Any] = {
        "train": [
            (f"{_address}qmnist-train-images-idx3-ubyte.gz", "ed72d4157d28c017586c42bc6afe6370"),
            (f"{_address}qmnist-train-labels-idx2-int.gz", "0058f8dd561b90ffdd0f734c6a30e5e4"),
        ],
        "test": [
            (f"{_address}qmnist-test-images-idx3-ubyte.gz", "1394631089c404de565df7b7aeaf9412"),
            (f"{_address}qmnist-test-labels-idx2-int.gz", "5b5b05890a5e13444e108efe57b788aa"),
        ],
        "nist": [
            (f"{_address}xnist-images-idx3-ubyte.xz", "7f124b3b8ab81486c9d8c2749c17f834"),
            (f"{_address}xnist-labels-idx2-int.xz", "5ed0e788978e45d4a8bd4b7caec3d79d"),
        ],
    }

    def __init__(
        self,
        root: Path,
        what: str | None = None,
        compat: bool = True,
        train: bool = True,
        **kwargs: Any,
    ) -> None:
        if what is None:
            what = "train" if train else "test"
        self.what = verify_str_arg(what, "what", tuple(self.subsets))
        self.compat = compat
        self.training_file = self.test_file = f"{what}.pt"
        super().__init__(root, train, **kwargs)

    def _files(self) -> tuple[str, str] | None:
        names = [os.path.splitext(os.path.basename(url))[0] for url, _ in self._urls()]
        images, labels = (_existing(os.path.join(self.raw_folder, name)) for name in names)
        return (images, labels) if images and labels else None

    def _urls(self) -> Any:
        return self.resources[self.subsets[self.what]]

    def _check_exists(self) -> bool:
        return self._files() is not None

    def download(self) -> None:
        """Download the two files of this subset."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for url, md5 in self._urls():
            download_and_extract_archive(url, self.raw_folder, md5=md5)

    def _load_data(self) -> tuple[Tensor, Tensor]:
        files = self._files()
        if files is None:
            raise RuntimeError(self._missing())
        images = _checked(files[0], read_idx(files[0]), np.uint8, 3)
        labels = read_idx(files[1]).astype(np.int64)
        if labels.ndim != 2:
            raise ValueError(f"targets should have 2 dimensions instead of {labels.ndim}")
        part = {"test10k": slice(0, 10000), "test50k": slice(10000, None)}.get(
            self.what, slice(None)
        )
        return from_array(images[part]), from_array(labels[part])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """The image and its class, or all that is known of the digit."""
        from rushlight.vision.transforms._pil import from_array as image_from_array

        image = image_from_array(_memory.value_at(self.data, index), "L")
        target = self.targets[index]
        return self._transformed(image, int(target[0]) if self.compat else target)

    def extra_repr(self) -> str:
        """The subset."""
        return f"Split: {self.what}"


# --- the IDX format: 0 0 type ndim, the sizes, the values, all big-endian ---------------------

_IDX_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: Path) -> Array:
    """The array in an IDX file, which may be compressed (``.gz``, ``.xz``).

    Raises:
        RuntimeError: if the file is damaged; names it and says what is wrong.
    """
    try:
        with open_compressed(path) as file:
            content = bytearray(file.read())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RuntimeError(_damaged(path, str(error))) from error
    if len(content) < 4 or content[0] or content[1] or content[2] not in _IDX_TYPES:
        raise RuntimeError(_damaged(path, "it does not begin like an IDX file"))
    dtype, ndim = np.dtype(_IDX_TYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise RuntimeError(_damaged(path, "it ends inside its header"))
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", ndim, 4))
    wanted, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if wanted != found:
        raise RuntimeError(
            _damaged(path, f"its header promises {wanted} bytes of shape {shape}, it has {found}")
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{os.path.abspath(path)} is corrupt or truncated: {reason}. "
        "Delete it and use download=True to get it again"
    )


def _checked(path: Path, array: Array, dtype: Any, ndim: int) -> Array:
    if array.dtype != dtype:
        raise TypeError(
            f"{os.fspath(path)} should be of dtype torch.uint8 instead of {array.dtype}"
        )
    if array.ndim != ndim:
        raise ValueError(f"{os.fspath(path)} should have {ndim} dimensions instead of {array.ndim}")
    return array


def read_sn3_pascalvincent_tensor(path: Path, strict: bool = True) -> Tensor:
    """The tensor in an IDX file. ``strict`` is accepted: the size is always checked."""
    return from_array(read_idx(path))


def read_label_file(path: Path) -> Tensor:
    """The labels in an IDX file, as int64."""
    return from_array(_checked(path, read_idx(path), np.uint8, 1).astype(np.int64))


def read_image_file(path: Path) -> Tensor:
    """The images in an IDX file, uint8 (N, H, W)."""
    return from_array(_checked(path, read_idx(path), np.uint8, 3))
