"""Transforms: images to tensors, labels to one-hot vectors with a Lambda.

python transforms_lambda.py [--data FOLDER]
"""

import argparse
import os

import torch
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import Compose, Lambda, Normalize, ToTensor

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
args = parser.parse_args()

torch.manual_seed(0)

ds = datasets.FashionMNIST(
    root=args.data,
    train=True,
    download=True,
    transform=ToTensor(),
    target_transform=Lambda(
        lambda y: torch.zeros(10, dtype=torch.float).scatter_(0, torch.tensor(y), value=1)
    ),
)
image, target = ds[0]
print(image.shape, image.dtype, image.min(), image.max())
print(image[0, 12:16, 10:16])
print(target)

images, targets = next(iter(DataLoader(ds, batch_size=5, shuffle=True)))
print(images.shape, f"{images.mean():.6f}")
print(targets)
print(targets.argmax(dim=1))

both = Compose([ToTensor(), Normalize((0.5,), (0.5,))])
print(both)
plain = datasets.FashionMNIST(args.data, train=False, transform=both)
image, label = plain[7]
print(label, image.shape, image.min(), image.max(), f"{image.mean():.6f}")
print(plain.data.shape, plain.data.dtype, plain.targets[:10])

one_hot = torch.nn.functional.one_hot(plain.targets[:4], num_classes=10)
print(one_hot)
