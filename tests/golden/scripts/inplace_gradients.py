"""Writes into tensors that take part in differentiation, and the gradients that come out."""

import torch
import torch.nn.functional as F

x = torch.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)


def grad_of(build):
    x.grad = None
    result = build()
    result.backward(torch.ones_like(result))
    return x.grad


def written():
    y = x * 2
    y[0] = 10
    y[1:3] *= 3
    return y * y.detach()


def rows():
    y = x.view(2, 2) * 1
    y[0] = y[1] * 5
    return y


def through_view():
    y = x * 1
    v = y.view(2, 2)
    v[:, 0].mul_(10)
    return y


def through_transpose():
    y = (x * 1).view(2, 2)
    y.t()[0] += 100 * x[0]
    return y


def masked():
    y = x * x
    y[y > 5] = 0
    return y


def filled():
    y = x * 3
    y.masked_fill_(x > 2, 7)
    y.clamp_(max=5)
    return y


def copied():
    y = torch.zeros(6)
    y[1:5] = x
    y[5] = x.sum()
    return y * torch.arange(6.0)


def accumulated():
    total = torch.zeros(2)
    for i in range(4):
        total += x[i] * torch.tensor([1.0, i])
    return total


def indexed():
    y = torch.zeros(3)
    y.index_add_(0, torch.tensor([0, 0, 1, 2]), x)
    y = y.index_put((torch.tensor([1]),), x[0])
    return y


def scattered():
    return torch.zeros(2, 4).scatter(0, torch.tensor([[0, 1, 0, 1]]), x.view(1, 4) * 2)


def unbound():
    a, b, c, d = (x * 1).unbind()
    return a * b + c / d


def splits():
    y = x * 1
    first, second = y.chunk(2)
    return first.exp() + second.sqrt()


def relu_in_place():
    y = x - 2.5
    F.relu_(y)
    return y


def activations():
    y = x * 1
    y.mul_(2).add_(1).exp_()
    return y


def detached():
    y = x * 2
    z = y.detach()
    z[0] = 100
    return y * x


def under_no_grad():
    y = x * 2
    with torch.no_grad():
        y.mul_(10)
    return y


def swapped():
    y = x * 1
    y[[0, 1]] = y[[1, 0]]
    return y * torch.tensor([1.0, 2.0, 3.0, 4.0])


def stacked():
    rows = []
    h = torch.zeros(())
    for i in range(4):
        h = torch.tanh(h * 0.5 + x[i])
        rows.append(h)
    return torch.stack(rows)


def expanded():
    y = x.unsqueeze(0).expand(3, 4).clone()
    y[1] = 0
    y[:, 0] *= 2
    return y


def where_nan():
    y = torch.where(x > 2, torch.log(x - 2), torch.zeros(4))
    return y.nan_to_num()


for f in (
    written,
    rows,
    through_view,
    through_transpose,
    masked,
    filled,
    copied,
    accumulated,
    indexed,
    scattered,
    unbound,
    splits,
    relu_in_place,
    activations,
    detached,
    under_no_grad,
    swapped,
    stacked,
    expanded,
):
    print(f"{f.__name__:18s}", f().detach(), grad_of(f))
w = torch.ones(2, 2, requires_grad=True)
with torch.no_grad():
    w -= 0.5
    w[0, 0] = 9
    w.t()[1, 0].fill_(4)
print(w, w.is_leaf, w.requires_grad)
w.data[1] = torch.tensor([7.0, 8.0])
w.data.mul_(2)
print(w)
v = w.detach()
v[0, 0] = -1
print(w[0, 0], v.requires_grad)
a = torch.ones(3, requires_grad=True)
b = a * 1
b.requires_grad_(True)
b.detach_()
print(b, b.is_leaf, b.requires_grad)
c = torch.zeros(3)
c[1] = a.sum()
print(c, c.requires_grad, c.is_leaf)
d = torch.zeros(3)
d.requires_grad = True
e = d.clone()
e[0] = 1
print(e, d.is_leaf, d._version if False else "")
f = torch.zeros(2, 3)
f[0] = a
f[1] += a * 2
g = f.sum()
g.backward()
print(a.grad, f)
