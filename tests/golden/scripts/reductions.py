"""Reductions, sorting, and the named tuples they return."""

import torch

x = torch.tensor([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
print(
    x.max(),
    x.min(),
    x.sum(),
    x.mean(),
    x.prod(),
    x.std(),
    x.var(),
    x.median(),
    x.argmax(),
    x.argmin(),
    x.norm(),
)
print(x.max(1))
print(x.max(dim=0, keepdim=True))
print(torch.max(x, 1)[1], torch.max(x, 1).values, torch.min(x, 0).indices)
values, indices = torch.max(x.data, 1)
print(values, indices)
_, predicted = x.topk(2)
print(predicted, x.topk(1, dim=0), x.topk(2, largest=False))
print(x.sort(), x.sort(descending=True), x.sort(dim=0), torch.sort(x, 1).values, sep="\n")
print(x.argsort(), x.argsort(dim=0, descending=True), x.msort())
print(
    x.median(1), x.mode(1), x.kthvalue(2, 1), torch.aminmax(x), x.cummax(1), x.cummin(0), sep="\n"
)
s = x.sort()
print(
    type(s).__name__,
    s[0] is s.values,
    len(s),
    s.indices.dtype,
)
print(
    x.sum(0),
    x.sum(1, keepdim=True),
    x.sum((0, 1)),
    x.sum(-1),
    x.mean(1),
    x.mean(dim=(0,), keepdim=True),
)
print(
    x.std(0),
    x.std(1, unbiased=False),
    x.var(0, correction=0),
    torch.std_mean(x),
    torch.var_mean(x, 1),
)
print(
    x.norm(p=1),
    x.norm(2, dim=1),
    torch.norm(x),
    torch.linalg.norm(x),
    torch.linalg.vector_norm(x, 3),
)
print(
    x.cumsum(0),
    x.cumprod(1),
    x.diff(),
    x.logsumexp(1),
    x.amax(1),
    x.amin((0, 1)),
    x.all(),
    (x > 2).any(0),
    (x > 2).all(1),
)
print(
    (x > 2).sum(),
    (x > 2).float().mean(),
    x.count_nonzero(),
    torch.tensor([True, True]).sum(),
    torch.tensor([1, 2, 3]).sum().dtype,
)
i = torch.tensor([5, 3, 5, 1, 3, 5])
print(
    i.unique(),
    i.unique(return_counts=True),
    torch.unique(i, return_inverse=True),
    i.bincount(),
    torch.bincount(i, minlength=8),
)
print(
    torch.tensor([1, 1, 2, 2, 1]).unique_consecutive(),
    torch.histc(x, 3, 1, 6),
    torch.isin(i, torch.tensor([1, 5])),
)
print(
    torch.tensor([]).sum(),
    torch.tensor([]).prod(),
    torch.zeros(0, 3).sum(0),
    torch.zeros(2, 0).sum(1),
    torch.tensor([]).mean(),
)
print(
    torch.tensor([1.0, float("nan"), 3.0]).max(),
    torch.tensor([1.0, float("nan")]).sum(),
    torch.tensor([1.0, float("nan"), 2.0]).nansum(),
    torch.tensor([2.0, float("nan")]).argmax(),
    torch.tensor([1.0, float("nan"), 2.0]).sort().indices,
    torch.tensor([float("nan"), 1.0]).isnan(),
)
print(
    torch.tensor([1, 3, 3]).argmax(),
    torch.tensor([[1, 1], [0, 0]]).argmax(1),
    torch.tensor([2, 2]).max(0),
    torch.tensor([True, False]).max(),
)
print(
    torch.trace(x[:, :2]),
    torch.diag(torch.tensor([1, 2])),
    x.tril(),
    x.triu(1),
    torch.cdist(x, x),
    x.diagonal(),
)
print(
    torch.softmax(x, 0),
    x.softmax(dim=-1),
    torch.log_softmax(x, dim=1),
    x.sigmoid(),
    x.tanh(),
    sep="\n",
)
print(
    x.isfinite().all(),
    (x / 0).isinf().all(),
    torch.tensor([3, -3, 0]).sign(),
    torch.tensor(0.0).log(),
    torch.tensor(-1.0).sqrt(),
)
print(
    torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([0, 3, 9])),
    torch.bucketize(torch.tensor([2.5]), torch.tensor([1.0, 2.0, 3.0])),
)
