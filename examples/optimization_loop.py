"""The optimisation loop: hyperparameters, a loss, an optimizer, and loops that train and test.

python optimization_loop.py [--data FOLDER]
"""

import argparse
import os

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import ToTensor

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
args = parser.parse_args()

torch.manual_seed(0)

training_data = datasets.FashionMNIST(
    root=args.data, train=True, download=True, transform=ToTensor()
)
test_data = datasets.FashionMNIST(root=args.data, train=False, download=True, transform=ToTensor())
train_dataloader = DataLoader(training_data, batch_size=64, shuffle=True)
test_dataloader = DataLoader(test_data, batch_size=64)


class NeuralNetwork(nn.Module):
    def __init__(self):
        super(NeuralNetwork, self).__init__()
        self.flatten = nn.Flatten()
        self.linear_relu_stack = nn.Sequential(
            nn.Linear(28 * 28, 512),
            nn.ReLU(),
            nn.Linear(512, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
            nn.ReLU(),
        )

    def forward(self, x):
        return self.linear_relu_stack(self.flatten(x))


model = NeuralNetwork()
learning_rate = 1e-3
batch_size = 64
epochs = int(os.environ.get("EXAMPLE_EPOCHS", 10))


def train_loop(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        if batch >= STEPS:
            break
        pred = model(X)
        loss = loss_fn(pred, y)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        if batch % 100 == 0:
            loss, current = loss.item(), batch * batch_size + len(X)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]")


def test_loop(dataloader, model, loss_fn):
    model.eval()
    num_batches = min(len(dataloader), STEPS)
    test_loss, correct, seen = 0, 0, 0
    with torch.no_grad():
        for batch, (X, y) in enumerate(dataloader):
            if batch >= num_batches:
                break
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
            seen += len(X)
    test_loss /= num_batches
    correct /= seen
    print(f"Test Error: \n Accuracy: {(100 * correct):>0.1f}%, Avg loss: {test_loss:>8f} \n")


loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
print(optimizer)

for t in range(epochs):
    print(
        f"Epoch {t + 1}, learning rate {scheduler.get_last_lr()}\n-------------------------------"
    )
    train_loop(train_dataloader, model, loss_fn, optimizer)
    test_loop(test_dataloader, model, loss_fn)
    scheduler.step()
print("Done!")
