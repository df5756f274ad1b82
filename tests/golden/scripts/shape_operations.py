"""Changing shapes, joining, splitting, and what becomes of the strides."""

import torch

x = torch.arange(24)
y = x.view(2, 3, 4)
for name, z in {
    "view": x.view(4, 6),
    "view(-1, 8)": x.view(-1, 8),
    "reshape": y.reshape(6, 4),
    "t": y[0].t(),
    "transpose": y.transpose(0, 2),
    "permute": y.permute(2, 0, 1),
    "swapaxes": y.swapaxes(0, 1),
    "movedim": y.movedim(0, 2),
    "unsqueeze": y.unsqueeze(1),
    "unsqueeze(-1)": y.unsqueeze(-1),
    "squeeze": y.unsqueeze(0).squeeze(),
    "squeeze(0)": y[:1].squeeze(0),
    "expand": y[:, :1].expand(2, 5, 4),
    "slice": y[:, ::2, 1:],
    "select": y[:, 1],
    "select last": y[..., 2],
    "flatten": y.flatten(),
    "flatten(1)": y.flatten(1),
    "unflatten": x.unflatten(0, (4, 6)),
    "contiguous": y.transpose(0, 1).contiguous(),
    "clone of a transpose": y.transpose(0, 1).clone(),
    "flip": y.flip(2),
    "roll": y.roll(1, 0),
    "rot90": y[0].rot90(),
    "repeat": y[0].repeat(2, 1),
    "narrow": y.narrow(1, 0, 2),
    "diagonal": y[0].diagonal(),
    "unfold": x.unfold(0, 4, 2),
    "as_strided": x.as_strided((3, 3), (2, 1)),
    "T of 2d": y[0].T,
    "mT": y.mT,
    "empty view": torch.empty(0, 3).view(0, 3),
    "view_as": x.view_as(y),
    "reshape_as": x.reshape_as(y),
    "view of slice": y[0].view(-1),
    "atleast_2d": torch.atleast_2d(x),
    "new axis": x[None, :, None],
    "expand_as": x[:1].expand_as(x),
    "view dtype": torch.ones(2).view(torch.int32),
}.items():
    print(
        f"{name:20s} {tuple(z.shape)} {z.stride()} {z.storage_offset()} {z.is_contiguous()} {z._base is not None} {z.flatten()[:5].tolist()} {z.dtype}"
    )
print(
    torch.cat([y, y], 2).shape,
    torch.cat((x, torch.tensor([1.5]))).dtype,
    torch.cat([torch.empty(0), torch.ones(2)]),
    torch.stack([x, x], 1).shape,
    torch.hstack([torch.ones(2), torch.zeros(1)]),
    torch.vstack([torch.ones(2), torch.zeros(2)]),
    torch.dstack([torch.ones(1, 2), torch.zeros(1, 2)]).shape,
    torch.column_stack([torch.ones(2), torch.zeros(2)]),
    torch.cat([y[0], y[1]], dim=-1).shape,
)
print(
    [tuple(p.shape) for p in y.split(2, dim=1)],
    [tuple(p.shape) for p in y.split([1, 3], dim=2)],
    [tuple(p.shape) for p in x.chunk(5)],
    [p.tolist() for p in x[:5].tensor_split(3)],
    [tuple(p.shape) for p in y.unbind(1)],
    [tuple(p.shape) for p in torch.hsplit(y[0], 2)],
)
print(
    type(x.split(6)).__name__,
    type(x.chunk(2)).__name__,
    len(y.unbind()),
    y.numel(),
    y.nelement(),
    y.size(),
    y.size(0),
    y.size()[1:],
    y.shape[-1],
    y.dim(),
    len(y),
)
print(
    torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij"),
    torch.cartesian_prod(torch.arange(2), torch.tensor([5, 6])),
    torch.combinations(torch.arange(3)),
    torch.tril_indices(2, 2),
    torch.triu(torch.ones(3, 3)),
    torch.block_diag(torch.ones(1, 1), torch.ones(1, 2)),
)
print(
    torch.zeros(2, 3).size(),
    torch.zeros((2, 3)).size(),
    torch.zeros([2, 3]).size(),
    torch.zeros(torch.Size([2])).size(),
    torch.ones(()).size(),
    torch.full((1, 2), 7),
    torch.eye(2, 3),
    torch.arange(1, 6, 2),
    torch.linspace(0, 1, 3),
    torch.zeros_like(y).sum(),
    torch.full_like(x[:2], 9),
    torch.empty_like(y, dtype=torch.float).dtype,
    torch.tensor([]).shape,
    torch.arange(5.0, 0, -1.5),
)
print(
    torch.nn.functional.pad(torch.ones(2, 2), (1, 0, 0, 1)),
    torch.nn.functional.one_hot(torch.tensor([1, 0])),
    torch.repeat_interleave(torch.tensor([1, 2]), torch.tensor([2, 1])),
    torch.tensor([[1, 2], [3, 4]]).fliplr(),
    torch.tensor([1, 2, 3]).flip(0),
    torch.arange(4).view(2, 2).rot90(2),
)
a = torch.zeros(3, 2)
a.index_add_(0, torch.tensor([0, 2, 0]), torch.ones(3, 2))
print(
    a,
    a.index_fill(1, torch.tensor([1]), 5),
    a.scatter(0, torch.tensor([[1, 1]]), 9.0),
    a.scatter_add(0, torch.tensor([[1, 1], [1, 0]]), torch.ones(2, 2)),
    a.masked_fill(a > 0, -1),
    a.put_(torch.tensor([3]), torch.tensor([4.0])),
    a.masked_scatter(a == 0, torch.arange(10.0)),
)
b = torch.arange(6.0).view(2, 3)
b.t_()
print(
    b.shape,
    b.squeeze_().shape,
    b.unsqueeze_(0).shape,
    b.transpose_(1, 2).shape,
    b.resize_(3, 2).shape,
    b.zero_().sum(),
    b.fill_(2).mean(),
    b.copy_(torch.ones(2)).sum(),
    b.clamp_(0, 0.5).max(),
    b.sqrt_().sum() > 0,
    b.neg_().abs_().pow_(2).sum(),
)
print(
    y.sum(dim=[0, 2]),
    y.float().mean((0, 1)),
    y.amax((0, 2)),
    y.float().norm(dim=(1, 2)),
    y.cumsum(-1)[1, 2],
    y.permute(2, 1, 0)[1, 2],
    y.transpose(-1, -2)[0, 0],
    y.reshape(-1)[5:8],
    y.view(-1)[-1],
    y.movedim((0, 1), (1, 0)).shape,
)
