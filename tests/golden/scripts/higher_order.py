"""Derivatives of derivatives, Jacobians, Hessians, and gradients that are losses."""

import torch
import torch.nn as nn
from torch.autograd import grad
from torch.autograd.functional import hessian, jacobian, jvp, vjp

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x**3).sum()
(first,) = grad(y, x, create_graph=True)
(second,) = grad(first.sum(), x, create_graph=True)
(third,) = grad(second.sum(), x)
print(first, second, third)
print(jacobian(lambda v: torch.stack([v[0] * v[1], v[0] ** 2, v.sum()]), x.detach()))
print(hessian(lambda v: (v[0] ** 2 * v[1]).sum(), x.detach()))
print(jacobian(lambda a, b: a * b, (torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))))
print(
    vjp(lambda v: v**2, x.detach(), torch.tensor([1.0, 10.0])),
    jvp(lambda v: v**2, x.detach(), torch.tensor([1.0, 10.0])),
)
for name in ("exp", "sin", "tanh", "sigmoid", "log", "sqrt", "reciprocal", "square"):
    v = torch.tensor([0.5, 1.5], requires_grad=True)
    (g1,) = grad(getattr(torch, name)(v).sum(), v, create_graph=True)
    (g2,) = grad(g1.sum(), v)
    print(f"{name:10s}", g1.detach(), g2)
m = torch.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
s = (m @ m).softmax(1).log()[0, 1]
(gm,) = grad(s, m, create_graph=True)
gm.pow(2).sum().backward()
print(gm, m.grad)
torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
points = torch.rand(5, 3, requires_grad=True)
(slope,) = grad(critic(points).sum(), points, create_graph=True)
penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
print(
    f"{penalty.item():.5f}",
    [None if p.grad is None else f"{p.grad.norm():.5f}" for p in critic.parameters()],
)
conv = nn.Conv2d(1, 2, 3)
image = torch.rand(1, 1, 5, 5, requires_grad=True)
(gi,) = grad(conv(image).relu().pow(2).sum(), image, create_graph=True)
gi.sum().backward()
print(
    f"{gi.sum().item():.4f}", f"{conv.weight.grad.abs().sum():.4f}", f"{image.grad.abs().sum():.4f}"
)
w = torch.tensor(3.0, requires_grad=True)
inner = torch.tensor(1.0, requires_grad=True)
state = inner
for _ in range(3):
    (g,) = grad((w * state - 2) ** 2, state, create_graph=True)
    state = state - 0.05 * g
state.backward()
print(f"{state.item():.5f} {w.grad:.5f} {inner.grad:.5f}")
root = torch.tensor(1.0)
for _ in range(6):
    r = root.clone().requires_grad_()
    (slope,) = grad(r**2 - 2, r)
    root = root - (root**2 - 2) / slope
print(f"{root:.6f}")
print(
    torch.autograd.gradcheck(
        lambda a: (a.sin() * a).sum(), torch.rand(3, dtype=torch.double, requires_grad=True)
    ),
    torch.autograd.gradgradcheck(
        lambda a: (a**3).sum(), torch.rand(3, dtype=torch.double, requires_grad=True)
    ),
)
z = torch.zeros(1, requires_grad=True)
try:
    grad(grad((z * 2).sum(), z, create_graph=True)[0].sum(), z)
except RuntimeError as error:
    print(str(error).split(".")[0])
