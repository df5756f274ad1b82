"""A quick tour of tensors: creation, attributes, joining, arithmetic, and the bridge to NumPy."""

import numpy as np
import torch

torch.manual_seed(3)

grid = torch.tensor([[1, 2], [3, 4]])
from_array = torch.from_numpy(np.array([[1, 2], [3, 4]]))
print(torch.equal(grid, from_array))
print(torch.ones_like(grid))
print(torch.rand_like(grid, dtype=torch.float))
print(torch.rand(2, 3), torch.ones(2, 3), torch.zeros(2, 3), sep="\n")

table = torch.rand(3, 4)
print(table.shape, table.dtype, table.device)

table = torch.ones(4, 4)
table[:, 1] = 0
print(table)
print(torch.cat([table, table, table], dim=1))
print(f"tensor.mul(tensor) \n {table.mul(table)} \n")
print(f"tensor * tensor \n {table * table}")
print(f"tensor.matmul(tensor.T) \n {table.matmul(table.T)} \n")
print(f"tensor @ tensor.T \n {table @ table.T}")
table.add_(5)
print(table)

t = torch.ones(5)
n = t.numpy()
t.add_(1)
print(t, n)
n = np.ones(5)
t = torch.from_numpy(n)
np.add(n, 1, out=n)
print(t, n)

print("\nshapes")
cube = torch.arange(24).view(2, 3, 4)
print(cube)
print(cube.permute(2, 0, 1).shape, cube.transpose(0, 2).is_contiguous(), cube.flatten(1).shape)
print(cube.sum(0), cube.float().mean(dim=(1, 2)), cube.amax(-1), sep="\n")
print(cube[cube % 5 == 0])
print(cube.unsqueeze(1).expand(2, 2, 3, 4).stride(), cube.split(2, dim=1)[1].squeeze())
values, indices = torch.rand(3, 5).sort(dim=1, descending=True)
print(values, indices, sep="\n")
