"""Quickstart: a multilayer perceptron learns Fashion-MNIST, is saved, loaded, and asked for a guess.

python quickstart.py [--data FOLDER]
"""

import argparse
import os

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import ToTensor

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch
EPOCHS = int(os.environ.get("EXAMPLE_EPOCHS", 5))

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
parser.add_argument("--out", default=".", help="where model.pth goes")
args = parser.parse_args()

torch.manual_seed(0)

training_data = datasets.FashionMNIST(
    root=args.data, train=True, download=True, transform=ToTensor()
)
test_data = datasets.FashionMNIST(root=args.data, train=False, download=True, transform=ToTensor())

batch_size = 64
train_dataloader = DataLoader(training_data, batch_size=batch_size)
test_dataloader = DataLoader(test_data, batch_size=batch_size)

for X, y in test_dataloader:
    print(f"Shape of X [N, C, H, W]: {X.shape}")
    print(f"Shape of y: {y.shape} {y.dtype}")
    break

device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
print(f"Using {device} device")


class NeuralNetwork(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )

    def forward(self, x):
        return self.linear_relu_stack(self.flatten(x))


model = NeuralNetwork().to(device)
print(model)

loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)


def train(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        if batch >= STEPS:
            break
        X, y = X.to(device), y.to(device)
        pred = model(X)
        loss = loss_fn(pred, y)

        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

        if batch % 100 == 0:
            loss, current = loss.item(), (batch + 1) * len(X)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]")


def test(dataloader, model, loss_fn):
    model.eval()
    test_loss, correct, seen, batches = 0, 0, 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            if batches >= STEPS:
                break
            X, y = X.to(device), y.to(device)
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
            seen += len(y)
            batches += 1
    test_loss /= batches
    correct /= seen
    print(f"Test Error: \n Accuracy: {(100 * correct):>0.1f}%, Avg loss: {test_loss:>8f} \n")


for t in range(EPOCHS):
    print(f"Epoch {t + 1}\n-------------------------------")
    train(train_dataloader, model, loss_fn, optimizer)
    test(test_dataloader, model, loss_fn)
print("Done!")

path = os.path.join(args.out, "model.pth")
torch.save(model.state_dict(), path)
print("Saved PyTorch Model State to", os.path.basename(path))

model = NeuralNetwork().to(device)
print(model.load_state_dict(torch.load(path, weights_only=True)))

classes = [
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
model.eval()
for i in range(3):
    x, y = test_data[i][0], test_data[i][1]
    with torch.no_grad():
        pred = model(x.to(device))
        predicted, actual = classes[pred[0].argmax(0)], classes[y]
        print(f'Predicted: "{predicted}", Actual: "{actual}"')
