"""A third-order polynomial fitted to a sine, once by each of several optimizers."""

import math
import os

import torch

STEPS = int(os.environ.get("EXAMPLE_STEPS", 2000))

x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
loss_fn = torch.nn.MSELoss(reduction="sum")

for make in (
    lambda p: torch.optim.RMSprop(p, lr=1e-3),
    lambda p: torch.optim.Adam(p, lr=1e-3),
    lambda p: torch.optim.AdamW(p, lr=1e-3, weight_decay=0.1),
    lambda p: torch.optim.Adagrad(p, lr=1e-1),
    lambda p: torch.optim.SGD(p, lr=1e-7, momentum=0.9, nesterov=True),
):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
    optimizer = make(model.parameters())
    print(type(optimizer).__name__)
    for t in range(STEPS):
        y_pred = model(xx)
        loss = loss_fn(y_pred, y)
        if t % 100 == 99 or t < 3:
            print(t, loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    linear_layer = model[0]
    print(
        f"Result: y = {linear_layer.bias.item():.4f} + {linear_layer.weight[:, 0].item():.4f} x"
        f" + {linear_layer.weight[:, 1].item():.4f} x^2 + {linear_layer.weight[:, 2].item():.4f} x^3"
    )
