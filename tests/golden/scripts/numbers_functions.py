"""Values of mathematical functions and of their gradients."""

import torch
import torch.nn.functional as F

torch.manual_seed(0)
x = torch.tensor([-2.5, -1.0, -0.1, 0.0, 0.3, 1.0, 4.0])
u = torch.tensor([0.01, 0.2, 0.5, 0.9, 1.0, 2.0, 30.0])
for name in (
    "exp",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sigmoid",
    "relu",
    "erf",
    "erfc",
    "expm1",
    "abs",
    "neg",
    "sign",
    "floor",
    "ceil",
    "trunc",
    "round",
    "frac",
    "square",
    "sinh",
    "cosh",
    "atan",
    "asinh",
    "exp2",
    "deg2rad",
    "logit",
    "nan_to_num",
    "isnan",
):
    print(f"{name:10s}", getattr(torch, name)(x))
for name in (
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "asin",
    "acos",
    "acosh",
    "lgamma",
    "digamma",
):
    print(f"{name:10s}", getattr(torch, name)(u))
for name in (
    "relu",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hardtanh",
    "hardswish",
    "hardsigmoid",
    "relu6",
    "logsigmoid",
    "tanhshrink",
    "softshrink",
    "hardshrink",
    "sigmoid",
    "tanh",
):
    y = x.clone().requires_grad_()
    out = getattr(F, name)(y)
    out.sum().backward()
    print(f"{name:12s}", out.detach(), y.grad)
for name in (
    "exp",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sigmoid",
    "erf",
    "abs",
    "square",
    "sqrt",
    "log",
    "log1p",
    "rsqrt",
    "reciprocal",
    "pow3",
    "atan",
    "expm1",
    "cumsum",
    "cumprod",
    "softmax",
    "prod",
    "std",
    "var",
    "norm",
    "logsumexp",
    "max",
    "min",
    "median",
    "amax",
    "sort",
    "clamp",
):
    y = u.clone().requires_grad_()
    out = {
        "pow3": lambda t: t**3,
        "cumsum": lambda t: t.cumsum(0),
        "cumprod": lambda t: t.cumprod(0),
        "softmax": lambda t: t.softmax(0),
        "logsumexp": lambda t: t.logsumexp(0),
        "sort": lambda t: t.sort(descending=True)[0],
        "clamp": lambda t: t.clamp(0.2, 1.0),
        "amax": lambda t: t.amax(0),
    }.get(name, lambda t: getattr(torch, name)(t))(y)
    (out * torch.arange(1.0, 1 + out.numel()).view_as(out)).sum().backward()
    print(f"{name:10s}", y.grad)
a, b = torch.rand(3, 4, requires_grad=True), torch.rand(4, 2, requires_grad=True)
((a @ b) ** 2).sum().backward()
print(a.grad, b.grad)
p = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
q = torch.tensor([2.0, 0.0, 3.0], requires_grad=True)
(p**q).sum().backward()
print(p.grad, q.grad)
t = torch.tensor([1.0, 1.0, 0.0], requires_grad=True)
t.max().backward()
print(t.grad)
t.grad = None
t.max(0)[0].backward()
print(t.grad)
for f in (
    torch.abs,
    torch.relu,
    lambda v: v.norm(),
    lambda v: torch.sqrt(v),
    lambda v: v.clamp(0, 1),
    lambda v: torch.where(v > 0, v, v * 0),
):
    z = torch.zeros(2, requires_grad=True)
    f(z).sum().backward()
    print(z.grad, end=" ")
print()
print(
    torch.atan2(x, u),
    torch.hypot(x, u),
    torch.logaddexp(x, u),
    torch.fmod(x, 0.7),
    torch.remainder(x, 0.7),
    torch.pow(u, x),
    torch.lerp(x, u, 0.25),
    torch.addcdiv(x, u, u, value=2),
    sep="\n",
)
print(
    torch.linspace(0, 1, 5).logsumexp(0),
    F.softmax(torch.tensor([1000.0, 1001.0]), 0),
    F.log_softmax(torch.tensor([-1000.0, 0.0]), 0),
    torch.sigmoid(torch.tensor([-80.0, 100.0])),
    torch.tensor(88.8).exp(),
    torch.tensor(1e-30).log(),
)
print(
    F.normalize(x.view(1, 7)),
    F.cosine_similarity(x.view(1, 7), u.view(1, 7)),
    F.pairwise_distance(x.view(1, 7), u.view(1, 7)),
    torch.cross(torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1, 0]), dim=0),
)
