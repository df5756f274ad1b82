"""Idioms of the years before 1.0 and what they do today."""

import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    v = Variable(torch.ones(2), volatile=True)
    print(v, v.requires_grad, [str(w.message).split(".")[0] for w in caught])
x = Variable(torch.Tensor([[1, 2], [3, 4]]), requires_grad=True)
print(
    x,
    type(x).__name__,
    isinstance(x, Variable),
    isinstance(torch.ones(1), Variable),
    x.data,
    x.grad,
)
y = x + 2
print(
    y.grad_fn is not None,
    y.data[0],
    y.data[0][0].item(),
    y.creator if hasattr(y, "creator") else "no creator",
)
loss = (y * y * 3).mean()
loss.backward()
print(x.grad, x.grad.data, loss.data, loss.item())
try:
    loss.data[0]
except IndexError as error:
    print(error)
x.grad.data.zero_()
print(x.grad)
print(
    torch.Tensor(2, 3).size(),
    torch.Tensor([1, 2]),
    torch.Tensor(),
    torch.FloatTensor(2).size(),
    torch.LongTensor([1, 2]),
    torch.ByteTensor([1, 0]),
    torch.DoubleTensor([1.5]),
    torch.IntTensor([3]),
    torch.BoolTensor([True]),
)
print(
    torch.Tensor(torch.Size([2, 2])).shape,
    torch.Tensor([[1, 2]]).dtype,
    torch.LongTensor(3).dtype,
    torch.HalfTensor([1]).dtype,
)
print(
    x.type(),
    x.type(torch.LongTensor),
    x.data.type("torch.DoubleTensor"),
    x.data.type(torch.IntTensor).type(),
    x.data.long(),
    x.data.byte(),
    x.is_cuda,
    torch.ones(1).type_as(x.data.double()),
)
print(
    torch.ones(2, 2).new(3).shape,
    torch.ones(2).new([5, 6]),
    torch.ones(2).double().new_zeros(2),
    torch.ones(1).new_tensor([1.0]),
    torch.ones(2).new_full((2,), 3),
    torch.ones(1).new_empty(2).shape,
)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    a = F.log_softmax(torch.tensor([[1.0, 2.0]]))
    b = F.softmax(torch.tensor([1.0, 2.0]))
    c = nn.Softmax()(torch.ones(2, 2))
    d = F.mse_loss(torch.ones(2), torch.zeros(2), size_average=False)
    e = F.cross_entropy(torch.ones(2, 2), torch.tensor([0, 1]), reduce=False)
    f = nn.MSELoss(size_average=True)(torch.ones(2), torch.zeros(2))
    g = nn.CrossEntropyLoss(size_average=False)(torch.ones(2, 2), torch.tensor([0, 1]))
    h = F.nll_loss(a, torch.tensor([1]), size_average=False, reduce=True)
    i = F.tanh(torch.ones(1)), F.sigmoid(torch.zeros(1))
    j = nn.init.xavier_uniform(torch.empty(2, 2))
    k = torch.nn.utils.clip_grad_norm([x], 1.0)
    print(a, b, c, d, e, f, g, h, i, j.shape, k)
    print([w.category.__name__ for w in caught])
    for w in caught:
        print(str(w.message).splitlines()[0].split(". ")[0][:100])
output = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
target = torch.LongTensor([1, 0, 0])
pred = output.data.max(1, keepdim=True)[1]
correct = pred.eq(target.data.view_as(pred)).cpu().sum()
print(pred, correct, 100.0 * correct / len(target), "{:.0f}%".format(100.0 * correct / len(target)))
_, predicted = torch.max(output.data, 1)
print(
    (predicted == target).sum(),
    (predicted == target).sum().item(),
    (predicted == target).cpu().numpy().sum(),
    (predicted.numpy() == target.numpy()).astype(int).sum(),
)
print(
    (predicted != target).float().mean(),
    predicted.eq(target).sum().float() / len(target),
    (predicted == target).type(torch.FloatTensor).mean(),
)
total = 0
total += loss.data
total += loss
print(total, total.item())
net = nn.Linear(2, 1)
for p in net.parameters():
    p.data.fill_(0.5)
criterion = nn.MSELoss()
optimizer = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    inputs, labels = Variable(torch.ones(1, 2)), Variable(torch.zeros(1, 1))
    optimizer.zero_grad()
    outputs = net(inputs)
    loss = criterion(outputs, labels)
    loss.backward()
    optimizer.step()
    print(
        "epoch %d loss %.4f" % (epoch, loss.item()),
        "epoch {}, loss {:.3f}".format(epoch, loss.data),
        net.weight.data,
        net.bias.data.numpy(),
    )
for f in net.parameters():
    f.data.sub_(f.grad.data * 0.1)
    f.data.add_(-0.1, f.grad.data) if False else f.data.add_(f.grad.data, alpha=-0.1)
print(net.weight, net.weight.data.numpy(), list(net.parameters())[0].size(), net.weight.grad.data)
w = torch.randn(2, 2).type(torch.FloatTensor) * 0
w.requires_grad = True
(w * w).sum().backward()
w.data -= 0.1 * w.grad.data
w.grad.data.zero_()
print(
    w,
    w.grad.sum(),
    w.volatile if hasattr(w, "volatile") else "no volatile",
    w.output_nr,
    w._version > 0 if False else w.is_leaf,
)
print(
    torch.cuda.is_available(),
    torch.cuda.device_count(),
    torch.device("cuda" if torch.cuda.is_available() else "cpu"),
    torch.backends.cudnn.enabled in (True, False),
    torch.backends.mps.is_available(),
)
device = torch.device("cpu")
print(
    net.to(device) is net,
    torch.ones(1).to(device),
    torch.ones(1, device=device).device,
    torch.zeros(1).to("cpu", torch.float64),
    torch.ones(2).cpu().is_cuda,
    torch.tensor([1], device="cpu").device.type,
    torch.ones(1).get_device(),
)
print(
    torch.ones(2, 3).sum(0, True).size(),
    torch.ones(2, 3).sum(1)[0],
    torch.ones(3).squeeze(0).size(),
    torch.ones(2).resize_(1, 2).size(),
    torch.ones(4).resize_(2, 2).shape,
    torch.ones(2, 3).transpose(0, 1).contiguous().view(-1).size(),
)
print(
    torch.is_tensor(net.weight),
    torch.numel(net.weight),
    torch.manual_seed(1) is not None,
    torch.ones(1).is_same_size(torch.zeros(1)),
    torch.equal(torch.ones(2), torch.ones(2)),
    torch.ones(2).equal(torch.zeros(2)),
)
