"""Layers and losses: outputs and gradients over their options."""

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
for args in [
    dict(),
    dict(stride=2),
    dict(padding=1),
    dict(padding=(2, 1)),
    dict(dilation=2),
    dict(groups=2),
    dict(bias=False),
    dict(stride=(2, 3), padding=2),
    dict(padding="same"),
    dict(padding="valid"),
    dict(padding=1, padding_mode="reflect"),
    dict(padding=1, padding_mode="circular"),
    dict(padding=1, padding_mode="replicate"),
]:
    show(f"Conv2d {args}", nn.Conv2d(4, 6, 3, **args), x4)
show("Conv2d depthwise", nn.Conv2d(4, 8, (3, 2), groups=4), x4)
show("Conv2d unbatched", nn.Conv2d(4, 2, 3), x4[0])
show("Conv2d 1x1", nn.Conv2d(4, 2, 1), x4)
show("Conv1d", nn.Conv1d(4, 3, 3, stride=2, padding=1), torch.randn(2, 4, 10))
show("Conv1d unbatched", nn.Conv1d(4, 3, 5), torch.randn(4, 10))
for args in [(2,), (3, 2), (3, 2, 1), ((2, 3),), (2, 1)]:
    show(f"MaxPool2d {args}", nn.MaxPool2d(*args), x4)
    show(f"AvgPool2d {args}", nn.AvgPool2d(*args), x4)
show("MaxPool2d ceil", nn.MaxPool2d(2, ceil_mode=True), x4)
show("MaxPool2d dilation", nn.MaxPool2d(2, dilation=2), x4)
show("AvgPool2d count", nn.AvgPool2d(3, 2, 1, count_include_pad=False), x4)
show("MaxPool1d", nn.MaxPool1d(2), torch.randn(2, 3, 7))
show("AdaptiveAvgPool2d 1", nn.AdaptiveAvgPool2d(1), x4)
show("AdaptiveAvgPool2d (3, 5)", nn.AdaptiveAvgPool2d((3, 5)), x4)
print(F.max_pool2d(torch.arange(16.0).view(1, 1, 4, 4), 2, return_indices=True))
for track in (True, False):
    bn = nn.BatchNorm2d(4, track_running_stats=track)
    show(f"BatchNorm2d {track}", bn, x4)
    print(bn.running_mean, bn.running_var, bn.num_batches_tracked)
    bn.eval()
    show("  eval", bn, x4)
bn = nn.BatchNorm1d(5, momentum=None)
for i in range(3):
    bn(torch.randn(6, 5) + i)
print(bn.running_mean, bn.num_batches_tracked)
show("BatchNorm1d 3d", nn.BatchNorm1d(5), torch.randn(3, 5, 4))
show("LayerNorm", nn.LayerNorm(8), x4)
show("LayerNorm 2d", nn.LayerNorm([9, 8]), x4)
show("Linear", nn.Linear(8, 3), x4)
show("Linear vector", nn.Linear(8, 3), torch.randn(8))
show("Embedding", nn.Embedding(6, 3), torch.tensor([[0, 1, 1], [5, 2, 0]]))
show("Embedding padding", nn.Embedding(6, 3, padding_idx=0), torch.tensor([[0, 1, 1], [5, 2, 0]]))
show("Flatten", nn.Flatten(), x4)
show("Softmax", nn.Softmax(dim=1), x4)
show("pad", lambda t: F.pad(t, (1, 2, 0, 1), value=3), x4)

print("losses")
logits, labels = torch.randn(6, 4), torch.tensor([0, 3, 1, 1, 2, 0])
values, wanted = torch.randn(6, 4), torch.randn(6, 4)
weight = torch.tensor([1.0, 2.0, 0.5, 0.0])
for reduction in ("mean", "sum", "none"):
    r = dict(reduction=reduction)
    show(f"cross_entropy {reduction}", lambda t: F.cross_entropy(t, labels, **r), logits)
    show("  weight", lambda t: F.cross_entropy(t, labels, weight, **r), logits)
    show("  smoothing", lambda t: F.cross_entropy(t, labels, label_smoothing=0.1, **r), logits)
    show(
        "  smoothing and weight",
        lambda t: F.cross_entropy(t, labels, weight, label_smoothing=0.1, **r),
        logits,
    )
    show("  ignore", lambda t: F.cross_entropy(t, labels, ignore_index=1, **r), logits)
    show("  probabilities", lambda t: F.cross_entropy(t, values.softmax(1), **r), logits)
    show(
        "  images",
        lambda t: F.cross_entropy(t, torch.tensor([[[0, 1], [2, 3]]]), **r),
        torch.randn(1, 4, 2, 2),
    )
    show("nll_loss", lambda t: F.nll_loss(t.log_softmax(1), labels, weight, **r), logits)
    show("mse_loss", lambda t: F.mse_loss(t, wanted, **r), values)
    show("l1_loss", lambda t: F.l1_loss(t, wanted, **r), values)
    show("smooth_l1_loss", lambda t: F.smooth_l1_loss(t, wanted, beta=0.5, **r), values)
    show("huber_loss", lambda t: F.huber_loss(t, wanted, delta=0.7, **r), values)
    show("bce", lambda t: F.binary_cross_entropy(t.sigmoid(), wanted.sigmoid(), **r), values)
    show(
        "  weight",
        lambda t: F.binary_cross_entropy(t.sigmoid(), wanted.sigmoid(), weight, **r),
        values,
    )
    show(
        "bce logits", lambda t: F.binary_cross_entropy_with_logits(t, wanted.sigmoid(), **r), values
    )
    show(
        "  pos_weight",
        lambda t: F.binary_cross_entropy_with_logits(t, wanted.sigmoid(), pos_weight=weight, **r),
        values,
    )
    show("kl_div", lambda t: F.kl_div(t.log_softmax(1), wanted.softmax(1), **r), values)
    show(
        "  log target",
        lambda t: F.kl_div(t.log_softmax(1), wanted.log_softmax(1), log_target=True, **r),
        values,
    )
show(
    "kl_div batchmean",
    lambda t: F.kl_div(t.log_softmax(1), wanted.softmax(1), reduction="batchmean"),
    values,
)
print(
    F.cross_entropy(torch.tensor([1.0, 2.0]), torch.tensor(1)),
    F.cross_entropy(logits, torch.full((6,), -100)),
    nn.CrossEntropyLoss(weight)(logits, labels),
    nn.NLLLoss(ignore_index=0)(logits.log_softmax(1), labels),
)
print(
    nn.BCEWithLogitsLoss()(torch.tensor([100.0, -100.0]), torch.tensor([0.0, 0.0])),
    nn.BCELoss()(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0])),
)
