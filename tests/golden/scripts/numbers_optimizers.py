"""The steps optimizers take, over their options."""

import torch
from torch import nn, optim

makers = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "SGD momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "SGD nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "SGD dampening": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3),
    "SGD decay": lambda p: optim.SGD(p, lr=0.1, weight_decay=0.1),
    "SGD all": lambda p: optim.SGD(p, 0.05, 0.8, weight_decay=0.01, nesterov=True),
    "SGD maximize": lambda p: optim.SGD(p, lr=0.01, maximize=True),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
    "Adam betas": lambda p: optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3),
    "Adam decay": lambda p: optim.Adam(p, lr=0.1, weight_decay=0.1),
    "Adam amsgrad": lambda p: optim.Adam(p, lr=0.1, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.1),
    "AdamW decay": lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.5, amsgrad=True),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.05),
    "RMSprop momentum": lambda p: optim.RMSprop(
        p, lr=0.05, momentum=0.5, centered=True, weight_decay=0.1
    ),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.5),
    "Adagrad decay": lambda p: optim.Adagrad(
        p, lr=0.5, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.2
    ),
    "Adadelta": lambda p: optim.Adadelta(p),
    "Adamax": lambda p: optim.Adamax(p, lr=0.1),
    "NAdam": lambda p: optim.NAdam(p, lr=0.1),
    "RAdam": lambda p: optim.RAdam(p, lr=0.1),
}
for name, make in makers.items():
    w = nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    b = nn.Parameter(torch.tensor(0.5))
    frozen = nn.Parameter(torch.ones(2))
    opt = make([w, b, frozen])
    losses = []
    for step in range(8):
        opt.zero_grad()
        loss = ((w * torch.tensor([1.0, 2.0, 0.5]) + b) ** 2).sum()
        loss.backward()
        opt.step()
        losses.append(round(loss.item(), 5))
    print(
        f"{name:18s}",
        losses,
        [round(v, 5) for v in w.tolist()],
        round(b.item(), 5),
        frozen.tolist(),
    )

print("closures, groups, gradients that are missing, and a saved state")
w = nn.Parameter(torch.tensor([2.0]))
opt = optim.SGD([w], lr=0.1)


def closure():
    opt.zero_grad()
    loss = (w**2).sum()
    loss.backward()
    return loss


print(opt.step(closure), w)
w, v = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([2.0]))
opt = optim.Adam([{"params": [w], "lr": 0.5}, {"params": v}], lr=0.1)
for step in range(3):
    opt.zero_grad()
    (w**2 + (v**2 if step != 1 else 0)).sum().backward()
    opt.step()
    print(w.item(), v.item(), None if v.grad is None else v.grad.item())
state = opt.state_dict()
w2, v2 = nn.Parameter(w.detach().clone()), nn.Parameter(v.detach().clone())
again = optim.Adam([{"params": [w2]}, {"params": [v2]}])
again.load_state_dict(state)
for a, b, o in ((w, v, opt), (w2, v2, again)):
    o.zero_grad()
    (a * b).sum().backward()
    o.step()
    print(a.item(), b.item())

print("accumulated gradients, clipping, an average of weights")
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
opt = optim.SGD(net.parameters(), lr=0.5)
x, y = torch.randn(12, 4), torch.randn(12, 1)
for start in range(0, 12, 4):
    loss = nn.functional.mse_loss(net(x[start : start + 4]), y[start : start + 4]) / 3
    loss.backward()
print(
    [f"{p.grad.norm():.5f}" for p in net.parameters()],
    f"{nn.utils.clip_grad_norm_(net.parameters(), 0.1):.5f}",
    [f"{p.grad.norm():.5f}" for p in net.parameters()],
)
opt.step()
opt.zero_grad()
print(f"{nn.functional.mse_loss(net(x), y).item():.6f}")
import copy

average = copy.deepcopy(net)
for step in range(5):
    opt.zero_grad()
    nn.functional.mse_loss(net(x), y).backward()
    opt.step()
    with torch.no_grad():
        for pa, p in zip(average.parameters(), net.parameters()):
            pa.mul_(0.9).add_(p, alpha=0.1)
print(
    f"{nn.functional.mse_loss(net(x), y).item():.6f} {nn.functional.mse_loss(average(x), y).item():.6f}"
)
best = {k: v.clone() for k, v in net.state_dict().items()}
for p in net.parameters():
    p.data.zero_()
print(
    net(x).abs().sum(), net.load_state_dict(best), f"{nn.functional.mse_loss(net(x), y).item():.6f}"
)
vector = nn.utils.parameters_to_vector(net.parameters())
nn.utils.vector_to_parameters(vector * 0, net.parameters())
print(vector.shape, net(x).abs().sum())
