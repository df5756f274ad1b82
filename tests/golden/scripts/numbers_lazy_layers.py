import torch, torch.nn as nn, copy, warnings

warnings.simplefilter("ignore")
m = nn.LazyLinear(3)
print(
    m, list(m.parameters()), m.state_dict(), m.weight, type(m.weight), m.has_uninitialized_params()
)
for f in (
    lambda: m.weight.shape,
    lambda: m.weight + 1,
    lambda: sum(p.numel() for p in m.parameters()),
    lambda: nn.init.zeros_(m.weight),
    lambda: torch.optim.SGD(m.parameters(), lr=0.1),
    lambda: m.load_state_dict(nn.Linear(4, 3).state_dict()),
    lambda: nn.Linear(4, 3).load_state_dict(nn.LazyLinear(3).state_dict()),
    lambda: m.to(torch.float64).weight.dtype,
    lambda: nn.LazyLinear(3).double().weight.dtype,
):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e)[:35])
print(m)
m = nn.LazyLinear(3)
c = copy.deepcopy(m)
print(c)
torch.manual_seed(0)
net = nn.Sequential(
    nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2)
)
print(net)
print(net(torch.ones(1, 1, 5, 5)))
print(net)
for n in ("LazyConv1d", "LazyConvTranspose2d", "LazyBatchNorm1d", "LazyInstanceNorm2d"):
    print(getattr(nn, n)(*([4, 3] if "Conv" in n else [])))
m = nn.LazyConv2d(4, 3)
try:
    m(torch.ones(2, 2))
except Exception as e:
    print(e)
try:
    nn.LazyBatchNorm2d()(torch.ones(2, 3))
except Exception as e:
    print(e)
print(nn.LazyBatchNorm2d().state_dict())


def init_cnn(module):
    if type(module) == nn.Linear or type(module) == nn.Conv2d:
        nn.init.xavier_uniform_(module.weight)


net = nn.Sequential(
    nn.LazyConv2d(6, kernel_size=5, padding=2),
    nn.Sigmoid(),
    nn.AvgPool2d(kernel_size=2, stride=2),
    nn.LazyConv2d(16, kernel_size=5),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Flatten(),
    nn.LazyLinear(120),
    nn.Sigmoid(),
    nn.LazyLinear(84),
    nn.Sigmoid(),
    nn.LazyLinear(10),
)
opt_in = torch.randn(2, 1, 28, 28)
net(opt_in)
net.apply(init_cnn)
X = torch.randn(1, 1, 28, 28)
for l in net:
    X = l(X)
    print(l.__class__.__name__, "output shape:\t", X.shape)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for i in range(3):
    opt.zero_grad()
    l = nn.functional.cross_entropy(net(opt_in), torch.tensor([1, 2]))
    l.backward()
    opt.step()
    print(l.item())
