"""How tensors that take part in differentiation print."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.ones(2, 2, requires_grad=True)
print(x)
print(x + 2, x * x, (x * 3).mean(), x.sum(), x @ x, x.t(), x[0], x[0, 1], x[:, 0], -x, sep="\n")
print(
    x.detach(),
    x.data,
    x.clone(),
    x.view(4),
    x.reshape(1, 4),
    x.exp(),
    x.relu(),
    x.sigmoid(),
    sep="\n",
)
with torch.no_grad():
    print(x * 2, x)
print(
    torch.tensor(1.0, requires_grad=True),
    torch.tensor([1.0], dtype=torch.float64, requires_grad=True),
)
print(nn.Parameter(torch.zeros(2)), nn.Parameter(torch.arange(2), requires_grad=False))
print([nn.Parameter(torch.ones(1))])
y = x.sum()
y.backward()
print(x.grad, y, x.is_leaf, y.is_leaf, x.grad_fn, y.requires_grad, x.grad.requires_grad)
print(torch.zeros(40, requires_grad=True) + 1.5)
print(torch.zeros(11, requires_grad=True) + 0.25)
print(torch.zeros(3, 5, requires_grad=True, dtype=torch.float64) * 2)
print(torch.empty(0, 3, requires_grad=True) * 2)
print(torch.ones(1200, requires_grad=True) / 3)
w = torch.ones(3, requires_grad=True)
v = w * 1
v.add_(1)
print(v)
v[0] = 5
print(v)
v[1:].mul_(2)
print(v)
print(v.backward.__name__, v.grad_fn.name())
print(
    nn.Linear(2, 1)(torch.ones(1, 2)).shape,
    nn.Linear(2, 3).weight.shape,
    nn.Linear(2, 3).bias.requires_grad,
)
print(
    torch.nn.functional.mse_loss(x, torch.zeros(2, 2)),
    torch.nn.functional.l1_loss(x, torch.zeros(2, 2)),
)
print(torch.nn.functional.softmax(x, 1), torch.nn.functional.log_softmax(x, 1))
print(
    torch.cat([x, x]), torch.stack([x, x]), x.unsqueeze(0), x.squeeze(), x.permute(1, 0), sep="\n"
)
print(x.max(), x.max(1), x.min(dim=0), x.var(), x.std(), x.norm(), x.prod(), x.cumsum(0), sep="\n")
