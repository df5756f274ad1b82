"""A classifier of small colour pictures, trained on pictures drawn at random so that nothing is downloaded.

Every class is a pattern of colours; a picture is its class's pattern with noise. The network and the
loop are those used for CIFAR-10: 3x32x32 in, two convolutions with pooling, three linear layers.
"""

import os

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset
from torchvision.utils import make_grid

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch
EPOCHS = int(os.environ.get("EXAMPLE_EPOCHS", 2))

torch.manual_seed(5)

classes = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
patterns = torch.rand(10, 3, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)


def draw(count):
    """`count` pictures in [-1, 1] with their labels."""
    labels = torch.randint(0, 10, (count,))
    pictures = 0.5 * patterns[labels] + 0.5 * torch.rand(count, 3, 32, 32)
    return TensorDataset(pictures * 2 - 1, labels)


trainloader = DataLoader(draw(4000), batch_size=4, shuffle=True)
testset = draw(400)
testloader = DataLoader(testset, batch_size=4, shuffle=False)

images, labels = next(iter(trainloader))
print(images.shape, labels)
print(make_grid(images).shape)
print(" ".join(f"{classes[labels[j]]:5s}" for j in range(4)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)  # all but the batch
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


net = Net()
print(net)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

for epoch in range(EPOCHS):
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        if i >= STEPS:
            break
        inputs, labels = data
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if i % 25 == 24:
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 25:.3f}")
            running_loss = 0.0
print("Finished Training")

torch.save(net.state_dict(), "cifar_net.pth")
net = Net()
net.load_state_dict(torch.load("cifar_net.pth", weights_only=True))

images, labels = next(iter(testloader))
print("GroundTruth: ", " ".join(f"{classes[labels[j]]:5s}" for j in range(4)))
_, predicted = torch.max(net(images), 1)
print("Predicted: ", " ".join(f"{classes[predicted[j]]:5s}" for j in range(4)))

correct, total = 0, 0
correct_pred = {classname: 0 for classname in classes}
total_pred = {classname: 0 for classname in classes}
with torch.no_grad():
    for images, labels in testloader:
        outputs = net(images)
        _, predicted = torch.max(outputs.data, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
        for label, prediction in zip(labels, predicted):
            correct_pred[classes[label]] += int(label == prediction)
            total_pred[classes[label]] += 1
print(f"Accuracy of the network on the {total} test images: {100 * correct // total} %")
for classname, correct_count in correct_pred.items():
    accuracy = 100 * float(correct_count) / total_pred[classname]
    print(f"Accuracy for class: {classname:5s} is {accuracy:.1f} %")
