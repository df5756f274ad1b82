"""Automatic differentiation: a one-layer network, its graph, switching tracking off, Jacobian products."""

import torch

torch.manual_seed(0)

x = torch.ones(5)  # input
y = torch.zeros(3)  # expected output
w = torch.randn(5, 3, requires_grad=True)
b = torch.randn(3, requires_grad=True)
z = torch.matmul(x, w) + b
loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
print(f"Gradient function for z = {z.grad_fn}")
print(f"Gradient function for loss = {loss.grad_fn}")
print(z, loss)

loss.backward()
print(w.grad)
print(b.grad)

print("\nwithout tracking")
z = torch.matmul(x, w) + b
print(z.requires_grad)
with torch.no_grad():
    z = torch.matmul(x, w) + b
print(z.requires_grad)
z = torch.matmul(x, w) + b
z_det = z.detach()
print(z_det.requires_grad, z_det.data_ptr() == z.data_ptr())
print(torch.is_grad_enabled())
with torch.set_grad_enabled(False):
    print((w * 2).requires_grad)
with torch.inference_mode():
    print((w * 2).requires_grad)


@torch.no_grad()
def shrink(weights):
    return weights * 0.5


print(shrink(w).requires_grad)

print("\nproducts with the Jacobian")
inp = torch.eye(4, 5, requires_grad=True)
out = (inp + 1).pow(2).t()
out.backward(torch.ones_like(out), retain_graph=True)
print(f"First call\n{inp.grad}")
out.backward(torch.ones_like(out), retain_graph=True)
print(f"\nSecond call\n{inp.grad}")
inp.grad.zero_()
out.backward(torch.ones_like(out), retain_graph=True)
print(f"\nCall after zeroing gradients\n{inp.grad}")
weights = torch.arange(20.0).reshape(5, 4)
(direct,) = torch.autograd.grad(out, inp, grad_outputs=weights)
print(direct)

print("\na graph can be walked once")
u = torch.tensor([2.0, 3.0], requires_grad=True)
q = (u**2).sum()
q.backward()
try:
    q.backward()
except RuntimeError as error:
    print(type(error).__name__, str(error).split(".")[0])

print("\nsecond derivatives")
t = torch.tensor(2.0, requires_grad=True)
f = t**4
(first,) = torch.autograd.grad(f, t, create_graph=True)
(second,) = torch.autograd.grad(first, t)
print(first, second)

print("\nthe older tour")
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
print(y)
print(y.grad_fn)
z = y * y * 3
out = z.mean()
print(z, out)
a = torch.randn(2, 2)
a = (a * 3) / (a - 1)
print(a.requires_grad)
a.requires_grad_(True)
print(a.requires_grad)
print((a * a).sum().grad_fn)
out.backward()
print(x.grad)
x = torch.randn(3, requires_grad=True)
y = x * 2
while y.data.norm() < 1000:
    y = y * 2
print(y)
y.backward(torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float))
print(x.grad)
print(x.eq(x.detach()).all())
