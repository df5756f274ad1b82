"""Datasets and dataloaders: look at Fashion-MNIST, write a dataset of our own, iterate in batches.

    python datasets_and_dataloaders.py [--data FOLDER]

Leaves `samples.png` in the current folder. The dataset of our own reads images from a folder and
labels from a CSV file; the script draws a few such images first, so nothing needs downloading for it.
"""

import argparse
import os
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets
from torchvision.io import read_image
from torchvision.transforms import ToTensor

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
args = parser.parse_args()

torch.manual_seed(0)

training_data = datasets.FashionMNIST(
    root=args.data, train=True, download=True, transform=ToTensor()
)
test_data = datasets.FashionMNIST(root=args.data, train=False, download=True, transform=ToTensor())
print(training_data)
print(len(training_data), len(test_data), training_data.classes)

labels_map = {
    0: "T-Shirt",
    1: "Trouser",
    2: "Pullover",
    3: "Dress",
    4: "Coat",
    5: "Sandal",
    6: "Shirt",
    7: "Sneaker",
    8: "Bag",
    9: "Ankle Boot",
}
figure = plt.figure(figsize=(8, 8))
cols, rows = 3, 3
for i in range(1, cols * rows + 1):
    sample_idx = torch.randint(len(training_data), size=(1,)).item()
    img, label = training_data[sample_idx]
    print(f"{sample_idx:5d} {labels_map[label]:11s} mean {img.mean():.4f}")
    figure.add_subplot(rows, cols, i)
    plt.title(labels_map[label])
    plt.axis("off")
    plt.imshow(img.squeeze(), cmap="gray")
plt.savefig("samples.png")
print(len(figure.axes), "pictures drawn")


class CustomImageDataset(Dataset):
    """Images in a folder, labels in a CSV file with a header: file name, label."""

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


with tempfile.TemporaryDirectory() as folder:
    lines = ["file_name,label"]
    for i in range(10):
        pixels = np.zeros((8, 8, 3), dtype=np.uint8)
        pixels[:, : i % 8, i % 3] = 20 * i
        Image.fromarray(pixels).save(os.path.join(folder, f"tile{i}.png"))
        lines.append(f"tile{i}.png,{i % 3}")
    csv = os.path.join(folder, "labels.csv")
    with open(csv, "w") as file:
        file.write("\n".join(lines) + "\n")

    tiles = CustomImageDataset(csv, folder)
    image, label = tiles[5]
    print(len(tiles), image.shape, image.dtype, int(label), int(image.max()))
    print(image[2])
    scaled = CustomImageDataset(
        csv,
        folder,
        transform=lambda image: image.float() / 255,
        target_transform=lambda label: int(label) * 10,
    )
    for images, labels in DataLoader(scaled, batch_size=4, shuffle=True):
        print(images.shape, labels, images.sum(dim=(1, 2, 3)))

train_dataloader = DataLoader(training_data, batch_size=64, shuffle=True)
test_dataloader = DataLoader(test_data, batch_size=64, shuffle=True)

train_features, train_labels = next(iter(train_dataloader))
print(f"Feature batch shape: {train_features.size()}")
print(f"Labels batch shape: {train_labels.size()}")
img = train_features[0].squeeze()
label = train_labels[0]
plt.figure()
plt.imshow(img, cmap="gray")
plt.savefig("one.png")
print(f"Label: {label}")
print(train_labels)
test_features, test_labels = next(iter(test_dataloader))
print(test_labels[:16].tolist(), f"{test_features.std():.4f}")
