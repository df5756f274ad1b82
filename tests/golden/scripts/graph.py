"""The names in the graph: `grad_fn` of common operations, and the walk down to the leaves."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.rand(3, 4, requires_grad=True)
w = torch.rand(4, 5, requires_grad=True)
v = torch.rand(4, requires_grad=True)
image = torch.rand(1, 2, 6, 6, requires_grad=True)
target = torch.tensor([0, 1, 2])


def name(tensor):
    return type(tensor.grad_fn).__name__


for label, result in {
    "x + 1": x + 1,
    "1 + x": 1 + x,
    "x - v": x - v,
    "2 - x": 2 - x,
    "x * v": x * v,
    "x / 2": x / 2,
    "1 / x": 1 / x,
    "x ** 2": x**2,
    "2 ** x": 2**x,
    "x ** x": x**x,
    "-x": -x,
    "abs": x.abs(),
    "exp": x.exp(),
    "log": x.log(),
    "sqrt": x.sqrt(),
    "rsqrt": x.rsqrt(),
    "sin": x.sin(),
    "cos": x.cos(),
    "tanh": x.tanh(),
    "sigmoid": x.sigmoid(),
    "relu": x.relu(),
    "erf": x.erf(),
    "clamp": x.clamp(0, 1),
    "clamp_min": x.clamp(min=0),
    "pow": x.pow(3),
    "square": x.square(),
    "reciprocal": x.reciprocal(),
    "log1p": x.log1p(),
    "x @ w": x @ w,
    "x @ v": x @ v,
    "v @ v": v @ v,
    "mm": torch.mm(x, w),
    "addmm": torch.addmm(torch.ones(5), x, w),
    "bmm": torch.bmm(x[None], w[None]),
    "3d @ 2d": x[None] @ w,
    "outer": torch.outer(v, v),
    "linear": F.linear(x, w.t()),
    "linear bias": F.linear(x, w.t(), torch.ones(5)),
    "sum": x.sum(),
    "sum(0)": x.sum(0),
    "mean": x.mean(),
    "mean(1)": x.mean(1),
    "max": x.max(),
    "max(1)": x.max(1)[0],
    "min": x.min(),
    "amax": x.amax(1),
    "prod": x.prod(),
    "std": x.std(),
    "var": x.var(),
    "norm": x.norm(),
    "logsumexp": x.logsumexp(1),
    "cumsum": x.cumsum(0),
    "median": x.median(),
    "sort": x.sort()[0],
    "topk": x.topk(2)[0],
    "softmax": x.softmax(1),
    "log_softmax": x.log_softmax(1),
    "maximum": torch.maximum(x, v),
    "where": torch.where(x > 0, x, v),
    "view": x.view(12),
    "reshape": x.reshape(2, 6),
    "reshape of t": x.t().reshape(12),
    "flatten": x.flatten(),
    "t": x.t(),
    ".T": x.T,
    "transpose": x.transpose(0, 1),
    "permute": x.permute(1, 0),
    "unsqueeze": x.unsqueeze(0),
    "squeeze": x[None].squeeze(0),
    "expand": v.expand(3, 4),
    "repeat": v.repeat(2),
    "cat": torch.cat([x, x]),
    "stack": torch.stack([v, v]),
    "split": x.split(2)[0],
    "chunk": x.chunk(2)[0],
    "unbind": x.unbind(0)[0],
    "narrow": x.narrow(0, 0, 1),
    "select": x[0],
    "slice": x[1:],
    "index": x[[0, 1]],
    "mask": x[x > 0.5],
    "x[0, 1]": x[0, 1],
    "x[:, 0]": x[:, 0],
    "x[None]": x[None],
    "index_select": x.index_select(0, target),
    "gather": x.gather(1, target[:, None]),
    "masked_fill": x.masked_fill(x > 0.5, 0),
    "clone": x.clone(),
    "double": x.double(),
    "to float": x.to(torch.float64).float(),
    "contiguous of t": x.t().contiguous(),
    "tril": x.tril(),
    "flip": x.flip(0),
    "diagonal": x.diagonal(),
    "conv2d": F.conv2d(image, torch.rand(3, 2, 3, 3)),
    "max_pool2d": F.max_pool2d(image, 2),
    "avg_pool2d": F.avg_pool2d(image, 2),
    "adaptive": F.adaptive_avg_pool2d(image, 2),
    "batch_norm": nn.BatchNorm2d(2)(image),
    "layer_norm": nn.LayerNorm(4)(x),
    "dropout": F.dropout(x),
    "embedding": nn.Embedding(4, 2)(target),
    "leaky_relu": F.leaky_relu(x),
    "elu": F.elu(x),
    "gelu": F.gelu(x),
    "softplus": F.softplus(x),
    "silu": F.silu(x),
    "hardtanh": F.hardtanh(x),
    "logsigmoid": F.logsigmoid(x),
    "pad": F.pad(x, (1, 1)),
    "mse": F.mse_loss(x, x.detach()),
    "l1": F.l1_loss(x, x.detach()),
    "smooth_l1": F.smooth_l1_loss(x, x.detach()),
    "nll": F.nll_loss(x, target),
    "cross_entropy": F.cross_entropy(x, target),
    "bce": F.binary_cross_entropy(x.sigmoid(), torch.ones(3, 4)),
    "bce logits": F.binary_cross_entropy_with_logits(x, torch.ones(3, 4)),
    "kl_div": F.kl_div(x.log_softmax(1), x.detach()),
}.items():
    print(f"{label:16s} {name(result)}")


def tree(node, depth=0):
    print("  " * depth + type(node).__name__)
    for parent, index in node.next_functions:
        if parent is None:
            print("  " * (depth + 1) + "None")
        else:
            tree(parent, depth + 1)


print("\ntrees")
net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2), nn.LogSoftmax(dim=1))
tree(F.nll_loss(net(torch.rand(3, 2, 2)), torch.tensor([0, 1, 0])).grad_fn)
tree((x * v + 1).sum(0).mean().grad_fn)
tree(F.cross_entropy(x @ w, target).grad_fn)
tree((x * x).t().view(-1).grad_fn if x.t().is_contiguous() else (x * x).t().reshape(-1).grad_fn)
a = x * 2
a[0] = 1
a.add_(v)
tree(a.grad_fn.next_functions[1][0])
print([type(parent).__name__ for parent, _ in a.grad_fn.next_functions])
b = x.max(dim=1)
print(b.values.grad_fn.next_functions[0][1], b.indices.requires_grad)
s = x.split(1)
print(
    [piece.grad_fn is s[0].grad_fn for piece in s[:2]],
    s[1].grad_fn.next_functions[0][0].variable is x,
)
leaf = (x + 1).grad_fn.next_functions[0][0]
print(leaf.variable is x, leaf.next_functions, (x + 1).grad_fn.name(), leaf.name())
print(
    (x + 1).grad_fn == (x + 1).grad_fn, a.grad_fn is a.grad_fn, hash(a.grad_fn) == hash(a.grad_fn)
)
print(
    torch.ones(1).grad_fn,
    x.grad_fn,
    x.detach().grad_fn,
    x.is_leaf,
    a.is_leaf,
    torch.ones(1).is_leaf,
)
