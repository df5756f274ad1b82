"""Normal draws, initialisers and default parameters: equal to rounding."""

import torch
from torch import nn

torch.set_printoptions(precision=5)
for seed in (0, 1, 42, 2**35):
    for size in ((), (1,), (3,), (15,), (16,), (17,), (40,), (3, 4), (5, 5)):
        torch.manual_seed(seed)
        x = torch.randn(size)
        print(
            seed,
            tuple(size),
            x.flatten()[:4].tolist(),
            x.flatten()[-2:].tolist(),
            torch.randint(1000, (1,)).item(),
        )
torch.manual_seed(0)
print(torch.randn(3), torch.randn(3), torch.randn(16)[:3], torch.randn(2))
print(
    torch.randn(3, dtype=torch.float64),
    torch.randn(20, dtype=torch.float64)[-5:],
    torch.randn(4, 6).t()[0],
    torch.randn_like(torch.ones(2, 2)),
)
print(
    torch.normal(2.0, 3.0, (4,)),
    torch.normal(torch.arange(4.0), torch.ones(4)),
    torch.normal(torch.zeros(3), 0.1),
    torch.normal(5.0, torch.ones(2)),
    torch.empty(20).normal_(1, 2)[:5],
)
print(
    torch.empty(4).exponential_(),
    torch.empty(3).exponential_(2.0),
    torch.empty(3).geometric_(0.5),
    torch.empty(3).cauchy_(),
    torch.empty(3).log_normal_(),
)
print(
    torch.randn(1000).mean(),
    torch.randn(1000).std(),
    torch.rand(1000).mean(),
    torch.randn(100, 100).sum(),
)
g = torch.Generator().manual_seed(2)
print(
    torch.randn(2, generator=g),
    torch.empty(2).normal_(generator=g),
    torch.randn(17, generator=g)[-1],
)

print("initialisers")
for name, init in {
    "uniform_": nn.init.uniform_,
    "normal_": nn.init.normal_,
    "xavier_uniform_": nn.init.xavier_uniform_,
    "xavier_normal_": nn.init.xavier_normal_,
    "kaiming_uniform_": nn.init.kaiming_uniform_,
    "kaiming_normal_": nn.init.kaiming_normal_,
    "kaiming fan_out": lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
    "kaiming leaky": lambda w: nn.init.kaiming_uniform_(w, a=0.2),
    "gain": lambda w: nn.init.xavier_uniform_(w, gain=nn.init.calculate_gain("relu")),
    "trunc_normal_": lambda w: nn.init.trunc_normal_(w, std=0.02),
    "std": lambda w: nn.init.normal_(w, 1.0, 0.01),
    "zeros_": nn.init.zeros_,
    "ones_": nn.init.ones_,
    "constant_": lambda w: nn.init.constant_(w, 0.3),
    "eye_": nn.init.eye_,
}.items():
    torch.manual_seed(1)
    w = init(torch.empty(5, 7))
    print(f"{name:18s} {w.flatten()[:3].tolist()} {w.sum():.5f} {w.requires_grad}")
print(
    [
        round(nn.init.calculate_gain(n), 6)
        for n in ("linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu")
    ],
    nn.init.calculate_gain("leaky_relu", 0.2),
)
print(
    nn.init.dirac_(torch.empty(2, 2, 3)).sum(),
    nn.init.xavier_uniform_(torch.empty(2, 3, 4, 5)).shape,
)

print("layers")
for make in (
    lambda: nn.Linear(3, 2),
    lambda: nn.Linear(784, 128),
    lambda: nn.Conv2d(1, 2, 3),
    lambda: nn.Conv2d(4, 6, 5, groups=2),
    lambda: nn.Conv1d(2, 2, 3),
    lambda: nn.Embedding(4, 3),
    lambda: nn.Embedding(3, 2, padding_idx=1),
    lambda: nn.BatchNorm2d(2),
    lambda: nn.LayerNorm(3),
    lambda: nn.Bilinear(2, 2, 2),
):
    torch.manual_seed(2)
    layer = make()
    print(
        type(layer).__name__,
        [
            (n, p.flatten()[:3].tolist(), round(p.sum().item(), 5))
            for n, p in layer.named_parameters()
        ],
    )
torch.manual_seed(3)
net = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(864, 10)
)
print(net(torch.randn(2, 1, 28, 28)))
net[4].reset_parameters()
print(net[4].weight[0, :4])


def weights_init(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)
    elif m.__class__.__name__.find("Conv") != -1:
        m.weight.data.normal_(0.0, 0.02)


net.apply(weights_init)
print([p.flatten()[:2].tolist() for p in net.parameters()])
