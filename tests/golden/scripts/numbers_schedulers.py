"""Learning rates over epochs, by every scheduler."""

import torch
from torch import nn, optim
from torch.optim import lr_scheduler as sched

makers = {
    "StepLR": lambda o: sched.StepLR(o, 3, gamma=0.5),
    "MultiStepLR": lambda o: sched.MultiStepLR(o, [2, 5, 5], gamma=0.1),
    "ExponentialLR": lambda o: sched.ExponentialLR(o, 0.9),
    "CosineAnnealingLR": lambda o: sched.CosineAnnealingLR(o, 6, eta_min=0.001),
    "LambdaLR": lambda o: sched.LambdaLR(o, lambda epoch: 0.95**epoch),
    "LambdaLR list": lambda o: sched.LambdaLR(o, [lambda e: 1 / (e + 1), lambda e: e]),
    "LinearLR": lambda o: sched.LinearLR(o, 0.5, total_iters=4),
    "ConstantLR": lambda o: sched.ConstantLR(o, 0.5, total_iters=4),
    "PolynomialLR": lambda o: sched.PolynomialLR(o, 5, power=2.0),
    "MultiplicativeLR": lambda o: sched.MultiplicativeLR(o, lambda e: 0.8),
    "CosineAnnealingWarmRestarts": lambda o: sched.CosineAnnealingWarmRestarts(o, 3, 2),
    "OneCycleLR": lambda o: sched.OneCycleLR(o, 0.1, total_steps=12),
    "CyclicLR": lambda o: sched.CyclicLR(o, 0.01, 0.1, step_size_up=3),
    "SequentialLR": lambda o: sched.SequentialLR(
        o, [sched.ConstantLR(o, 0.1, 2), sched.ExponentialLR(o, 0.9)], [2]
    ),
}
for name, make in makers.items():
    w, b = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    opt = optim.SGD([{"params": [w]}, {"params": [b], "lr": 0.5}], lr=0.1, momentum=0.9)
    scheduler = make(opt)
    rates = [scheduler.get_last_lr()]
    for epoch in range(10):
        opt.zero_grad()
        (w * b).backward()
        opt.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
    print(
        name,
        [round(r[0], 8) for r in rates],
        [round(r[1], 8) for r in rates[:4]],
        scheduler.last_epoch,
    )
    print(
        "  ",
        f"{w.item():.5f} {b.item():.5f}",
        [g["lr"] == r for g, r in zip(opt.param_groups, scheduler.get_last_lr())],
        type(scheduler).__name__,
    )

opt = optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
plateau = sched.ReduceLROnPlateau(opt, factor=0.5, patience=1)
for loss in (5.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0):
    opt.step()
    plateau.step(loss)
    print(opt.param_groups[0]["lr"], end=" ")
print()
opt = optim.Adam([nn.Parameter(torch.ones(1))], lr=0.1)
a = sched.StepLR(opt, 2)
for _ in range(3):
    opt.step()
    a.step()
resumed = optim.Adam([nn.Parameter(torch.ones(1))], lr=0.1)
b = sched.StepLR(resumed, 2)
b.load_state_dict(a.state_dict())
resumed.load_state_dict(opt.state_dict())
for _ in range(2):
    for o, s in ((opt, a), (resumed, b)):
        o.step()
        s.step()
    print(a.get_last_lr(), b.get_last_lr(), b.last_epoch, opt.param_groups[0]["initial_lr"])
for group in opt.param_groups:
    group["lr"] *= 0.1
print([g["lr"] for g in opt.param_groups])
