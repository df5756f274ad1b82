"""Saving and loading: parameters, checkpoints, whole models, parts of models, and what may go wrong."""

import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(0)
folder = tempfile.mkdtemp()


def file(name):
    return os.path.join(folder, name)


class TheModelClass(nn.Module):
    def __init__(self):
        super(TheModelClass, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.bn = nn.BatchNorm1d(120)
        self.fc1 = nn.Linear(6, 120)
        self.fc2 = nn.Linear(120, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x))).mean(dim=(2, 3))
        return self.fc2(self.bn(F.relu(self.fc1(x))))


model = TheModelClass()
optimizer = optim.SGD(model.parameters(), lr=0.001, momentum=0.9)

print("Model's state_dict:")
for param_tensor in model.state_dict():
    print(param_tensor, "\t", model.state_dict()[param_tensor].size())
print("Optimizer's state_dict:")
for var_name in optimizer.state_dict():
    print(var_name, "\t", optimizer.state_dict()[var_name])

x = torch.randn(4, 3, 12, 12)
for _ in range(2):
    optimizer.zero_grad()
    loss = model(x).pow(2).mean()
    loss.backward()
    optimizer.step()
print(f"loss {loss.item():.5f}")

print("\nparameters")
torch.save(model.state_dict(), file("params.pt"))
other = TheModelClass()
print(torch.equal(other.fc1.weight, model.fc1.weight))
print(other.load_state_dict(torch.load(file("params.pt"), weights_only=True)))
other.eval()
model.eval()
print(torch.equal(other(x), model(x)))
loaded = torch.load(file("params.pt"))
print(type(loaded).__name__, list(loaded), loaded["bn.num_batches_tracked"])

print("\na checkpoint to go on from")
torch.save(
    {
        "epoch": 5,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": loss,
    },
    file("checkpoint.tar"),
)
again = TheModelClass()
again_optimizer = optim.SGD(again.parameters(), lr=0.1, momentum=0.1)
checkpoint = torch.load(file("checkpoint.tar"), weights_only=True)
again.load_state_dict(checkpoint["model_state_dict"])
again_optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
print(checkpoint["epoch"], checkpoint["loss"].item() == loss.item(), sorted(checkpoint))
print(again_optimizer.param_groups[0]["lr"], again_optimizer.param_groups[0]["momentum"])
for net, opt in ((model, optimizer), (again, again_optimizer)):
    net.train()
    opt.zero_grad()
    net(x).sum().backward()
    opt.step()
print(
    torch.equal(model.fc2.weight, again.fc2.weight),
    torch.equal(model.bn.running_mean, again.bn.running_mean),
)

print("\nthe whole model")
torch.save(model, file("whole.pt"))
whole = torch.load(file("whole.pt"), weights_only=False)
whole.eval()
model.eval()
print(whole)
print(torch.equal(whole(x), model(x)))

print("\na part of it")
state = model.state_dict()
del state["fc2.bias"]
state["fc3.weight"] = torch.zeros(1)
print(again.load_state_dict(state, strict=False))
try:
    again.load_state_dict(state)
except RuntimeError as error:
    print(error)
state = model.state_dict()
state["fc2.weight"] = torch.zeros(5, 120)
try:
    again.load_state_dict(state)
except RuntimeError as error:
    print(error)

print("\nseveral things in one file; tensors that share memory still do")
base = torch.arange(6.0)
torch.save(
    {"a": base, "b": base[::2], "n": [1, 2.5, "three", None], "size": base.shape}, file("misc.pt")
)
misc = torch.load(file("misc.pt"))
misc["a"][0] = 100
print(misc)
torch.save([base, nn.Parameter(base)], file("list.pt"))
print(torch.load(file("list.pt")))
