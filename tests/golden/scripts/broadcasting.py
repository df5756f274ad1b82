"""Shapes that meet: broadcasting in arithmetic, comparison, assignment, reductions and matmul."""

import torch

col = torch.arange(3).view(3, 1)
row = torch.arange(4)
print(col + row, col * row, col - row, col == row, col < row, sep="\n")
print(
    (torch.ones(5, 1, 4, 1) + torch.ones(3, 1, 1)).shape, (torch.ones(2, 3) + torch.ones(3)).shape
)
print((torch.tensor(2) + torch.ones(2, 2)), torch.ones(0, 3) + torch.ones(1, 3))
print(torch.broadcast_shapes((2, 1), (1, 3)), [t.shape for t in torch.broadcast_tensors(col, row)])
print(
    row.expand(2, -1),
    row.expand(2, 4).stride(),
    torch.tensor([1]).expand(3),
    col.expand_as(torch.ones(3, 4)),
)
print(row.repeat(2, 2), row.repeat_interleave(2), torch.tile(row, (2,)), row.broadcast_to(2, 4))
x = torch.arange(6.0).view(2, 3)
print(
    x - x.mean(),
    x - x.mean(0),
    x - x.mean(1, keepdim=True),
    x / x.sum(dim=1, keepdim=True),
    sep="\n",
)
print(
    (x - x.mean(0)) / x.std(0),
    x.sum(0, keepdim=True).shape,
    x.sum((0, 1)).shape,
    x.mean((0, 1), True).shape,
)
print(
    (x[:, None] - x[None]).pow(2).sum(-1),
    torch.outer(row, row),
    row.view(-1, 1) @ row.view(1, -1),
    sep="\n",
)
for left, right in [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2,), (2, 3)),
    ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (6, 3, 4)),
    ((2, 3), (5, 3, 4)),
    ((4, 1, 2, 3), (5, 3, 2)),
    ((3,), (5, 3, 2)),
]:
    print(left, right, (torch.ones(left) @ torch.ones(right)).shape)
print(
    torch.mm(x, x.t()),
    torch.bmm(torch.ones(2, 1, 3), torch.ones(2, 3, 1)).shape,
    torch.dot(row, row),
    torch.mv(x, torch.ones(3)),
)
print(
    torch.addmm(torch.ones(2), x, x.t()), torch.addmm(torch.ones(2, 2), x, x.t(), beta=0.5, alpha=2)
)
y = torch.zeros(2, 3)
y += torch.tensor([1.0, 2.0, 3.0])
y *= torch.tensor([[1.0], [10.0]])
print(y)
print(
    torch.max(x, torch.tensor(2.0)),
    torch.maximum(x, y),
    torch.minimum(x, torch.ones(3)),
    torch.clamp(x, 1, 4),
)
print(
    x.clamp(min=torch.tensor([0.0, 2.0, 9.0])),
    x.add(torch.ones(3), alpha=-2),
    torch.add(x, 1),
    torch.sub(x, x, alpha=0.5),
)
print(
    2 - x,
    2 / (x + 1),
    2**x,
    x**2,
    x // 2,
    x % 2,
    -x,
    +x,
    abs(-x),
    x.addcmul(x, x, value=0.1),
    x.lerp(y, 0.5),
    sep="\n",
)
print(
    torch.tensor([7, -7]) // 2,
    torch.tensor([7, -7]) % 3,
    torch.tensor([7, -7]) / 2,
    torch.div(torch.tensor([7, -7]), 2, rounding_mode="trunc"),
)
print(
    torch.tensor([7.5, -7.5]).fmod(2),
    torch.tensor([7.5, -7.5]).remainder(2),
    divmod(7, 2),
    torch.tensor(7).div(2, rounding_mode="floor"),
)
print(
    torch.tensor([True, False]) & torch.tensor([True, True]),
    ~torch.tensor([True]),
    torch.tensor([5]) ^ 3,
    torch.tensor([6]) | 1,
    torch.tensor([1]) << 3,
)
print(
    torch.tensor([1, 2, 3]).eq(2),
    torch.eq(x, x).all(),
    x.ne(0).any(1),
    (x > 1).sum(),
    torch.equal(x, y),
    torch.allclose(x, x + 1e-9),
)
g = torch.ones(3, 1, requires_grad=True)
(g * torch.ones(2, 3, 4)).sum().backward()
print(g.grad)
