"""Layers beyond those of the tutorials: outputs and gradients."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)


def show(name, module, *inputs):
    inputs = [i.clone().requires_grad_() if i.is_floating_point() else i for i in inputs]
    out = module(*inputs)
    weights = torch.linspace(-1, 1, out.numel()).view(out.shape)
    (out * weights).sum().backward()
    grads = [f"{i.grad.double().abs().sum().item():.4f}" for i in inputs if i.grad is not None]
    params = (
        [
            f"{n} {p.grad.double().abs().sum().item():.4f}"
            for n, p in module.named_parameters()
            if p.grad is not None
        ]
        if isinstance(module, nn.Module)
        else []
    )
    print(
        f"{name:34s} {tuple(out.shape)} {out.double().sum().item():.4f} {out.flatten()[:2].tolist()} {grads} {params}"
    )


x4 = torch.randn(2, 4, 9, 8)
show("ConvTranspose2d", nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), x4)
show("GroupNorm", nn.GroupNorm(2, 4), x4)
show("InstanceNorm2d", nn.InstanceNorm2d(4), x4)
show("PReLU", nn.PReLU(), x4)
show("Bilinear", nn.Bilinear(3, 4, 2), torch.randn(5, 3), torch.randn(5, 4))
show("interpolate", lambda t: F.interpolate(t, scale_factor=2), x4)
show("unfold", lambda t: F.unfold(t, 3), x4)
