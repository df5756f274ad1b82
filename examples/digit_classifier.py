"""Handwritten digits with a 784-128-64-10 network, log-probabilities and five epochs of SGD.

python digit_classifier.py [--data FOLDER] [--figure FILE.png]
"""

import argparse
import os

import numpy as np
import torch
from torch import nn, optim
from torchvision import datasets, transforms

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch
EPOCHS = int(os.environ.get("EXAMPLE_EPOCHS", 5))

parser = argparse.ArgumentParser()
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
parser.add_argument("--out", default=".", help="where digit_classifier.pt goes")
parser.add_argument("--figure", help="write a picture of some digits here")
args = parser.parse_args()

torch.manual_seed(42)

transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
trainset = datasets.MNIST(args.data, download=True, train=True, transform=transform)
valset = datasets.MNIST(args.data, download=True, train=False, transform=transform)
trainloader = torch.utils.data.DataLoader(trainset, batch_size=64, shuffle=True)
valloader = torch.utils.data.DataLoader(valset, batch_size=64, shuffle=True)

images, labels = next(iter(trainloader))
print(type(images).__name__)
print(images.shape)
print(labels.shape)
print(images.min(), images.max(), images.mean())
print(labels)

if args.figure:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for index in range(1, 61):
        plt.subplot(6, 10, index)
        plt.axis("off")
        plt.imshow(images[index].numpy().squeeze(), cmap="gray_r")
    plt.savefig(args.figure)

input_size = 784
hidden_sizes = [128, 64]
output_size = 10
model = nn.Sequential(
    nn.Linear(input_size, hidden_sizes[0]),
    nn.ReLU(),
    nn.Linear(hidden_sizes[0], hidden_sizes[1]),
    nn.ReLU(),
    nn.Linear(hidden_sizes[1], output_size),
    nn.LogSoftmax(dim=1),
)
print(model)

criterion = nn.NLLLoss()
images = images.view(images.shape[0], -1)
loss = criterion(model(images), labels)
print("Before backward pass:", model[0].weight.grad)
loss.backward()
print("After backward pass:\n", model[0].weight.grad[:3, 300:305])

optimizer = optim.SGD(model.parameters(), lr=0.003, momentum=0.9)
print("Initial weights -", model[0].weight[0, :5])
optimizer.zero_grad()
loss = criterion(model(images), labels)
loss.backward()
print("Gradient -", model[2].weight.grad[0, :5])
optimizer.step()
print("Updated weights -", model[0].weight[0, :5])

for e in range(EPOCHS):
    running_loss = 0
    batches = 0
    for images, labels in trainloader:
        if batches >= STEPS:
            break
        images = images.view(images.shape[0], -1)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        batches += 1
    print(f"Epoch {e} - Training loss: {running_loss / batches}")

images, labels = next(iter(valloader))
with torch.no_grad():
    logps = model(images[0].view(1, 784))
ps = torch.exp(logps)
probab = list(ps.numpy()[0])
print("Predicted Digit =", probab.index(max(probab)), "true:", labels[0].item())
print("probabilities sum to", round(float(sum(probab)), 4))

correct_count, all_count = 0, 0
for batch, (images, labels) in enumerate(valloader):
    if batch >= STEPS:
        break
    for i in range(len(labels)):
        img = images[i].view(1, 784)
        with torch.no_grad():
            logps = model(img)
        ps = torch.exp(logps)
        pred_label = np.argmax(ps.numpy()[0])
        true_label = labels.numpy()[i]
        if true_label == pred_label:
            correct_count += 1
        all_count += 1
print("Number Of Images Tested =", all_count)
print("\nModel Accuracy =", correct_count / all_count)

path = os.path.join(args.out, "digit_classifier.pt")
torch.save(model, path)
again = torch.load(path, weights_only=False)
images = images.view(len(images), -1)
print("same answers after loading:", torch.equal(again(images), model(images)))
