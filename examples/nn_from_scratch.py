"""From bare tensors to nn, one step at a time: logistic regression on MNIST, then a small convolutional net.

python nn_from_scratch.py [--data FOLDER]
"""

import argparse
import math
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from torchvision import datasets

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch
EPOCHS = int(os.environ.get("EXAMPLE_EPOCHS", 2))

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
args = parser.parse_args()

torch.manual_seed(7)
train = datasets.MNIST(args.data, train=True, download=True)
x_all = train.data.numpy().reshape(-1, 784).astype(np.float32) / 255
x_train, y_train, x_valid, y_valid = map(
    torch.tensor,
    (
        x_all[:50000],
        train.targets.numpy()[:50000],
        x_all[50000:52000],
        train.targets.numpy()[50000:52000],
    ),
)
n, c = x_train.shape
print(x_train.shape, y_train, y_train.min(), y_train.max())

print("\nbare tensors")
weights = torch.randn(784, 10) / math.sqrt(784)
weights.requires_grad_()
bias = torch.zeros(10, requires_grad=True)


def log_softmax(x):
    return x - x.exp().sum(-1).log().unsqueeze(-1)


def model(xb):
    return log_softmax(xb @ weights + bias)


def nll(input, target):
    return -input[range(target.shape[0]), target].mean()


def accuracy(out, yb):
    preds = torch.argmax(out, dim=1)
    return (preds == yb).float().mean()


bs = 64
xb, yb = x_train[0:bs], y_train[0:bs]
preds = model(xb)
print(preds[0], preds.shape)
print(nll(preds, yb), accuracy(preds, yb))

lr = 0.5
for epoch in range(EPOCHS):
    for i in range(min((n - 1) // bs + 1, STEPS)):
        xb = x_train[i * bs : (i + 1) * bs]
        yb = y_train[i * bs : (i + 1) * bs]
        loss = nll(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            weights -= weights.grad * lr
            bias -= bias.grad * lr
            weights.grad.zero_()
            bias.grad.zero_()
print(f"{nll(model(xb), yb):.5f} {accuracy(model(xb), yb):.4f}")

print("\na module, an optimizer, a dataset and a loader")


class MnistLogistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(784, 10)

    def forward(self, xb):
        return self.lin(xb)


def loss_batch(model, loss_func, xb, yb, opt=None):
    loss = loss_func(model(xb), yb)
    if opt is not None:
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), len(xb)


def fit(epochs, model, loss_func, opt, train_dl, valid_dl):
    for epoch in range(epochs):
        model.train()
        for step, (xb, yb) in enumerate(train_dl):
            if step >= STEPS:
                break
            loss_batch(model, loss_func, xb, yb, opt)
        model.eval()
        with torch.no_grad():
            losses, nums = zip(*[loss_batch(model, loss_func, xb, yb) for xb, yb in valid_dl])
        print(epoch, round(float(np.sum(np.multiply(losses, nums)) / np.sum(nums)), 5))


train_ds = TensorDataset(x_train, y_train)
valid_ds = TensorDataset(x_valid, y_valid)


class WrappedDataLoader:
    """A loader whose batches pass through `func`."""

    def __init__(self, dl, func):
        self.dl = dl
        self.func = func

    def __len__(self):
        return len(self.dl)

    def __iter__(self):
        for b in self.dl:
            yield self.func(*b)


def preprocess(x, y):
    return x.view(-1, 1, 28, 28), y


train_dl = DataLoader(train_ds, batch_size=bs, shuffle=True)
valid_dl = DataLoader(valid_ds, batch_size=bs * 2)
model = MnistLogistic()
opt = optim.SGD(model.parameters(), lr=0.5)
fit(EPOCHS, model, F.cross_entropy, opt, train_dl, valid_dl)


class Lambda(nn.Module):
    def __init__(self, func):
        super().__init__()
        self.func = func

    def forward(self, x):
        return self.func(x)


train_dl = WrappedDataLoader(train_dl, preprocess)
valid_dl = WrappedDataLoader(valid_dl, preprocess)
model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 16, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 10, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    Lambda(lambda x: x.view(x.size(0), -1)),
)
print(model)
opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
fit(EPOCHS, model, F.cross_entropy, opt, train_dl, valid_dl)
