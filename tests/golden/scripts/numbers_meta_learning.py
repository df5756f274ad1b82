import torch, torch.nn as nn, torch.nn.functional as F, copy
from collections import OrderedDict

torch.manual_seed(0)


# MAML
class Sine(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            OrderedDict(
                [
                    ("l1", nn.Linear(1, 16)),
                    ("relu1", nn.ReLU()),
                    ("l2", nn.Linear(16, 16)),
                    ("relu2", nn.ReLU()),
                    ("l3", nn.Linear(16, 1)),
                ]
            )
        )

    def forward(self, x):
        return self.net(x)

    def functional(self, x, w):
        x = F.relu(F.linear(x, w[0], w[1]))
        x = F.relu(F.linear(x, w[2], w[3]))
        return F.linear(x, w[4], w[5])


m = Sine()
opt = torch.optim.Adam(m.parameters(), 1e-2)
for it in range(4):
    ml = 0
    for task in range(3):
        a, ph = torch.rand(1) * 4 + 1, torch.rand(1) * 3
        x = torch.rand(5, 1) * 10 - 5
        y = a * torch.sin(x + ph)
        tw = [w.clone() for w in m.parameters()]
        for s in range(2):
            l = F.mse_loss(m.functional(x, tw), y)
            g = torch.autograd.grad(l, tw, create_graph=True)
            tw = [w - 0.01 * gg for w, gg in zip(tw, g)]
        ml = ml + F.mse_loss(m.functional(x, tw), y)
    opt.zero_grad()
    (ml / 3).backward()
    opt.step()
    print((ml / 3).item())
# WGAN-GP
G, D = (
    nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 2)),
    nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1)),
)
og, od = (
    torch.optim.Adam(G.parameters(), 1e-3, betas=(0.0, 0.9)),
    torch.optim.Adam(D.parameters(), 1e-3, betas=(0.0, 0.9)),
)


def gp(D, r, f):
    al = torch.rand(r.size(0), 1).expand_as(r)
    i = (al * r + (1 - al) * f).requires_grad_(True)
    d = D(i)
    g = torch.autograd.grad(
        outputs=d,
        inputs=i,
        grad_outputs=torch.ones_like(d),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    return ((g.view(g.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


for i in range(4):
    r = torch.randn(8, 2) + 2
    f = G(torch.randn(8, 4)).detach()
    l = -D(r).mean() + D(f).mean() + 10 * gp(D, r, f)
    od.zero_grad()
    l.backward()
    od.step()
    gl = -D(G(torch.randn(8, 4))).mean()
    og.zero_grad()
    gl.backward()
    og.step()
    print(l.item(), gl.item())
# PINN
net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
o = torch.optim.LBFGS(
    net.parameters(), lr=1, max_iter=5, history_size=5, line_search_fn="strong_wolfe"
)
xt = torch.rand(20, 2, requires_grad=True)


def closure():
    o.zero_grad()
    u = net(xt)
    g = torch.autograd.grad(u, xt, torch.ones_like(u), create_graph=True)[0]
    ux, ut = g[:, :1], g[:, 1:]
    uxx = torch.autograd.grad(ux, xt, torch.ones_like(ux), create_graph=True)[0][:, :1]
    f = ut + u * ux - 0.01 / torch.pi * uxx
    l = (f**2).mean() + (net(torch.zeros(1, 2)) ** 2).mean()
    l.backward()
    return l


for i in range(2):
    print(f"{o.step(closure).item():.4f}")


# Neural ODE (Euler) and hypernet
class ODE(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
        [
            (nn.init.normal_(k.weight, 0, 0.1), nn.init.constant_(k.bias, 0))
            for k in self.net.modules()
            if isinstance(k, nn.Linear)
        ]

    def forward(self, t, y):
        return self.net(y**3)


f = ODE()
y = torch.tensor([[2.0, 0.0]])
ys = [y]
for t in torch.linspace(0, 1, 6)[:-1]:
    k1 = f(t, y)
    k2 = f(t + 0.1, y + 0.1 * k1)
    y = y + 0.2 * k2
    ys.append(y)
l = torch.stack(ys).abs().mean()
l.backward()
print(l, f.net[0].weight.grad.norm())
# Hessian-vector, jacobians, power iteration
w = torch.randn(3, requires_grad=True)
L = (w**4).sum() + w.prod()
(g,) = torch.autograd.grad(L, w, create_graph=True)
v = torch.ones(3)
(hv,) = torch.autograd.grad(g @ v, w)
print(hv)
print(torch.autograd.functional.hessian(lambda w: (w**4).sum() + w.prod(), w.detach()))


# straight-through
class STE(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sign()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        g = g.clone()
        g[x.abs() > 1] = 0
        return g


x = torch.tensor([-0.5, 0.2, 2.0], requires_grad=True)
STE.apply(x).sum().backward()
print(x.grad)
# VQ
cb = nn.Embedding(6, 4)
cb.weight.data.uniform_(-1 / 6, 1 / 6)
z = torch.randn(5, 4, requires_grad=True)
d = z.pow(2).sum(1, keepdim=True) + cb.weight.pow(2).sum(1) - 2 * torch.matmul(z, cb.weight.t())
ei = torch.argmin(d, dim=1).unsqueeze(1)
en = torch.zeros(5, 6)
en.scatter_(1, ei, 1)
qz = torch.matmul(en, cb.weight).view(z.shape)
l = F.mse_loss(qz.detach(), z) * 0.25 + F.mse_loss(qz, z.detach())
qz = z + (qz - z).detach()
(l + qz.sum()).backward()
ap = en.mean(0)
print(l, torch.exp(-torch.sum(ap * torch.log(ap + 1e-10))), z.grad[0], cb.weight.grad.abs().sum())


# focal, label smoothing, contrastive
def focal(i, t, g=2):
    lp = -F.cross_entropy(i, t, reduction="none")
    return (-((1 - lp.exp()) ** g) * lp).mean()


print(
    focal(torch.randn(4, 3), torch.tensor([0, 1, 2, 1])),
    nn.CrossEntropyLoss(label_smoothing=0.1)(torch.randn(4, 3), torch.tensor([0, 1, 2, 1])),
)
f = F.normalize(torch.randn(8, 5), dim=1)
sim = torch.matmul(f, f.T)
lb = (
    torch.cat([torch.arange(4)] * 2).unsqueeze(0) == torch.cat([torch.arange(4)] * 2).unsqueeze(1)
).float()
mask = torch.eye(8, dtype=torch.bool)
lb = lb[~mask].view(8, -1)
sim = sim[~mask].view(8, -1)
pos = sim[lb.bool()].view(8, -1)
neg = sim[~lb.bool()].view(8, -1)
print(F.cross_entropy(torch.cat([pos, neg], dim=1) / 0.07, torch.zeros(8, dtype=torch.long)))
