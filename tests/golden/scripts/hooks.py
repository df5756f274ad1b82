"""Hooks on tensors and modules, retained gradients, and gradients that accumulate."""

import torch
from torch import nn

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2
handle = y.register_hook(lambda grad: print("grad of y", grad))
x.register_hook(lambda grad: grad * 10)
y.retain_grad()
z = (y**2).sum()
z.backward(retain_graph=True)
print(x.grad, y.grad, y.retains_grad)
handle.remove()
z.backward()
print(x.grad, y.grad)
x.grad.zero_()
(x * 3).sum().backward()
print(x.grad)
x.grad = None
(x.detach() * x).sum().backward()
print(x.grad)

a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
c = a * b
d = c + a
d.backward()
print(a.grad, b.grad, c.is_leaf)
e = torch.tensor(2.0, requires_grad=True)
f = e * e
g = f.detach() * e + f
g.backward()
print(e.grad)
(a * b).backward(inputs=[a])
print(a.grad, b.grad)
print(
    torch.autograd.grad(a * b, [a, b]),
    torch.autograd.grad(a * 2, [a, b], allow_unused=True),
    torch.autograd.grad((a * 2, b * 3), (a, b)),
)
h = torch.ones(2, 2, requires_grad=True)
(gx,) = torch.autograd.grad((h**3).sum(), h, create_graph=True)
print(gx)
gx.sum().backward()
print(h.grad)

print("modules")
net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
for p in net.parameters():
    nn.init.constant_(p, 0.5)
order = []
handles = []
for name, module in net.named_modules():

    def forward_hook(module, args, output, name=name):
        order.append(f"forward {name or 'net'} {tuple(args[0].shape)} -> {tuple(output.shape)}")

    def backward_hook(module, grad_input, grad_output, name=name):
        order.append(
            f"backward {name or 'net'} {[None if g is None else tuple(g.shape) for g in grad_input]} {[tuple(g.shape) for g in grad_output]}"
        )

    handles += [
        module.register_forward_hook(forward_hook),
        module.register_full_backward_hook(backward_hook),
    ]
pre = net[2].register_forward_pre_hook(lambda module, args: (args[0] * 2,))
out = net(torch.ones(4, 2, requires_grad=True))
print(out)
out.sum().backward()
print(*order, sep="\n")
for handle in handles:
    handle.remove()
order.clear()
pre.remove()
print(net(torch.ones(1, 2)), order)
changing = net[1].register_forward_hook(lambda module, args, output: output + 100)
print(net(torch.ones(1, 2)))
changing.remove()
features = {}
net[0].register_forward_hook(lambda module, args, output: features.update(first=output.detach()))
net(torch.ones(1, 2))
print(features)
print([p.grad.norm() for p in net.parameters()])
net.zero_grad()
print([p.grad for p in net.parameters()])
net(torch.ones(1, 2)).sum().backward()
net.zero_grad(set_to_none=False)
print(net[0].weight.grad)
total = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
print(total)
for p in net.parameters():
    p.grad.fill_(2)
print(torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0), net[2].bias.grad)
torch.nn.utils.clip_grad_value_(net.parameters(), 0.1)
print(net[2].weight.grad)
with torch.no_grad():
    print(net(torch.ones(1, 2)).requires_grad, torch.is_grad_enabled())
    with torch.enable_grad():
        print(net(torch.ones(1, 2)).requires_grad)
torch.set_grad_enabled(False)
print((x * 2).requires_grad)
torch.set_grad_enabled(True)
print((x * 2).requires_grad)


class Clamp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, low, high):
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        inside = (x > ctx.low) & (x < ctx.high)
        print("needs", ctx.needs_input_grad)
        return grad * inside, None, None


print(Clamp.apply(x, 1.5, 2.5))
Clamp.apply(x * 1, 1.5, 2.5).sum().backward()
print(x.grad)


class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b, a + b

    @staticmethod
    def backward(ctx, gp, gs):
        a, b = ctx.saved_tensors
        return gp * b + gs, gp * a + gs


a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
p, s = Two.apply(a, b)
(p * 10 + s).backward()
print(p, s, a.grad, b.grad, type(p.grad_fn).__name__)


class Straight(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x.round()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.mark_non_differentiable()

    @staticmethod
    def backward(ctx, g):
        return g


t = torch.tensor([0.4, 1.6], requires_grad=True)
Straight.apply(t).sum().backward()
print(t.grad, Straight.apply(t))
