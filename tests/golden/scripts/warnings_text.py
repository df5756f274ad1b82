"""Warnings that people see: their category and how they begin."""

import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def caught(name, action):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        action()
    if not found:
        print(f"{name}: no warning")
    for warning in found[:1]:
        print(
            f"{name}: {warning.category.__name__}: {str(warning.message).splitlines()[0].split('. ')[0].rstrip('.')}"
        )


x = torch.ones(2, 3, requires_grad=True)
y = x * 2
caught("mse sizes", lambda: F.mse_loss(torch.ones(3), torch.ones(3, 1)))
caught("mse module sizes", lambda: nn.MSELoss()(torch.ones(2, 1), torch.ones(2)))
caught("l1 sizes", lambda: F.l1_loss(torch.ones(3), torch.ones(3, 1)))
caught("smooth_l1 sizes", lambda: F.smooth_l1_loss(torch.ones(3), torch.ones(3, 1)))
caught("kl_div mean", lambda: F.kl_div(torch.zeros(2, 2), torch.ones(2, 2)))
caught("softmax without dim", lambda: F.softmax(torch.ones(2)))
caught("log_softmax without dim", lambda: F.log_softmax(torch.ones(2, 2)))
caught("Softmax module", lambda: nn.Softmax()(torch.ones(2, 2)))
caught("size_average", lambda: F.nll_loss(torch.zeros(1, 2), torch.tensor([0]), size_average=False))
caught("reduce", lambda: nn.L1Loss(reduce=False))
caught("tensor of a tensor", lambda: torch.tensor(torch.ones(1)))
caught("grad of a non-leaf", lambda: y.grad)
caught("dropout2d of a vector", lambda: F.dropout2d(torch.ones(2, 3)))
caught("dropout in a single layer", lambda: nn.LSTM(2, 2, dropout=0.5))
caught("T of a cube", lambda: torch.ones(1, 2, 3).T)
caught("read-only array", lambda: torch.from_numpy(np.broadcast_to(np.ones(1), (2,))))
caught("__floordiv__", lambda: torch.tensor([3]) // 2)
caught(
    "scheduler before optimizer",
    lambda: torch.optim.lr_scheduler.StepLR(torch.optim.SGD([x], lr=0.1), 1).step(),
)
caught("std of one", lambda: torch.ones(1).std())
caught("var of one", lambda: torch.ones(3, 1).var(1))
caught("meshgrid without indexing", lambda: torch.meshgrid(torch.arange(2), torch.arange(2)))
caught("out of another size", lambda: torch.add(torch.ones(3), 1, out=torch.ones(2)))
caught("old init", lambda: nn.init.uniform(torch.empty(1)))
caught("init of nothing", lambda: nn.init.kaiming_uniform_(torch.empty(0, 3)))
caught(
    "module called twice in backward", lambda: nn.Linear(2, 1)(torch.ones(1, 2)).sum().backward()
)
caught("float of a tensor with history", lambda: float(y.sum()))
caught("volatile", lambda: torch.autograd.Variable(torch.ones(1), volatile=True))
caught("clip_grad_norm", lambda: nn.utils.clip_grad_norm([x], 1.0))
caught("Dataset shuffle", lambda: torch.utils.data.DataLoader([1, 2], shuffle=True))
caught("too many workers", lambda: torch.utils.data.DataLoader([1, 2], num_workers=512))
caught(
    "interpolate", lambda: F.interpolate(torch.ones(1, 1, 2, 2), scale_factor=2, mode="bilinear")
)
caught("upsample", lambda: F.upsample(torch.ones(1, 1, 2, 2), scale_factor=2))
caught("sigmoid function", lambda: F.sigmoid(torch.ones(1)))
caught("cross entropy", lambda: F.cross_entropy(torch.ones(2, 2), torch.tensor([0, 1])))
caught("batch norm in eval", lambda: nn.BatchNorm1d(2).eval()(torch.ones(1, 2)))
caught("bool index with bytes", lambda: torch.ones(3)[torch.tensor([1, 0, 1], dtype=torch.uint8)])
