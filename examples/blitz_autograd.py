"""A quick tour of autograd: one step of a network, the chain rule by hand, frozen parameters."""

import torch
from torch import nn, optim

torch.manual_seed(3)

print("one training step")
model = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(2),
    nn.Flatten(),
    nn.Linear(32, 20),
)
data = torch.rand(1, 3, 16, 16)
labels = torch.rand(1, 20)
prediction = model(data)
loss = (prediction - labels).sum()
loss.backward()
optim = torch.optim.SGD(model.parameters(), lr=1e-2, momentum=0.9)
optim.step()
print(loss)
print(model[-1].bias)

print("\ngradients of Q = 3a^3 - b^2")
a = torch.tensor([2.0, 3.0], requires_grad=True)
b = torch.tensor([6.0, 4.0], requires_grad=True)
Q = 3 * a**3 - b**2
external_grad = torch.tensor([1.0, 1.0])
Q.backward(gradient=external_grad)
print(9 * a**2 == a.grad)
print(-2 * b == b.grad)
print(a.grad, b.grad)

print("\nwho takes part")
x = torch.rand(5, 5)
y = torch.rand(5, 5)
z = torch.rand((5, 5), requires_grad=True)
a = x + y
print(f"Does `a` require gradients?: {a.requires_grad}")
b = x + z
print(f"Does `b` require gradients?: {b.requires_grad}")

print("\nfine-tuning: everything frozen but a new head")
for param in model.parameters():
    param.requires_grad = False
model[-1] = nn.Linear(32, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
frozen = [p.clone() for p in model.parameters() if not p.requires_grad]
for step in range(5):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(torch.rand(4, 3, 16, 16)), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    optimizer.step()
    print(f"{step} {loss.item():.5f}")
print([name for name, p in model.named_parameters() if p.grad is not None and p.requires_grad])
print(
    all(
        torch.equal(old, new)
        for old, new in zip(frozen, [p for p in model.parameters() if not p.requires_grad])
    )
)
