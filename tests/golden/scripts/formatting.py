"""Format specs, conversions, iteration, truth and membership."""

import torch

t = torch.tensor(3.14159)
i = torch.tensor(42)
print(f"{t:.2f} {t:8.3f}| {t:e} {t:g} {t:>10.1f}| {t} {t!r} {t:}")
print("{:.4f} {:d} {:5d}| {:05d} {:x} {}".format(t, i, i, i, i, i))
print("%.3f %d %s %5.1f" % (t, i, i, t))
print(
    f"{i:,} {torch.tensor(1234567):,} {i:>6} {torch.tensor(True)} {torch.tensor(0.5):.0%} {torch.tensor(0.256):.1%}"
)
print(f"{torch.tensor([1.5]).item():.1f} {torch.tensor([[2]]).item()} {torch.tensor(1e-8):.2e}")
print("Accuracy: {}/{} ({:.0f}%)".format(i, 50, 100.0 * i / 50), "loss", t, "count", i)
print(
    float(t),
    int(t),
    int(i),
    bool(i),
    complex(torch.tensor(2.0)),
    round(float(t), 2),
    int(torch.tensor([7])),
    float(torch.tensor([[1.5]])),
)
print(
    t.item(),
    i.item(),
    torch.tensor(True).item(),
    torch.tensor(0.1).item(),
    torch.tensor(0.1, dtype=torch.float64).item(),
)
print(
    torch.arange(4).view(2, 2).tolist(),
    t.tolist(),
    torch.tensor([True, False]).tolist(),
    torch.tensor([]).tolist(),
    torch.ones(2, 0).tolist(),
)
print(
    bool(torch.tensor(0)),
    bool(torch.tensor([1])),
    bool(torch.tensor([0.0])),
    not torch.tensor(False),
    1 if torch.tensor(2) > 1 else 0,
)
print(
    len(torch.ones(3, 4)),
    len(torch.ones(0)),
    3 in torch.tensor([1, 2, 3]),
    9 in torch.tensor([1, 2, 3]),
)
for row in torch.arange(6).view(3, 2):
    print(row, end=" ")
print()
for k, (a, b) in enumerate(torch.arange(4).view(2, 2)):
    print(k, a, b.item(), end=" ")
print()
print(
    list(torch.arange(3)),
    [*torch.ones(2)],
    tuple(torch.zeros(2)),
    sum(torch.arange(4)),
    max(torch.tensor([1, 5, 2])),
    sorted(torch.tensor([3, 1, 2])),
)
a, b = torch.tensor([1, 2])
print(
    a,
    b,
    dict(zip("ab", torch.tensor([1, 2]))),
    list(zip(torch.arange(2), torch.ones(2))),
    list(map(int, torch.arange(3))),
)
print(
    torch.ones(2, 3).dim(),
    torch.ones(2, 3).ndim,
    torch.ones(2, 3).ndimension(),
    torch.ones(2, 3).nelement(),
    torch.ones(2, 3).size(1),
    torch.ones(2, 3).size(-1),
)
print(
    torch.tensor(3) == 3,
    torch.tensor(3) != 3,
    torch.tensor([1, 2]) == torch.tensor([1, 3]),
    torch.tensor(1) == None,
    torch.tensor(5) in [torch.tensor(5)],
)
print(
    hash(t) == hash(t),
    t is t,
    id(t) == id(t),
    {t: 1}[t],
    isinstance(t, torch.Tensor),
    isinstance(t, torch.FloatTensor),
    isinstance(i, torch.LongTensor),
)
print(
    torch.tensor([1, 2, 3]).float().mean(),
    torch.tensor([1.0, 2.0]).long().sum(),
    torch.arange(3).numpy().tolist(),
    torch.tensor([[1, 2]]).T.shape,
)
print(
    reversed(torch.arange(3)),
    torch.arange(3).flip(0),
    torch.tensor(4.0) ** 0.5,
    2 ** torch.tensor(3),
    10 // torch.tensor(3),
    10 % torch.tensor(3),
    1 - torch.tensor(3),
)
print(
    range(3)[torch.tensor(1)],
    [10, 20][torch.tensor(1)],
    "x" * torch.tensor(3),
    list(range(torch.tensor(3))),
    torch.zeros(torch.tensor(2), 2).shape,
)
import math, copy

print(
    math.sqrt(torch.tensor(16.0)),
    math.floor(torch.tensor(2.7)),
    round(torch.tensor(2.5).item()),
    abs(torch.tensor(-2)),
    copy.copy(t),
    copy.deepcopy(i),
)
losses = [torch.tensor(1.0), torch.tensor(2.0)]
print(
    sum(losses) / len(losses),
    torch.stack(losses).mean(),
    torch.tensor(losses),
    torch.as_tensor(losses),
    min(losses),
)
total = 0
for v in torch.tensor([1.0, 2.0]):
    total += v
print(total, type(total).__name__)
