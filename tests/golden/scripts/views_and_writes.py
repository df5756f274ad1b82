"""Which tensors share memory, and where a write shows."""

import torch

a = torch.arange(12)
b = a.view(3, 4)
b[0, 0] = 100
print(a[0], b)
row = b[1]
row += 10
print(a)
col = b[:, 2]
col.zero_()
print(b)
t = b.t()
t[3, 2] = -1
print(a[-1], t.is_contiguous(), t.stride(), b.stride(), t.storage_offset(), b[1:].storage_offset())
c = b.reshape(4, 3)
c[0] = 7
print(a[:4])
d = t.reshape(12)
d[0] = 55
print(a[0], t.contiguous().data_ptr() == t.data_ptr(), b.contiguous().data_ptr() == b.data_ptr())
e = b.clone()
e.fill_(0)
print(b.sum())
f = b.flatten()
f[1] = 77
print(a[1])
g = b.expand(2, 3, 4)
print(g.stride(), g[1, 0, 1])
h = b.narrow(0, 1, 2)
h.mul_(2)
print(b)
i = b.unsqueeze(0).squeeze(0).transpose(0, 1)
i.copy_(torch.arange(12).view(4, 3))
print(b, a)
j, k = b.chunk(2, dim=1)
j -= 1
k[:] = 0
print(b)
m = b.diagonal()
m.fill_(9)
print(b)
n = b[b > 5]
n.zero_()
print(b.max())
b[b > 5] = -5
print(b)
o = b[[0, 2]]
o.zero_()
print(b[0])
b[[0, 2]] = 1
print(b)
p = torch.zeros(2, 3)
q = p
q += 1
print(p, q is p)
q = q + 1
print(p, q is p)
r = p.data
r[0, 0] = 42
s = p.detach()
s[1, 1] = 43
print(p)
p[0], p[1] = p[1].clone(), p[0].clone()
print(p)
u = torch.zeros(2, 2)
u[0][1] = 5
u[1][:] = torch.tensor([8, 9])
print(u)
for line in u:
    line.add_(1)
print(u)
v = u.unbind(1)
v[0].mul_(10)
print(u)
w = torch.arange(6.0).reshape(2, 3)
x = w.T
y = x * 1
print(x.is_contiguous(), y.shape, x.clone().stride())
z = w.view(-1)
w.t_()
print(w.shape, z.shape, w)
w.unsqueeze_(0)
w.squeeze_()
w.transpose_(0, 1)
print(w)
print(a.data_ptr() == b.data_ptr(), b[1].data_ptr() - b[0].data_ptr(), a.untyped_storage().nbytes())
before = torch.ones(3)
after = before.add_(1)
print(
    after is before,
    before.add(1) is before,
    before.to(torch.float32) is before,
    before.float() is before,
)
out = torch.empty(3)
print(torch.add(before, 1, out=out) is out, out)
print(torch.sub(before, 1, out=out[:]), out)
base = torch.zeros(4, 4)
base[1:3, 1:3] += 1
base[::2] -= 0.5
base[:, -1:] *= 2
base[..., 0] = torch.arange(4)
print(base)
base.fill_diagonal_(7)
print(base)
view = base.as_strided((2, 2), (1, 2))
view.zero_()
print(base)
mask = torch.eye(4).bool()
base.masked_fill_(mask, 3)
print(base, base.masked_fill(~mask, 0))
swapped = torch.arange(4)
swapped[:2], swapped[2:] = swapped[2:].clone(), swapped[:2].clone()
print(swapped, swapped.flip(0), swapped.roll(1))
overlap = torch.arange(6)
overlap[1:] = overlap[:-1].clone()
print(overlap)
