"""The tutorials' dataset of one's own: a CSV file of labels and a folder of images."""

from __future__ import annotations

import os

import numpy as np
import pytest

import rushlight
from rushlight.utils.data import DataLoader, Dataset
from rushlight.vision.io import decode_image, read_image, write_png

pd = pytest.importorskip("pandas")


class CustomImageDataset(Dataset):
    def __init__(self, annotations_file, img_dir, transform=None, target_transform=None):
        self.img_labels = pd.read_csv(annotations_file)
        self.img_dir = img_dir
        self.transform = transform
        self.target_transform = target_transform

    def __len__(self):
        return len(self.img_labels)

    def __getitem__(self, idx):
        img_path = os.path.join(self.img_dir, self.img_labels.iloc[idx, 0])
        image = read_image(img_path)
        label = self.img_labels.iloc[idx, 1]
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (10, 1, 28, 28), dtype=np.uint8)
    lines = ["file,label"]
    for i, image in enumerate(pixels):
        write_png(rushlight.from_numpy(image), str(tmp_path / f"tshirt{i}.png"))
        lines.append(f"tshirt{i}.png, {i % 3}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path, pixels


def test_batches_of_a_custom_dataset(folder):
    path, pixels = folder
    dataset = CustomImageDataset(path / "labels.csv", path)
    features, labels = next(iter(DataLoader(dataset, batch_size=8)))
    assert features.shape == (8, 1, 28, 28)
    assert features.dtype is rushlight.uint8
    assert np.array_equal(features.numpy(), pixels[:8])
    assert labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 1]
    assert labels.dtype is rushlight.int64
    assert rushlight.equal(decode_image(str(path / "tshirt3.png")), features[3])


def test_transforms_of_a_custom_dataset(folder):
    path, _ = folder
    dataset = CustomImageDataset(
        path / "labels.csv", path, lambda x: x.float() / 255, lambda y: int(y) + 1
    )
    rushlight.manual_seed(0)
    features, labels = next(iter(DataLoader(dataset, batch_size=10, shuffle=True)))
    assert float(features.max()) <= 1.0
    assert sorted(labels.tolist()) == [1, 1, 1, 1, 2, 2, 2, 3, 3, 3]
