"""CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import os
import pickle
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from rushlight.vision.datasets import _memory
from rushlight.vision.datasets.utils import Path, check_integrity, download_and_extract_archive
from rushlight.vision.datasets.vision import Transform, VisionDataset


class CIFAR10(VisionDataset):
    """CIFAR-10: 50,000 training and 10,000 test images of 32 x 32 in ten classes.

    Args:
        root: the folder that holds ``cifar-10-batches-py``.
        train: the training or the test images.
        transform: maps a PIL image.
        target_transform: maps a label.
        download: download the archive into ``root`` if it is not there.

    Attributes:
        data: the images, a uint8 array (N, 32, 32, 3).
        targets: the labels, a list.
        classes: the names of the classes; ``class_to_idx`` is their inverse.

    Raises:
        RuntimeError: if the files are missing, cannot be downloaded or are damaged.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

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
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it"
            )
        parts = [self._read(name) for name, _ in (self.train_list if train else self.test_list)]
        pixels = np.concatenate([part["data"] for part in parts]).reshape(-1, 3, 32, 32)
        self.data = pixels.transpose(0, 2, 3, 1)
        key = "labels" if "labels" in parts[0] else "fine_labels"
        self.targets = [label for part in parts for label in part[key]]
        self._load_meta()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)

    def _read(self, name: str) -> dict[str, Any]:
        return read_pickle(self._path(name))

    def _load_meta(self) -> None:
        if not check_integrity(self._path(self.meta["filename"]), self.meta["md5"]):
            raise RuntimeError(
                "Dataset metadata file not found or corrupted. "
                "You can use download=True to download it"
            )
        self.classes: list[str] = self._read(self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _check_integrity(self) -> bool:
        files = self.train_list + self.test_list
        return all(check_integrity(self._path(name), md5) for name, md5 in files)

    def download(self) -> None:
        """Download and unpack the archive unless its files are there."""
        if not self._check_integrity():
            download_and_extract_archive(
                self.url, self.root, filename=self.filename, md5=self.tgz_md5
            )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """The image (PIL, unless transformed) and its label."""
        from PIL import Image

        return self._transformed(Image.fromarray(self.data[index]), self.targets[index])

    def __getbatch__(self, indices: Sequence[int]) -> Any:
        """The collated batch of these images and labels, or NotImplemented (see ``MNIST``)."""
        if type(self).__getitem__ is not CIFAR10.__getitem__:
            return NotImplemented
        return _memory.fetch(self, self.data, self.targets, indices)

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """The split."""
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """CIFAR-100: as CIFAR-10, with a hundred classes, in ``cifar-100-python``."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list: ClassVar[list[list[str]]] = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list: ClassVar[list[list[str]]] = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }


# --- pickles without their dangers ------------------------------------------------------------


def _plain_reconstruct(subtype: Any, shape: Any, dtype: Any) -> Any:
    """``numpy``'s own helper, for plain arrays only."""
    if subtype is not np.ndarray:
        raise pickle.UnpicklingError(f"an array of type {subtype!r}")
    return np.ndarray(shape, np.dtype(dtype))


def _latin1_bytes(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes into old pickles."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes encoded as {encoding!r}")
    return text.encode("latin1")


_ALLOWED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _plain_reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _plain_reconstruct,
    ("_codecs", "encode"): _latin1_bytes,
}


class _PlainUnpickler(pickle.Unpickler):
    """Builds containers, text, numbers and NumPy arrays, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]


def read_pickle(path: Path) -> Any:
    """The plain data in a pickle file.

    Raises:
        RuntimeError: if it is damaged or asks for anything but plain data and arrays.
    """
    with open(path, "rb") as file:
        try:
            return _PlainUnpickler(file, encoding="latin1").load()
        except Exception as error:
            # A damaged pickle fails in many ways, none of which says which file it was.
            reason = f"{os.fspath(path)} is not a pickle of plain data: {error}"
            raise RuntimeError(reason) from error
