"""Saving and loading every kind of thing, copying, and pickling."""

import copy
import io
import os
import pickle
import tempfile
from collections import OrderedDict

import torch
from torch import nn

folder = tempfile.mkdtemp()
path = os.path.join(folder, "file.pt")


def through(value, **options):
    torch.save(value, path)
    return torch.load(path, **options)


for dtype in (
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
):
    print(through(torch.tensor([0, 1, 2]).to(dtype)))
print(
    through(torch.tensor(3.5)),
    through(torch.empty(0, 3)),
    through(torch.ones(2, 3).t()).stride(),
    through(torch.arange(10)[3:6]),
    through(torch.arange(10)[3:6]).storage_offset(),
    through(torch.ones(1).expand(3)).stride(),
)
print(
    through(torch.ones(2, requires_grad=True)),
    through(nn.Parameter(torch.ones(2))),
    type(through(nn.Parameter(torch.ones(2)))).__name__,
    through(nn.Parameter(torch.ones(2), requires_grad=False)).requires_grad,
)
print(
    through(
        {
            "a": [1, (2.5, "x", None, True)],
            "b": {"c": torch.ones(1)},
            3: {1, 2},
            "d": torch.float32,
            "s": torch.Size([1, 2]),
            "dev": torch.device("cpu"),
            "o": OrderedDict(z=1),
            "by": b"ab",
            "big": 2**70,
            "c": 1 + 2j,
        }
    )
)
a = torch.zeros(4)
pair = through([a, a[1:], a.view(2, 2)])
pair[0].fill_(7)
print(pair)
same = through((a, a))
print(same[0] is same[1], same[0].data_ptr() == same[1].data_ptr())
buffer = io.BytesIO()
torch.save({"x": torch.arange(3)}, buffer)
buffer.seek(0)
print(
    torch.load(buffer),
    torch.load(path, map_location="cpu")[0],
    torch.load(path, map_location=torch.device("cpu"))[1].shape,
    torch.load(path, map_location=lambda storage, location: storage)[0],
)
with open(path, "wb") as file:
    torch.save(torch.ones(1), file)
with open(path, "rb") as file:
    print(torch.load(file))
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.3))
state = through(net.state_dict(), weights_only=True)
print(type(state).__name__, list(state), state["1.num_batches_tracked"], state._metadata["1"])
opt = torch.optim.Adam(net.parameters())
net(torch.ones(2, 2)).sum().backward()
opt.step()
print(
    through(opt.state_dict())["state"][0]["step"],
    sorted(through(opt.state_dict())["param_groups"][0]),
)
scheduler = torch.optim.lr_scheduler.StepLR(opt, 3)
print(through(scheduler.state_dict())["step_size"])
net.eval()
whole = through(net, weights_only=False)
print(whole, whole.training, torch.equal(whole(torch.ones(1, 2)), net(torch.ones(1, 2))))
generator = torch.Generator().manual_seed(4)
torch.rand(3, generator=generator)
generator_state = through(generator.get_state())
print(torch.equal(torch.Generator().set_state(generator_state).get_state(), generator.get_state()))

print("copies and pickles")
for value in (
    torch.ones(2),
    torch.tensor([1, 2]),
    torch.ones(2, requires_grad=True),
    nn.Parameter(torch.zeros(1)),
    torch.Size([2, 3]),
    torch.float16,
    torch.device("cpu"),
    torch.arange(6)[2:4],
):
    print(pickle.loads(pickle.dumps(value)), copy.deepcopy(value), copy.copy(value))
b = torch.ones(3)
c = copy.deepcopy({"x": b, "y": b[:2]})
c["x"][0] = 5
print(c, b, copy.copy(b).data_ptr() == b.data_ptr())
w = torch.ones(1, requires_grad=True)
w.grad = torch.tensor([3.0])
print(
    copy.deepcopy(w).grad,
    copy.deepcopy(net)[0].weight.grad is not None,
    copy.deepcopy(opt).param_groups[0]["lr"],
)
twin = copy.deepcopy(net)
twin[0].weight.data.zero_()
print(
    twin[0].weight.sum(),
    net[0].weight.sum() != 0,
    type(pickle.loads(pickle.dumps(net))).__name__,
    pickle.loads(pickle.dumps(net))[2].p,
)
tied = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
tied[1].weight = tied[0].weight
for again in (copy.deepcopy(tied), through(tied, weights_only=False)):
    print(
        again[0].weight is again[1].weight, len(list(again.parameters())), list(again.state_dict())
    )
print(len(os.listdir(folder)), os.listdir(folder))
