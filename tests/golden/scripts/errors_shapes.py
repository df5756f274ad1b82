"""Mistakes with shapes and indices: what is raised, and how the message begins."""

import torch
import torch.nn.functional as F
from torch import nn


def attempt(name, mistake, whole=True):
    """Print the type of what `mistake` raises and, if `whole`, the first sentence of the message.

    The result is printed away, so that what is computed late is computed here.
    """
    try:
        str(mistake())
    except Exception as error:
        lines = str(error).splitlines() if whole else []
        print(
            f"{name}: {type(error).__name__}: {lines[0].split('. ')[0] if lines else ''}".rstrip(
                ": ."
            )
        )
    else:
        print(f"{name}: nothing raised")


x = torch.ones(2, 3)
attempt("matmul", lambda: x @ torch.ones(2, 3))
attempt("mm", lambda: torch.mm(x, torch.ones(4, 5)))
attempt("mm of a vector", lambda: torch.mm(x, torch.ones(3)))
attempt("matmul with a vector", lambda: x @ torch.ones(2))
attempt("dot", lambda: torch.dot(torch.ones(2), torch.ones(3)))
attempt("dot of matrices", lambda: torch.dot(x, x))
attempt("bmm", lambda: torch.bmm(torch.ones(2, 3, 4), torch.ones(2, 3, 4)))
attempt("bmm of matrices", lambda: torch.bmm(x, x))
attempt("batched matmul", lambda: torch.ones(2, 3, 4) @ torch.ones(3, 4, 5))
attempt("linear", lambda: nn.Linear(4, 2)(x))
attempt("linear on an image", lambda: nn.Linear(784, 10)(torch.ones(64, 1, 28, 28)))
attempt("linear after forgetting to flatten", lambda: nn.Linear(400, 120)(torch.ones(4, 16, 5, 5)))
attempt("add", lambda: x + torch.ones(2))
attempt("multiply", lambda: torch.ones(3, 2) * torch.ones(4, 2))
attempt("add in place", lambda: torch.ones(3).add_(torch.ones(2, 3)))
attempt("compare", lambda: torch.ones(3) == torch.ones(4))
attempt("view", lambda: x.view(4))
attempt("view with two unknowns", lambda: x.view(-1, -1))
attempt("view that cannot divide", lambda: x.view(-1, 4))
attempt("view of a transpose", lambda: x.t().view(6))
attempt("reshape", lambda: x.reshape(5, 5))
attempt("expand", lambda: x.expand(4, 3))
attempt("expand to fewer dimensions", lambda: x.expand(3))
attempt("cat", lambda: torch.cat([x, torch.ones(2, 4)]))
attempt("cat of different dimensions", lambda: torch.cat([x, torch.ones(3)]))
attempt("cat of nothing", lambda: torch.cat([]))
attempt("stack", lambda: torch.stack([x, torch.ones(3, 2)]))
attempt("stack of nothing", lambda: torch.stack([]))
attempt("dimension", lambda: x.sum(2))
attempt("negative dimension", lambda: x.sum(-3))
attempt("softmax dimension", lambda: F.softmax(x, dim=5))
attempt("transpose dimension", lambda: x.transpose(0, 2))
attempt("permute", lambda: x.permute(0, 0))
attempt("permute too few", lambda: x.permute(0), whole=False)
attempt("t of a cube", lambda: torch.ones(1, 2, 3).t())
attempt("squeeze dimension", lambda: x.squeeze(4))
attempt("unsqueeze dimension", lambda: x.unsqueeze(4))
attempt("split", lambda: x.split([1, 1, 1], dim=1)[0] + x.split([1, 1], dim=1)[0])
attempt("chunk", lambda: x.chunk(0))
attempt("index", lambda: x[2])
attempt("negative index", lambda: x[-3])
attempt("index of the second dimension", lambda: x[0, 3])
attempt("too many indices", lambda: x[0, 0, 0])
attempt("index of a number", lambda: torch.tensor(1.0)[0])
attempt("tensor index", lambda: x[torch.tensor([5])])
attempt("list index", lambda: x[[0, 7]])
attempt("mask of another shape", lambda: x[torch.ones(3).bool()])
attempt(
    "index arrays that do not broadcast", lambda: x[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]
)
attempt("float index", lambda: x[1.0])
attempt("float tensor index", lambda: x[torch.tensor([1.0])])
attempt("string index", lambda: x["a"], whole=False)
attempt("assign a wrong shape", lambda: x.__setitem__(0, torch.ones(4)))
attempt("assign to an index out of range", lambda: x.__setitem__(9, 1.0))
attempt("gather out of range", lambda: x.gather(1, torch.tensor([[7]])))
attempt("gather with floats", lambda: x.gather(1, torch.tensor([[1.0]])))
attempt("scatter out of range", lambda: torch.zeros(1, 3).scatter_(1, torch.tensor([[3]]), 1.0))
attempt("index_select out of range", lambda: x.index_select(0, torch.tensor([2])))
attempt("item of many", lambda: x.item())
attempt("float of many", lambda: float(x))
attempt("int of many", lambda: int(torch.ones(3)))
attempt("truth of many", lambda: bool(x))
attempt("if over a comparison", lambda: 1 if x > 0 else 0)
attempt("truth of none", lambda: bool(torch.tensor([])))
attempt("len of a number", lambda: len(torch.tensor(1)))
attempt("iteration over a number", lambda: list(torch.tensor(1)))
attempt("unpacking", lambda: (lambda a, b: a)(*torch.ones(3)))
attempt("max of nothing", lambda: torch.tensor([]).max())
attempt("argmax of nothing", lambda: torch.tensor([]).argmax())
attempt("negative size", lambda: torch.ones(-1))
attempt("ragged list", lambda: torch.tensor([[1, 2], [3]]))
attempt("ragged list of lists", lambda: torch.tensor([[1], 2]))
attempt("topk", lambda: x.topk(4))
attempt("arange", lambda: torch.arange(5, 0))
attempt("arange step", lambda: torch.arange(0, 5, 0))
attempt("cross entropy batch", lambda: F.cross_entropy(torch.ones(3, 5), torch.tensor([0, 1])))
attempt("cross entropy class", lambda: F.cross_entropy(torch.ones(1, 3), torch.tensor([3])))
attempt(
    "cross entropy negative class", lambda: F.cross_entropy(torch.ones(1, 3), torch.tensor([-1]))
)
attempt("nll_loss batch", lambda: F.nll_loss(torch.ones(3, 5), torch.tensor([0, 1])))
attempt("bce shapes", lambda: F.binary_cross_entropy(torch.ones(3, 1), torch.ones(3)))
attempt(
    "bce_with_logits shapes",
    lambda: F.binary_cross_entropy_with_logits(torch.ones(3, 1), torch.ones(3)),
)
attempt("mse shapes", lambda: F.mse_loss(torch.ones(3), torch.ones(4)))
attempt("conv channels", lambda: nn.Conv2d(3, 6, 5)(torch.ones(1, 1, 32, 32)))
attempt("conv dimensions", lambda: nn.Conv2d(1, 6, 5)(torch.ones(28, 28)))
attempt("conv too small", lambda: nn.Conv2d(1, 6, 5)(torch.ones(1, 1, 3, 3)))
attempt("pool dimensions", lambda: F.max_pool2d(torch.ones(4, 4), 2))
attempt("pool too small", lambda: F.max_pool2d(torch.ones(1, 1, 1, 1), 2))
attempt("batch norm dimensions", lambda: nn.BatchNorm2d(3)(torch.ones(2, 3)))
attempt("batch norm channels", lambda: nn.BatchNorm2d(3)(torch.ones(2, 4, 2, 2)))
attempt("batch norm of one", lambda: nn.BatchNorm1d(3)(torch.ones(1, 3)))
attempt("layer norm", lambda: nn.LayerNorm(4)(x))
attempt("embedding range", lambda: nn.Embedding(3, 2)(torch.tensor([3])))
attempt("one_hot range", lambda: F.one_hot(torch.tensor([3]), num_classes=2))
attempt("one_hot of floats", lambda: F.one_hot(torch.tensor([1.0])))
attempt("matrix of words", lambda: torch.tensor(["a", "b"]))
attempt("tensor of None", lambda: torch.tensor(None))
attempt("masked_fill shapes", lambda: x.masked_fill(torch.ones(4).bool(), 0))
attempt("where shapes", lambda: torch.where(torch.ones(2).bool(), torch.ones(3), torch.ones(3)))
attempt("multinomial of nothing", lambda: torch.multinomial(torch.zeros(3), 1))
attempt("multinomial of too few", lambda: torch.multinomial(torch.ones(3), 4))
attempt("flatten", lambda: x.flatten(1, 0))
attempt("outer", lambda: torch.outer(x, x))
attempt("numpy axis", lambda: x.mean(axis=3))
attempt("repeat", lambda: x.repeat(2))
