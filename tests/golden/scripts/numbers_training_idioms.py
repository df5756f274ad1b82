"""Training loops as people write them: validation, early stopping, clipping, accumulation, schedules, weights shared."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
x = torch.randn(400, 2)
y = ((x[:, 0] * x[:, 1]) > 0).long()
data = TensorDataset(x, y)
train, valid = random_split(data, [320, 80])
loaders = {"train": DataLoader(train, 32, shuffle=True), "valid": DataLoader(valid, 80)}


class Net(nn.Module):
    def __init__(self, hidden=16, p=0.1):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, hidden), nn.Linear(hidden, hidden)])
        self.norm = nn.BatchNorm1d(hidden)
        self.drop = nn.Dropout(p)
        self.out = nn.Linear(hidden, 2)

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = F.relu(layer(x))
            if i == 0:
                x = self.norm(x)
        return self.out(self.drop(x))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
criterion = nn.CrossEntropyLoss()
best, best_accuracy = copy.deepcopy(model.state_dict()), 0.0
for epoch in range(3):
    for phase in ("train", "valid"):
        model.train(phase == "train")
        running_loss, running_corrects = 0.0, 0
        for inputs, labels in loaders[phase]:
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                outputs = model(inputs)
                _, preds = torch.max(outputs, 1)
                loss = criterion(outputs, labels)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
            running_loss += loss.item() * inputs.size(0)
            running_corrects += torch.sum(preds == labels.data)
        size = len(loaders[phase].dataset)
        accuracy = running_corrects.double() / size
        print("{} {} Loss: {:.4f} Acc: {:.4f}".format(epoch, phase, running_loss / size, accuracy))
        if phase == "train":
            scheduler.step()
        elif accuracy > best_accuracy:
            best_accuracy, best = accuracy, copy.deepcopy(model.state_dict())
model.load_state_dict(best)
print(f"Best val Acc: {best_accuracy:4f}", best_accuracy)

print("regression with clipping and accumulated gradients")
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
t = torch.linspace(-1, 1, 64).unsqueeze(1)
target = torch.sin(math.pi * t)
for step in range(12):
    opt.zero_grad()
    for part in range(4):
        loss = F.mse_loss(net(t[part::4]), target[part::4]) / 4
        loss.backward()
    norm = nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.5)
    opt.step()
    if step % 3 == 0:
        print(step, f"{loss.item():.5f} {norm:.4f}", f"{net[0].weight.grad.abs().max():.5f}")
l2 = sum(p.pow(2).sum() for p in net.parameters())
l1 = sum(p.abs().sum() for p in net.parameters())
(F.mse_loss(net(t), target) + 1e-3 * l2 + 1e-4 * l1).backward()
print(f"{l1.item():.4f} {l2.item():.4f}", [f"{p.grad.norm():.5f}" for p in net.parameters()])

print("logistic regression by hand")
w = torch.zeros(2, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
labels = (x.sum(1) > 0).float()
for i in range(20):
    p = torch.sigmoid(x @ w + b)
    loss = -(labels * torch.log(p + 1e-7) + (1 - labels) * torch.log(1 - p + 1e-7)).mean()
    loss.backward()
    with torch.no_grad():
        w -= 1.0 * w.grad
        b -= 1.0 * b.grad
        w.grad.zero_()
        b.grad.zero_()
print(f"{loss.item():.5f}", w, b, ((p > 0.5).float() == labels).float().mean())

print("an autoencoder with tied weights, a recurrent sum, a siamese pair")
enc = nn.Linear(6, 3)
opt = torch.optim.RMSprop(enc.parameters(), lr=0.01)
samples = torch.rand(32, 6)
for i in range(10):
    opt.zero_grad()
    loss = F.binary_cross_entropy(
        torch.sigmoid(F.linear(torch.tanh(enc(samples)), enc.weight.t())), samples
    )
    loss.backward()
    opt.step()
print(f"{loss.item():.6f}")
cell = nn.Linear(4, 3)
h = torch.zeros(1, 3)
outputs = []
for i in range(6):
    h = torch.tanh(cell(torch.cat([h, torch.full((1, 1), i / 6)], dim=1)))
    outputs.append(h)
torch.stack(outputs).pow(2).sum().backward()
print(f"{cell.weight.grad.norm():.5f}", h)
left, right = enc(samples[:16]), enc(samples[16:])
distance = F.pairwise_distance(left, right)
loss = torch.clamp(1.0 - distance, min=0).pow(2).mean()
loss.backward()
print(f"{loss.item():.5f} {enc.weight.grad.norm():.5f}")

print("attention, a residual block, an adversarial step")
q, k, v = (torch.randn(2, 5, 4, requires_grad=True) for _ in range(3))
scores = q @ k.transpose(-2, -1) / math.sqrt(4)
mask = torch.tril(torch.ones(5, 5)) == 0
out = scores.masked_fill(mask, float("-inf")).softmax(-1) @ v
out.sum().backward()
print(out[0, 0], f"{q.grad.norm():.5f} {k.grad.norm():.5f} {v.grad.norm():.5f}")
conv = nn.Sequential(
    nn.Conv2d(3, 3, 3, padding=1),
    nn.BatchNorm2d(3),
    nn.ReLU(inplace=True),
    nn.Conv2d(3, 3, 3, padding=1),
)
image = torch.rand(2, 3, 6, 6, requires_grad=True)
F.relu(image + conv(image)).mean().backward()
adversarial = (image + 0.1 * image.grad.sign()).clamp(0, 1).detach()
print(f"{image.grad.abs().sum():.5f} {adversarial.mean():.5f}", adversarial.requires_grad)
weights = torch.tensor([1.0, 2.0])
print(
    nn.CrossEntropyLoss(weight=weights, label_smoothing=0.1)(model(x[:8]), y[:8]).item() > 0,
    nn.Softmax(dim=1)(model.eval()(x[:2])).sum(1),
)
G, D = nn.Linear(2, 2), nn.Linear(2, 1)
og, od = (
    torch.optim.Adam(G.parameters(), 1e-2, betas=(0.5, 0.999)),
    torch.optim.Adam(D.parameters(), 1e-2, betas=(0.5, 0.999)),
)
bce = nn.BCEWithLogitsLoss()
for i in range(5):
    noise = torch.randn(16, 2)
    fake = G(noise)
    od.zero_grad()
    lossD = bce(D(x[:16]), torch.ones(16, 1)) + bce(D(fake.detach()), torch.zeros(16, 1))
    lossD.backward()
    od.step()
    og.zero_grad()
    lossG = bce(D(fake), torch.ones(16, 1))
    lossG.backward()
    og.step()
    print(f"{lossD.item():.5f} {lossG.item():.5f}")
