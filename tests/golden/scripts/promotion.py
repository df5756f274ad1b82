"""Which dtype comes out."""

import itertools

import torch

dtypes = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
]
for a in dtypes:
    print(
        str(a)[6:],
        *[str((torch.ones(1, dtype=a) + torch.ones(1, dtype=b)).dtype)[6:] for b in dtypes],
    )
print("zero-dimensional tensors and numbers give way")
for a in dtypes:
    x = torch.ones(2, dtype=a)
    results = [
        x + 1,
        x + 1.5,
        x * True,
        x + torch.tensor(1),
        x + torch.tensor(1.5),
        x + torch.tensor(1.5, dtype=torch.float64),
        x / 2,
        x // 1,
        x**2,
        x == 1,
    ]
    print(str(a)[6:], *[str(r.dtype)[6:] for r in results])
print("functions")
for a in dtypes:
    x = torch.ones(2, dtype=a)
    row = [
        x.sum(),
        x.prod(),
        x.cumsum(0),
        x.exp(),
        x.sqrt(),
        x.sigmoid(),
        x.abs() if a != torch.bool else x,
        x.max(),
        x.ne(0),
        x.float().mean(),
        torch.where(x > 0, x, x),
        torch.cat([x, torch.ones(1)]),
        torch.ones_like(x),
        torch.full_like(x, 1),
    ]
    print(str(a)[6:], *[str(r.dtype)[6:] for r in row])
print(
    torch.result_type(torch.ones(1, dtype=torch.int32), 1.5),
    torch.promote_types(torch.int32, torch.float16),
    torch.can_cast(torch.float32, torch.int64),
    torch.can_cast(torch.int64, torch.float32),
)
print(
    torch.tensor(1).dtype,
    torch.tensor(1.0).dtype,
    torch.tensor(True).dtype,
    torch.tensor([1, 2.5]).dtype,
    torch.tensor([True, 2]).dtype,
)
print(
    torch.full((2,), 1).dtype,
    torch.full((2,), 1.0).dtype,
    torch.full((2,), True).dtype,
    torch.arange(3).dtype,
    torch.arange(3.0).dtype,
    torch.arange(0, 1, 0.5).dtype,
    torch.zeros(1).dtype,
    torch.linspace(0, 1, 2).dtype,
    torch.randint(3, (1,)).dtype,
    torch.randperm(3).dtype,
)
x = torch.ones(2, dtype=torch.int32)
x += 1
x *= 2
print(x, x.dtype)
f = torch.ones(2)
f += torch.tensor([1, 2])
f *= torch.tensor([1.0, 2.0], dtype=torch.float64)
print(f, f.dtype)
print(
    torch.tensor([1.9, -1.9]).int(),
    torch.tensor([0.0, 0.1, -3]).bool(),
    torch.tensor([300, -1]).to(torch.uint8),
    torch.tensor([True]).float(),
)
print(
    torch.ones(1).to(torch.float64).dtype,
    torch.ones(1).type(torch.int16).dtype,
    torch.ones(1).type_as(torch.ones(1).long()).dtype,
    torch.ones(1).to(torch.ones(1).half()).dtype,
    torch.ones(1).double().float().half().bfloat16().dtype,
)
print(
    (torch.tensor([3]) / torch.tensor([2])),
    torch.true_divide(torch.tensor(3), 2),
    torch.floor_divide(torch.tensor(-3), 2),
    torch.tensor(3) / 2,
)
torch.set_default_dtype(torch.float64)
print(
    torch.ones(1).dtype, torch.tensor(1.5).dtype, torch.tensor([1, 2]).div(2).dtype, torch.ones(2)
)
torch.set_default_dtype(torch.float32)
print(
    torch.tensor([1.5, 2.5, 3.5, -0.5]).round(),
    torch.tensor(2.7).floor(),
    torch.tensor(2.2).ceil(),
    torch.tensor(-2.7).trunc(),
    torch.tensor(3.14159).round(decimals=2),
)
