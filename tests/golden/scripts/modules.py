"""How modules print, and how one finds one's way in them."""

import torch
import torch.nn as nn

for module in [
    nn.Linear(3, 4),
    nn.Linear(3, 4, bias=False),
    nn.Conv2d(1, 6, 5),
    nn.Conv2d(3, 8, (3, 5), stride=2, padding=1, dilation=2, groups=1, bias=False),
    nn.Conv2d(4, 4, 3, padding="same", groups=4),
    nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
    nn.Conv1d(2, 3, 4, stride=2),
    nn.MaxPool2d(2),
    nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
    nn.MaxPool2d((2, 3)),
    nn.AvgPool2d(2),
    nn.AvgPool2d(3, 1, 1),
    nn.AdaptiveAvgPool2d(1),
    nn.AdaptiveAvgPool2d((2, None)),
    nn.BatchNorm1d(5),
    nn.BatchNorm2d(5, eps=1e-3, momentum=None, affine=False),
    nn.BatchNorm2d(3, track_running_stats=False),
    nn.LayerNorm(8),
    nn.LayerNorm((4, 8), eps=1e-6, elementwise_affine=False),
    nn.Dropout(),
    nn.Dropout(0.2, inplace=True),
    nn.Dropout2d(0.3),
    nn.Flatten(),
    nn.Flatten(0, 1),
    nn.Unflatten(1, (2, 3)),
    nn.Identity(),
    nn.Embedding(10, 3),
    nn.Embedding(10, 3, padding_idx=0),
    nn.ReLU(),
    nn.ReLU(inplace=True),
    nn.LeakyReLU(),
    nn.LeakyReLU(0.2, True),
    nn.ReLU6(),
    nn.ELU(),
    nn.SELU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softmax(dim=1),
    nn.Softmax(),
    nn.LogSoftmax(dim=-1),
    nn.Softplus(),
    nn.Hardtanh(),
    nn.PReLU(),
    nn.LogSigmoid(),
    nn.Mish(),
    nn.Hardswish(),
    nn.MSELoss(),
    nn.L1Loss(),
    nn.SmoothL1Loss(),
    nn.CrossEntropyLoss(),
    nn.NLLLoss(),
    nn.BCELoss(),
    nn.BCEWithLogitsLoss(),
    nn.KLDivLoss(),
    nn.HuberLoss(),
    nn.ZeroPad2d(2),
    nn.Upsample(scale_factor=2),
]:
    print(module)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.scale = nn.Parameter(torch.ones(width, 1, 1))
        self.register_buffer("seen", torch.tensor(0))
        self.register_buffer("scratch", torch.zeros(2), persistent=False)

    def forward(self, x):
        self.seen += 1
        return x + self.scale * self.conv(torch.relu(self.norm(x)))

    def extra_repr(self):
        return f"width={self.scale.shape[0]}"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.blocks = nn.ModuleList([Block(4) for _ in range(2)])
        self.heads = nn.ModuleDict(
            {"class": nn.Linear(4, 10), "box": nn.Sequential(nn.Linear(4, 4), nn.Tanh())}
        )
        self.extras = nn.ParameterList(
            [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.ones(1, 3))]
        )
        self.unused = None
        self.tied = self.stem

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        x = x.mean((2, 3))
        return {name: head(x) for name, head in self.heads.items()}


class Empty(nn.Module):
    pass


torch.manual_seed(0)
net = Net()
print(net)
print(Empty(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict())
print(nn.Sequential(nn.Sequential(nn.Linear(1, 2), nn.ReLU()), nn.Sequential(nn.Linear(2, 1))))
print(nn.ModuleList([nn.Linear(2, 2) for _ in range(3)]))
out = net(torch.rand(2, 1, 8, 8))
print({name: tuple(value.shape) for name, value in out.items()})
print([name for name, _ in net.named_modules()])
print(
    [name for name, _ in net.named_children()], len(list(net.modules())), len(list(net.children()))
)
print([(name, tuple(p.shape)) for name, p in net.named_parameters()])
print([(name, b.tolist()) for name, b in net.named_buffers() if b.numel() < 3])
print([key for key in net.state_dict()])
print(
    sum(p.numel() for p in net.parameters() if p.requires_grad),
    len(list(net.parameters())),
    len(list(net.buffers())),
)
print(
    net.training,
    net.eval().training,
    net.blocks[0].norm.training,
    net.train() is net,
    net.blocks[1].training,
)
print(
    net.blocks[0].seen,
    net.get_submodule("heads.box.0"),
    net.get_parameter("blocks.0.scale").shape,
    net.get_buffer("blocks.0.seen"),
)
net.requires_grad_(False)
print(any(p.requires_grad for p in net.parameters()))
net.apply(lambda m: print(type(m).__name__, end=" "))
print()
net.double()
print(
    net.stem.weight.dtype,
    net.blocks[0].seen.dtype,
    net.float().stem.weight.dtype,
    net.to(torch.float16).stem.bias.dtype,
    net.to("cpu") is net,
)
seq = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
seq.append(nn.Linear(3, 1))
seq.add_module("last", nn.Sigmoid())
print(seq, len(seq), seq[-1], seq[0:2], [type(m).__name__ for m in seq])
seq[1] = nn.Tanh()
del seq[3]
seq.insert(0, nn.Identity())
seq.extend([nn.ReLU()])
print(seq)
from collections import OrderedDict

named = nn.Sequential(
    OrderedDict([("fc1", nn.Linear(2, 2)), ("act", nn.ReLU()), ("fc2", nn.Linear(2, 1))])
)
print(named, named.fc1, named[2], list(named._modules), "act" in dict(named.named_children()))
layers = nn.ModuleList([nn.Linear(1, 1)])
layers.append(nn.ReLU())
layers += [nn.Tanh()]
layers.insert(1, nn.Identity())
print(layers, len(layers), layers[1:3])
heads = nn.ModuleDict([["a", nn.Linear(1, 1)], ["b", nn.ReLU()]])
heads["c"] = nn.Tanh()
print(heads, list(heads.keys()), "a" in heads, heads.pop("a"), list(heads))
print(
    hasattr(net, "stem"),
    hasattr(net, "nope"),
    net.unused,
    "stem" in net._modules,
    net.tied is net.stem,
)
del net.tied
net.stem = nn.Identity()
print(net.stem, [name for name, _ in net.named_children()])
import copy

twin = copy.deepcopy(named)
twin.fc1.weight.data.zero_()
print(twin.fc1.weight.sum(), bool(named.fc1.weight.abs().sum() > 0), type(twin.fc1.weight).__name__)
p = nn.Parameter(torch.ones(2))
print(
    isinstance(p, torch.Tensor),
    isinstance(p, nn.Parameter),
    type(p * 2).__name__,
    type(p.data).__name__,
    p.is_leaf,
    isinstance(net.blocks[0].seen, nn.Parameter),
)
lin = nn.Linear(2, 2)
lin.weight = nn.Parameter(torch.eye(2))
lin.bias = None
print(lin, lin(torch.tensor([[3.0, 4.0]])), list(dict(lin.named_parameters())))
with torch.no_grad():
    lin.weight.copy_(torch.full((2, 2), 2.0))
    lin.weight[0, 0] = 5
print(lin.weight)
