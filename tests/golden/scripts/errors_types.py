"""Mistakes with dtypes, devices and arguments: what is raised, and how the message begins."""

import numpy as np
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
attempt("long target expected", lambda: F.cross_entropy(torch.ones(2, 3), torch.ones(2)))
attempt("nll_loss with floats", lambda: F.nll_loss(torch.ones(2, 3), torch.ones(2)))
attempt("cross entropy with int32", lambda: F.cross_entropy(torch.ones(2, 3), torch.ones(2).int()))
attempt("linear with integers", lambda: nn.Linear(3, 2)(torch.ones(1, 3).long()))
attempt("linear with doubles", lambda: nn.Linear(3, 2)(torch.ones(1, 3).double()))
attempt("linear with numpy doubles", lambda: nn.Linear(3, 2)(torch.from_numpy(np.ones((1, 3)))))
attempt("conv with bytes", lambda: nn.Conv2d(1, 2, 3)(torch.ones(1, 1, 5, 5).byte()))
attempt("matmul of mixed types", lambda: x @ torch.ones(3, 2).double())
attempt("matmul of int and float", lambda: torch.ones(2, 2).long() @ torch.ones(2, 2))
attempt("mean of integers", lambda: torch.arange(3).mean())
attempt("std of integers", lambda: torch.arange(3).std())
attempt("softmax of integers", lambda: torch.arange(3).softmax(0))
attempt("float into int in place", lambda: torch.arange(3).add_(1.5))
attempt("float tensor into int in place", lambda: torch.arange(3).mul_(torch.tensor([1.5])))
attempt("division in place", lambda: torch.arange(3).div_(2))
attempt("out of another type", lambda: torch.add(torch.ones(2), 1.5, out=torch.ones(2).long()))
attempt("bitwise not of floats", lambda: ~x)
attempt("bitwise and of floats", lambda: x & x)
attempt("negative of bool", lambda: -torch.tensor([True]))
attempt("subtraction of bools", lambda: torch.tensor([True]) - torch.tensor([False]))
attempt("requires_grad of integers", lambda: torch.arange(3, requires_grad=True))
attempt("requires_grad_ of integers", lambda: torch.arange(3).requires_grad_())
attempt("requires_grad of integer tensor", lambda: torch.tensor([1, 2], requires_grad=True))
attempt("parameter of integers", lambda: nn.Parameter(torch.arange(3)))
attempt("embedding with floats", lambda: nn.Embedding(3, 2)(torch.ones(2)))
attempt("dropout probability", lambda: nn.Dropout(1.5))
attempt("functional dropout probability", lambda: F.dropout(x, -0.1))
attempt(
    "bce outside of 0 and 1",
    lambda: F.binary_cross_entropy(torch.tensor([2.0]), torch.tensor([1.0])),
)
attempt("loss reduction", lambda: F.mse_loss(x, x, reduction="avg"))
attempt("masked_fill with a float mask", lambda: x.masked_fill(x, 0))
attempt("where with a float condition", lambda: torch.where(x, x, x))
attempt("masked select with floats", lambda: torch.masked_select(x, x))
attempt("bernoulli probability", lambda: torch.bernoulli(torch.tensor([1.5])), whole=False)
attempt("bernoulli_ probability", lambda: torch.empty(2).bernoulli_(2.0))
attempt("normal deviation", lambda: torch.empty(2).normal_(0, -1))
attempt("uniform bounds", lambda: torch.empty(2).uniform_(1, 0))
attempt("randint bounds", lambda: torch.randint(5, 5, (2,)))
attempt("randperm negative", lambda: torch.randperm(-1))
attempt("one over integer zero", lambda: torch.tensor([1]) // torch.tensor([0]))
attempt("remainder by zero", lambda: torch.tensor([1]) % torch.tensor([0]))
attempt("integer to a negative power", lambda: torch.tensor([2]) ** -1)
attempt("cuda", lambda: torch.ones(1).cuda(), whole=False)
attempt("to cuda", lambda: torch.ones(1).to("cuda"), whole=False)
attempt("device cuda", lambda: torch.zeros(1, device="cuda"), whole=False)
attempt("module to cuda", lambda: nn.Linear(1, 1).cuda(), whole=False)
attempt("unknown device", lambda: torch.device("gpu"), whole=False)
attempt("unknown attribute", lambda: x.shap)
attempt("unknown function", lambda: torch.no_such_function, whole=False)
attempt("unknown layer", lambda: nn.Liner(1, 2), whole=False)
attempt("unknown keyword", lambda: nn.Linear(1, 2, biass=True))
attempt("missing argument", lambda: nn.Linear(3))
attempt("string arithmetic", lambda: x + "a")
attempt("None arithmetic", lambda: x + None)
attempt("list arithmetic", lambda: x + [1, 2, 3], whole=False)
attempt("list to a layer", lambda: nn.Linear(2, 1)([1.0, 2.0]))
attempt("list to relu", lambda: F.relu([1.0]))
attempt("array to relu", lambda: F.relu(np.ones(3, dtype=np.float32)))
attempt("sum of a list", lambda: torch.sum([1, 2]), whole=False)
attempt("cat of a tensor", lambda: torch.cat(x), whole=False)
attempt("stack of arrays", lambda: torch.stack([np.ones(2)]), whole=False)
attempt("size of a float", lambda: torch.zeros(2.5), whole=False)
attempt("view of floats", lambda: x.view(1.5, 4), whole=False)
attempt("from_numpy of a list", lambda: torch.from_numpy([1, 2]))
attempt("from_numpy of words", lambda: torch.from_numpy(np.array(["a"])))
attempt("from_numpy of objects", lambda: torch.from_numpy(np.array([None])), whole=False)
attempt("from_numpy of a flipped array", lambda: torch.from_numpy(np.arange(3)[::-1]))
attempt("negative step", lambda: x[::-1])
attempt("numpy of grad", lambda: torch.ones(1, requires_grad=True).numpy())
attempt("array of grad", lambda: np.asarray(torch.ones(1, requires_grad=True)))
attempt("numpy of bfloat16", lambda: torch.ones(1, dtype=torch.bfloat16).numpy())
attempt("format of a vector", lambda: f"{x:.2f}")
attempt("percent of a vector", lambda: "%d" % torch.ones(2))
attempt("index of a float", lambda: range(5)[torch.tensor(1.5)])
attempt("manual seed of a string", lambda: torch.manual_seed("a"))
attempt("generator device", lambda: torch.rand(2, generator=3), whole=False)
attempt("old index of a loss", lambda: torch.tensor(1.5).data[0])
attempt("set a data of another kind", lambda: setattr(x, "data", [1]))
attempt("set a shape", lambda: setattr(x, "shape", (6,)), whole=False)
attempt("optimizer without parameters", lambda: torch.optim.SGD([], lr=0.1))
attempt("optimizer of a tensor", lambda: torch.optim.SGD(torch.ones(1), lr=0.1))
attempt("optimizer of numbers", lambda: torch.optim.SGD([1.0], lr=0.1))
attempt(
    "optimizer of a non-leaf",
    lambda: torch.optim.SGD([torch.ones(1, requires_grad=True) * 2], lr=0.1),
)
attempt("learning rate", lambda: torch.optim.SGD([torch.ones(1)], lr=-1))
attempt("momentum", lambda: torch.optim.SGD([torch.ones(1)], lr=0.1, momentum=-1))
attempt("nesterov", lambda: torch.optim.SGD([torch.ones(1)], lr=0.1, nesterov=True))
attempt("betas", lambda: torch.optim.Adam([torch.ones(1)], betas=(1.0, 0.9)))
attempt(
    "same parameter twice",
    lambda: torch.optim.SGD([{"params": (p := torch.ones(1))}, {"params": p}], lr=0.1),
)
attempt(
    "state of another optimizer",
    lambda: torch.optim.SGD([torch.ones(1)], lr=0.1).load_state_dict(
        torch.optim.SGD([torch.ones(1), torch.ones(1)], lr=0.1).state_dict()
    ),
)
attempt("scheduler of a string", lambda: torch.optim.lr_scheduler.StepLR("a", 1))
attempt("no such file", lambda: torch.load("no-such-file.pth"))
