"""Results of elementwise functions keep the order of their operands' memory."""

import torch

x = torch.arange(24.0).view(2, 3, 4)
for name, y in {
    "whole": x,
    "transpose": x.transpose(0, 1),
    "permute": x.permute(2, 0, 1),
    "last two": x.mT,
    "slice": x[:, ::2],
    "step": x.permute(1, 0, 2)[..., ::2],
    "expand": x[:1].expand(2, 3, 4),
    "select": x[:, 1].t(),
}.items():
    results = [
        y + 1,
        y * y,
        y.exp(),
        -y,
        y > 3,
        y.double(),
        torch.zeros_like(y),
        y.clone(),
        y.relu(),
        y.clamp(0, 5),
        y + x.sum(),
    ]
    print(
        f"{name:10s}",
        y.stride(),
        [tuple(r.stride()) for r in results],
        [r.is_contiguous() for r in results[:2]],
    )
m = x[0]
print(
    (m.t() + m.t()).stride(),
    (m + torch.ones(4, 3).t()).stride(),
    (m.t() * torch.ones(4, 3)).stride(),
)
try:
    (m.t() * 2).view(-1)
except RuntimeError as error:
    print(str(error)[:60])
print(
    (m.t() * 2).reshape(-1),
    (m.t() * 2).contiguous().view(-1).shape,
    (m.t() * 2).flatten().tolist() == m.t().flatten().tolist(),
)
print(
    m.t().sum(0, keepdim=True).stride(),
    m.t().softmax(0).stride(),
    (m.t() @ m).stride(),
    torch.cat([m.t(), m.t()]).stride(),
    torch.stack([m.t(), m.t()]).stride(),
)
conv = torch.nn.functional.conv2d(torch.ones(1, 2, 4, 4), torch.ones(3, 2, 3, 3))
print(
    conv.stride(),
    torch.nn.functional.max_pool2d(x[None], 2).stride(),
    torch.nn.functional.linear(m, torch.ones(5, 4)).stride(),
)
channels_last = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
print(
    channels_last.stride(),
    (channels_last + 1).stride(),
    channels_last.contiguous().stride(),
    channels_last.is_contiguous(memory_format=torch.channels_last),
)
