"""How floating-point tensors print."""

import math

import torch

print(
    torch.tensor(1.0), torch.tensor(0.5), torch.tensor(-3), torch.tensor(1e10), torch.tensor(1e-10)
)
print(torch.tensor(float("inf")), torch.tensor(float("-inf")), torch.tensor(float("nan")))
print(torch.tensor([1.0, 2.0, 3.0]))
print(torch.tensor([1.5, 2.0, -3.25]))
print(torch.tensor([0.1, 0.12345678, 100.0]))
print(torch.tensor([1e-5, 1.0]), torch.tensor([1e-4, 1.0]), torch.tensor([1e-3, 1.0]))
print(
    torch.tensor([1e5, 1.0]),
    torch.tensor([1e8, 1.0]),
    torch.tensor([1e8, 1.5]),
    torch.tensor([1e9, 0.1]),
)
print(torch.tensor([99999.0, 0.5]), torch.tensor([100000.0, 0.5]), torch.tensor([123456789.0]))
print(torch.tensor([1000.0, 0.5]), torch.tensor([1001.0, 1.0 / 3]))
print(torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.5, float("inf")]))
print(torch.tensor([float("inf"), 1e-9, 2.0]))
print(torch.tensor([float("nan")] * 3))
print(torch.tensor([0.0, -0.0]), torch.tensor([-1e-7]), torch.zeros(3))
print(torch.tensor([[1.0, -2.0], [30.5, 4.0]]))
print(torch.tensor([math.pi, math.e], dtype=torch.float64))
print(torch.tensor([math.pi, 1e-8], dtype=torch.float64))
print(
    torch.tensor([1.5, 2.25], dtype=torch.float16), torch.tensor([1.5, 1 / 3], dtype=torch.bfloat16)
)
print(torch.tensor(2.5, dtype=torch.float64), torch.tensor(65504.0, dtype=torch.float16))
print(torch.tensor([]), torch.empty(0, 3), torch.empty(2, 0, dtype=torch.float64))
print(torch.arange(0, 1, 0.1))
print(torch.linspace(-1, 1, 7))
print(torch.logspace(-3, 3, 7))
print(torch.arange(30.0))
print(torch.arange(2000.0))
print(torch.arange(3000.0).reshape(60, 50))
print(torch.arange(2400.0).reshape(20, 10, 12) / 7)
print(torch.arange(24.0).reshape(2, 3, 4))
print(torch.arange(16.0).reshape(2, 2, 2, 2) * 0.5)
print(torch.eye(3), torch.full((2, 2), 3.14159), torch.ones(1, 1, 1))
print(torch.arange(12.0).reshape(3, 4).t(), torch.arange(10.0)[::3], torch.ones(3).expand(2, 3))

torch.set_printoptions(precision=2)
print(torch.tensor([1.23456, 2.0]))
torch.set_printoptions(precision=8)
print(torch.tensor([1.23456, 2.0]), torch.tensor(0.1))
torch.set_printoptions(sci_mode=True)
print(torch.tensor([1.23456, 2000.0]))
torch.set_printoptions(profile="default", sci_mode=False)
print(torch.tensor([1e-6, 2000.0]))
torch.set_printoptions(profile="default")
torch.set_printoptions(threshold=5, edgeitems=2)
print(torch.arange(9.0), torch.arange(20.0).reshape(5, 4))
torch.set_printoptions(profile="default")
torch.set_printoptions(linewidth=40)
print(torch.arange(20.0))
torch.set_printoptions(profile="short")
print(torch.arange(1100) / 3)
torch.set_printoptions(profile="default")
print(repr(torch.ones(2)), str(torch.ones(2)), f"{torch.ones(2)}")
print([torch.tensor(1.5), torch.ones(2)], (torch.zeros(1),), {"a": torch.tensor(2)})
