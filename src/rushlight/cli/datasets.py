"""The data sets that the commands train and test on."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import rushlight
from rushlight.cli.errors import CommandError, reason
from rushlight.tensor import Tensor
from rushlight.utils.data import DataLoader, Dataset
from rushlight.vision import datasets, transforms

DATASETS: dict[str, type[datasets.MNIST]] = {
    "mnist": datasets.MNIST,
    "fashion-mnist": datasets.FashionMNIST,
}
# Mean and standard deviation of the training images' pixels.
_STATISTICS = {"mnist": (0.1307, 0.3081), "fashion-mnist": (0.2860, 0.3530)}
_CLASS_NAMES = {
    "mnist": list("0123456789"),
    "fashion-mnist": [
        "T-shirt", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ],
}  # fmt: skip


def class_names(data: str) -> list[str]:
    """The names of the ten classes, in the order of the labels."""
    return _CLASS_NAMES[data]


def default_folder() -> Path:
    """Where downloads are kept: ``RUSHLIGHT_DATA`` or the user's cache folder."""
    if folder := os.environ.get("RUSHLIGHT_DATA"):
        return Path(folder)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "rushlight" / "data"


def normalize(data: str) -> transforms.Normalize:
    """The transform that gives the pixels of the data set mean 0 and standard deviation 1."""
    mean, deviation = _STATISTICS[data]
    return transforms.Normalize((mean,), (deviation,))


def load(data: str, folder: Path, *, train: bool) -> datasets.MNIST:
    """The training or the test half of a data set, downloaded into ``folder`` if need be.

    Raises CommandError if it cannot be had.
    """
    transform = transforms.Compose([transforms.ToTensor(), normalize(data)])
    try:
        return DATASETS[data](str(folder), train=train, transform=transform, download=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise CommandError(f"cannot load {data} from {folder}: {reason(error)}") from error


class EpochOrder:
    """The shuffled order of an epoch, a function of the seed and the epoch alone.

    A resumed run therefore needs no more than the number of images it has already seen
    (``start``) to go on where it was.
    """

    def __init__(self, size: int, seed: int, epoch: int, start: int) -> None:
        self.size, self.start = size, start
        self.seed = (seed * 1_000_003 + epoch + 1) % 2**32

    def __len__(self) -> int:
        return self.size - self.start

    def __iter__(self) -> Any:
        generator = rushlight.Generator().manual_seed(self.seed)
        order = rushlight.randperm(self.size, generator=generator)
        return iter(order[self.start :].tolist())


def batches(
    dataset: Dataset[Any], batch_size: int, order: EpochOrder | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """The data set in batches; in its own order unless an ``order`` is given.

    The loader has a generator of its own, so iterating draws nothing from the default one.
    """
    generator = rushlight.Generator().manual_seed(0)
    return DataLoader(dataset, batch_size=batch_size, sampler=order, generator=generator)
