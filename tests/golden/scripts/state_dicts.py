"""State dictionaries of modules, optimizers and schedulers, printed and loaded."""

import torch
from torch import nn, optim

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1, bias=False))
print(net.state_dict())
print(
    type(net.state_dict()).__name__,
    list(net.state_dict()),
    net.state_dict()["0.bias"].requires_grad,
)
print(dict(net.state_dict()._metadata))
state = net.state_dict()
state["0.bias"].fill_(7)
print(net[0].bias)
copy = {key: value.clone() for key, value in state.items()}
net[0].bias.data.zero_()
print(net.load_state_dict(copy), net[0].bias)
print(net.load_state_dict({"0.bias": torch.ones(3)}, strict=False))
try:
    net.load_state_dict({"0.bias": torch.ones(3), "x": torch.ones(1)})
except RuntimeError as error:
    print(error)
try:
    net.load_state_dict({**copy, "0.weight": torch.ones(2, 2), "1.running_mean": torch.ones(5)})
except RuntimeError as error:
    print(error)
print(net.state_dict(prefix="net.").keys())


class Wrapper(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.module = inner


print(list(Wrapper(net).state_dict()))
stripped = {
    key.replace("module.", "", 1): value for key, value in Wrapper(net).state_dict().items()
}
print(net.load_state_dict(stripped))

for make in (
    lambda p: optim.SGD(p, lr=0.1),
    lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    lambda p: optim.Adam(p),
    lambda p: optim.AdamW(p, lr=0.01, amsgrad=True),
    lambda p: optim.RMSprop(p, momentum=0.1, centered=True),
    lambda p: optim.Adagrad(p),
):
    w = nn.Parameter(torch.tensor([1.0, 2.0]))
    b = nn.Parameter(torch.tensor(3.0))
    opt = make([w, b])
    print(opt)
    print(opt.state_dict())
    (w.sum() * b).backward()
    opt.step()
    print(opt.state_dict())
    print([sorted(state) for state in opt.state.values()], opt.defaults)

w, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
opt = optim.SGD(
    [{"params": [w]}, {"params": [b], "lr": 0.01, "weight_decay": 0.1}], lr=0.1, momentum=0.5
)
print(opt)
opt.add_param_group({"params": nn.Parameter(torch.zeros(1)), "name": "late"})
print(
    len(opt.param_groups),
    opt.param_groups[2]["lr"],
    sorted(opt.param_groups[2]),
    repr(opt.param_groups[0]["params"]),
)
for group in opt.param_groups:
    group["lr"] = 0.5
(w * b).backward()
opt.step()
print(w, b, opt.state_dict()["param_groups"])
other = optim.SGD(
    [
        {"params": [nn.Parameter(torch.ones(1))]},
        {"params": [nn.Parameter(torch.ones(1))]},
        {"params": [nn.Parameter(torch.ones(1))]},
    ],
    lr=9.0,
)
other.load_state_dict(opt.state_dict())
print(
    other.param_groups[1]["lr"], other.param_groups[1]["weight_decay"], other.state_dict()["state"]
)
opt.zero_grad()
print(w.grad, opt.step() is None)
print(opt.step(lambda: torch.tensor(4.0)))
scheduler = optim.lr_scheduler.StepLR(opt, 2)
scheduler.step()
print(scheduler.state_dict())
print(optim.lr_scheduler.ExponentialLR(optim.SGD([w], lr=1.0), 0.5).state_dict())
print(optim.Adam([("weight", w), ("bias", b)]).param_groups[0].get("param_names"))
