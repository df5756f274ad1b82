"""What it costs to iterate Fashion-MNIST with ToTensor(), batch 64.

Compares Rushlight's DataLoader with loops over single images (index, PIL image, ToTensor, collate):
PyTorch's with torchvision's transform where they are installed, Rushlight's own with the batch path
switched off, and the barest one that NumPy and Pillow allow. All in one process and in turns, so
that a busy machine slows all of them alike; medians are compared.

    python benchmarks/dataloader.py [--root FOLDER] [--rounds N] [--limit IMAGES]

``FOLDER`` holds the four ``.gz`` files of Fashion-MNIST (or torchvision's layout); without them
MNIST, which is packaged and of the same size, is used. Exits with 1 if Rushlight takes more than
1/15 of PyTorch's loop (of its own single-image loop where PyTorch is missing).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time

import numpy as np

BATCH = 64
GOAL = 15.0


def load(root: str | None):
    """Fashion-MNIST's training set, or MNIST's."""
    from rushlight.vision import datasets, transforms

    candidates = [root, os.path.join(os.path.dirname(__file__), "../../shared/data/fashion-mnist")]
    for folder in filter(None, candidates):
        try:
            return datasets.FashionMNIST(folder, transform=transforms.ToTensor())
        except RuntimeError as error:
            if folder == root:
                sys.exit(str(error))
    with tempfile.TemporaryDirectory() as folder:
        return datasets.MNIST(folder, transform=transforms.ToTensor(), download=True)


def single_images(images, labels):
    """One epoch, image by image: PIL, ToTensor's arithmetic, stack."""
    from PIL import Image

    for start in range(0, len(images), BATCH):
        samples = []
        for i in range(start, min(start + BATCH, len(images))):
            picture = Image.fromarray(images[i])
            pixels = np.array(picture, np.uint8).reshape(28, 28, 1).transpose(2, 0, 1)
            samples.append((np.ascontiguousarray(pixels).astype(np.float32) / 255, int(labels[i])))
        np.stack([x for x, _ in samples])
        np.array([y for _, y in samples])


def with_rushlight(dataset):
    """One epoch through Rushlight's DataLoader."""
    from rushlight.utils.data import DataLoader

    count = 0
    for x, y in DataLoader(dataset, batch_size=BATCH):
        count += len(x)
        assert x.shape[1:] == (1, 28, 28)
        assert len(y) == len(x)
    assert count == len(dataset)


def without_batches(dataset):
    """One epoch through Rushlight's DataLoader, image by image."""
    kind = type(dataset)
    batches = kind.__getbatch__
    kind.__getbatch__ = lambda self, indices: NotImplemented
    try:
        with_rushlight(dataset)
    finally:
        kind.__getbatch__ = batches


def torch_epoch(images, labels):
    """One epoch through PyTorch's DataLoader and torchvision's ToTensor, or None without them."""
    try:
        import torch

        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        from torchvision.transforms import ToTensor
    except (ImportError, RuntimeError):
        return None
    from PIL import Image

    class Images(torch.utils.data.Dataset):
        data, targets, transform = torch.from_numpy(images), torch.from_numpy(labels), ToTensor()

        def __len__(self):
            return len(self.data)

        def __getitem__(self, i):
            return self.transform(Image.fromarray(self.data[i].numpy())), int(self.targets[i])

    def epoch():
        for _ in torch.utils.data.DataLoader(Images(), batch_size=BATCH):
            pass

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", help="folder of Fashion-MNIST")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=60000, help="number of images")
    options = parser.parse_args()
    dataset = load(options.root)
    dataset.data = dataset.data[: options.limit].clone()
    dataset.targets = dataset.targets[: options.limit].clone()
    images, labels = dataset.data.numpy().copy(), dataset.targets.numpy().copy()
    runs = {
        "Rushlight": lambda: with_rushlight(dataset),
        "Rushlight, image by image": lambda: without_batches(dataset),
        "NumPy and Pillow, image by image": lambda: single_images(images, labels),
    }
    reference = "Rushlight, image by image"
    torch_run = torch_epoch(images, labels)
    if torch_run is not None:
        reference = "PyTorch and torchvision"
        runs[reference] = torch_run
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in times.items()}
    fastest = medians["Rushlight"]
    print(f"{type(dataset).__name__}, {len(images)} images, batch {BATCH}, {options.rounds} rounds")
    for name, seconds in medians.items():
        print(f"{name:34s} {seconds:8.3f} s   {seconds / fastest:6.1f} x")
    ratio = medians[reference] / fastest
    print(f"goal: {GOAL:.0f} x of {reference}, measured {ratio:.1f} x")
    sys.exit(0 if ratio >= GOAL else 1)


if __name__ == "__main__":
    main()
