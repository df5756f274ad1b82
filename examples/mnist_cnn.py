"""A small convolutional network on MNIST, in the manner of the scripts of PyTorch's first years.

    python mnist_cnn.py [--data FOLDER] [--epochs N] [--lr LR] [--momentum M] [--seed S]

It trains with dropout, a negative log-likelihood and momentum, and tests after every epoch. The
idioms are the old ones on purpose: `Variable`, `log_softmax` without `dim`, `size_average`,
`loss.data[0]` (an error since tensors have zero dimensions), sums on `.cpu()`.
"""

from __future__ import print_function

import argparse
import os
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable
from torchvision import datasets, transforms

warnings.simplefilter("ignore")  # the old idioms below are deprecated

STEPS = int(os.environ.get("EXAMPLE_STEPS", 10**9))  # at most so many batches an epoch

parser = argparse.ArgumentParser(description="MNIST with a small convolutional network")
parser.add_argument("--data", default=os.environ.get("EXAMPLE_DATA", "data"))
parser.add_argument("--batch-size", type=int, default=100)
parser.add_argument("--test-batch-size", type=int, default=1000)
parser.add_argument("--epochs", type=int, default=int(os.environ.get("EXAMPLE_EPOCHS", 10)))
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--momentum", type=float, default=0.5)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--log-interval", type=int, default=10)
parser.add_argument("--no-cuda", action="store_true")
args = parser.parse_args()
args.cuda = not args.no_cuda and torch.cuda.is_available()

torch.manual_seed(args.seed)
if args.cuda:
    torch.cuda.manual_seed(args.seed)

digits = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train_loader = torch.utils.data.DataLoader(
    datasets.MNIST(args.data, train=True, download=True, transform=digits),
    batch_size=args.batch_size,
    shuffle=True,
)
test_loader = torch.utils.data.DataLoader(
    datasets.MNIST(args.data, train=False, transform=digits),
    batch_size=args.test_batch_size,
    shuffle=True,
)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = x.view(-1, 320)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, training=self.training)
        x = self.fc2(x)
        return F.log_softmax(x)


model = Net()
if args.cuda:
    model.cuda()
print(model)

optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)


def train(epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        if batch_idx >= STEPS:
            break
        if args.cuda:
            data, target = data.cuda(), target.cuda()
        data, target = Variable(data), Variable(target)
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if batch_idx % args.log_interval == 0:
            print(
                "Train Epoch: {} [{}/{} ({:.0f}%)]\tLoss: {:.6f}".format(
                    epoch,
                    batch_idx * len(data),
                    len(train_loader.dataset),
                    100.0 * batch_idx / len(train_loader),
                    loss.data,
                )
            )
    try:
        return loss.data[0]
    except IndexError as error:
        print("loss.data[0]:", error)
        return loss.item()


def test(epoch):
    model.eval()
    test_loss = 0
    correct = 0
    seen = 0
    with torch.no_grad():
        for batch_idx, (data, target) in enumerate(test_loader):
            if batch_idx >= STEPS:
                break
            if args.cuda:
                data, target = data.cuda(), target.cuda()
            output = model(data)
            test_loss += F.nll_loss(output, target, size_average=False).item()
            pred = output.data.max(1, keepdim=True)[1]
            correct += pred.eq(target.data.view_as(pred)).cpu().sum()
            seen += len(data)
    test_loss /= seen
    print(
        "\nTest set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)\n".format(
            test_loss, correct, seen, 100.0 * correct / seen
        )
    )


for epoch in range(1, args.epochs + 1):
    train(epoch)
    test(epoch)
