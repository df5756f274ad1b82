"""Reading elements by every kind of index."""

import torch

x = torch.arange(24).reshape(2, 3, 4)
print(x[0], x[-1, -1], x[1, 2, 3], x[0, :, 1], x[:, 1:], x[..., 0], x[:, :, ::2], sep="\n")
print(
    x[None].shape, x[:, None].shape, x[..., None].shape, x[None, ..., None].shape, x[0, None].shape
)
print(x[0][1][2], x[0, 1][2], x[(0, 1, 2)], x[[0, 1]].shape, x[[0]].shape, x[[1, 0, 1]].shape)
print(x[torch.tensor([1, 0])].shape, x[torch.tensor(1)].shape, x[:, torch.tensor([0, 2])].shape)
print(x[torch.tensor([0, 1]), torch.tensor([2, 0])], x[[0, 1], [2, 0], [3, 3]])
print(x[:, [0, 1], [2, 3]], x[[0, 1], :, [2, 3]], x[0, [0, 2]], sep="\n")
print(x[[[0], [1]], [[0, 1]]].shape, x[torch.tensor([[0, 1], [1, 0]])].shape)
print(
    x[x > 20], x[x % 2 == 0].sum(), x[:, x[0, :, 0] > 3].shape, x[torch.tensor([True, False])].shape
)
print(x[True].shape, x[False].shape, x[x < 0].shape, x[..., [True, False, True, False]].shape)
print(x[5:].shape, x[:, 3:].shape, x[:, 0:0].shape, x[0, 1:100].shape, x[:, -2:].shape)
print(x[:, :, 1::2], x[slice(0, 1), slice(None, None, 2)])
print(
    torch.tensor(5)[None], torch.tensor(5)[...], torch.arange(3)[torch.tensor([], dtype=torch.long)]
)
v = torch.tensor([10, 20, 30])
print(
    v[torch.tensor([[0, 1], [2, 2]])],
    v[torch.tensor([-1, -2])],
    v[torch.tensor(0)],
    v[[True, False, True]],
)
n = torch.tensor([[0, 1], [2, 0]])
print(n.nonzero(), torch.nonzero(n, as_tuple=True), torch.where(n > 0), torch.argwhere(n), sep="\n")
print(x.index_select(2, torch.tensor([0, 3])), x.select(1, 2), x.narrow(2, 1, 2).shape, sep="\n")
print(
    x.take(torch.tensor([0, 5, 23])),
    torch.masked_select(x, x > 21),
    x.gather(2, torch.zeros(2, 3, 1, dtype=torch.long)),
)
print(torch.take_along_dim(v, torch.tensor([2, 0]), 0), v.unfold(0, 2, 1))
import numpy as np

print(v[np.array([0, 2])], v[np.int64(1)], x[np.array([True, False])].shape)
i = torch.tensor(2)
print(v[i], [1, 2, 3][i], list(range(5))[i], "abc"[i], v[:i], range(10)[torch.tensor(3)])
print(
    [row.tolist() for row in torch.arange(4).view(2, 2)], [int(e) for e in v], [e.item() for e in v]
)

a = torch.zeros(3, 4)
a[0] = 1
a[:, 1] = torch.tensor([5.0, 6.0, 7.0])
a[1, 2:] = 9
a[-1, -1] = -1
print(a)
a[[0, 2], [0, 0]] = torch.tensor([100.0, 200.0])
a[a == 0] = 0.5
a[torch.tensor([True, False, False])] += 1
print(a)
a[..., 3] = 0
a[None, 1] = 2
a[1:, [0, 1]] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
print(a)
a[torch.tensor([0, 0, 1])] += 1
print(a)
a[:] = torch.arange(4)
a[1] = torch.tensor(3)
a[2, 0] = True
a[0, 0] = 7 / 2
print(a)
b = torch.zeros(2, 2, dtype=torch.long)
b[0, 0] = 3.9
b[1] = torch.tensor([1.5, -1.5])
print(b)
c = torch.zeros(5)
c.index_fill_(0, torch.tensor([0, 4]), 1)
c.index_add_(0, torch.tensor([1, 1, 2]), torch.tensor([1.0, 2.0, 3.0]))
c.index_copy_(0, torch.tensor([3]), torch.tensor([8.0]))
print(c, c.index_put((torch.tensor([0]),), torch.tensor(6.0)))
d = torch.zeros(3, 5).scatter_(1, torch.tensor([[0], [2], [4]]), 1.0)
print(d, torch.zeros(3).scatter_add_(0, torch.tensor([0, 0, 2]), torch.tensor([1.0, 2.0, 3.0])))
labels = torch.tensor([1, 0, 2])
logits = torch.arange(9.0).view(3, 3)
print(
    logits[range(3), labels],
    logits[torch.arange(3), labels],
    logits.gather(1, labels.unsqueeze(1)).squeeze(1),
)
print(
    torch.where(logits > 4, logits, -logits),
    torch.where(logits > 4, 1, 0),
    torch.where(logits > 4, logits, 0.0),
)
