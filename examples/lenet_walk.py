"""A walk around LeNet: define it, look inside, read its graph, and take the first training steps.

python lenet_walk.py          with PyTorch
python -m rushlight lenet_walk.py
"""

import os

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

STEPS = int(os.environ.get("EXAMPLE_STEPS", 200))  # steps of each training loop below

torch.manual_seed(0)


class Net(nn.Module):
    """Two convolutions with pooling, then three fully connected layers: 1x32x32 in, 10 out."""

    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)  # 32 -> 28, pooled to 14
        self.conv2 = nn.Conv2d(6, 16, 5)  # 14 -> 10, pooled to 5
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # one number stands for a square window
        x = x.view(-1, self.features_per_sample(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def features_per_sample(self, x):
        count = 1
        for size in x.size()[1:]:
            count *= size
        return count


net = Net()
print(net)

print("\n-- parameters")
params = list(net.parameters())
print(len(params))
print(params[0].size())
for name, param in net.named_parameters():
    print(f"{name:14s} {str(tuple(param.shape)):18s} {param.numel():6d} {param.requires_grad}")
print("total", sum(p.numel() for p in net.parameters()))

print("\n-- forward")
input = torch.randn(1, 1, 32, 32)
out = net(input)
print(out)
print(out.size(), out.requires_grad, out.is_leaf)

print("\n-- backward with a gradient of our own")
net.zero_grad()
print("before:", net.conv1.bias.grad)
out.backward(torch.randn(1, 10))
print("after: ", net.conv1.bias.grad)

print("\n-- a loss and the graph behind it")
output = net(input)
target = torch.randn(10).view(1, -1)
criterion = nn.MSELoss()
loss = criterion(output, target)
print(loss)

node = loss.grad_fn
print(node)  # the mean of the squares
print(node.next_functions[0][0])  # the last Linear
print(node.next_functions[0][0].next_functions[0][0])  # its bias

print("\nfrom the loss back to the first layer:")
while node is not None:
    parents = [parent for parent, _ in node.next_functions if parent is not None]
    print(f"{type(node).__name__:22s} <- {[type(parent).__name__ for parent in parents]}")
    inner = [p for p in parents if type(p).__name__ not in ("AccumulateGrad", "TBackward0")]
    node = inner[0] if inner else None

print("\n-- backward through the loss")
net.zero_grad()
print("conv1.bias.grad before backward")
print(net.conv1.bias.grad)
loss.backward()
print("conv1.bias.grad after backward")
print(net.conv1.bias.grad)

print("\n-- gradient descent by hand")
learning_rate = 0.01
for step in range(STEPS):
    net.zero_grad()
    loss = criterion(net(input), target)
    loss.backward()
    for f in net.parameters():
        f.data.sub_(f.grad.data * learning_rate)
    if step % 10 == 0:
        print(f"step {step:3d} loss {loss.item():.6f}")

print("\n-- the same with an optimizer")
optimizer = optim.SGD(net.parameters(), lr=0.01)
print(optimizer)
inputs = torch.randn(8, 1, 32, 32)
targets = torch.randn(8, 10)
for step in range(STEPS):
    optimizer.zero_grad()
    loss = criterion(net(inputs), targets)
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print("step {:3d} loss {:.6f}".format(step, loss))
