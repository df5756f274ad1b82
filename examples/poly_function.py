"""A sine fitted by a + b P3(c + d x), where the Legendre polynomial P3 is an autograd function of our own."""

import math
import os

import torch

STEPS = int(os.environ.get("EXAMPLE_STEPS", 2000))


class LegendrePolynomial3(torch.autograd.Function):
    """P3(x) = (5 x^3 - 3 x) / 2, whose derivative is 3 (5 x^2 - 1) / 2."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
a = torch.full((), 0.0, requires_grad=True)
b = torch.full((), -1.0, requires_grad=True)
c = torch.full((), 0.0, requires_grad=True)
d = torch.full((), 0.3, requires_grad=True)

learning_rate = 5e-6
for t in range(STEPS):
    P3 = LegendrePolynomial3.apply
    y_pred = a + b * P3(c + d * x)
    loss = (y_pred - y).pow(2).sum()
    if t % 100 == 99 or t < 3:
        print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        for parameter in (a, b, c, d):
            parameter -= learning_rate * parameter.grad
            parameter.grad = None

print(P3(x).requires_grad, P3(c + d * x).grad_fn)
print(
    torch.autograd.gradcheck(
        P3, (torch.linspace(-1, 1, 5, dtype=torch.double, requires_grad=True),)
    )
)
print(f"Result: y = {a.item()} + {b.item()} * P3({c.item()} + {d.item()} x)")
