"""The streams behind integers, permutations, coin flips and masks: equal bit for bit."""

import random

import numpy as np
import torch
import torch.nn.functional as F

for seed in (0, 1, 42, 1234, 2**31, 2**40 + 3, -1):
    torch.manual_seed(seed)
    print(
        seed,
        torch.randint(0, 10, (8,)).tolist(),
        torch.randint(100, (3,)).tolist(),
        torch.randperm(7).tolist(),
        torch.rand(3).tolist(),
    )
torch.manual_seed(0)
print(
    torch.randint(-5, 5, (2, 3)),
    torch.randint(0, 2**40, (3,)),
    torch.randint(0, 256, (4,), dtype=torch.uint8),
    torch.randint(0, 2, (5,)).bool(),
)
print(
    torch.randint_like(torch.zeros(2, 2), 10),
    torch.randperm(20),
    torch.randperm(5, dtype=torch.int32),
    torch.randperm(0),
    torch.randperm(1),
)
print(
    torch.bernoulli(torch.full((10,), 0.3)),
    torch.bernoulli(torch.full((10,), 0.3, dtype=torch.float64)),
    torch.empty(10).bernoulli_(0.3),
    torch.empty(10).bernoulli_(),
)
print(
    torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 5, replacement=True),
    torch.multinomial(torch.ones(6), 6),
    torch.multinomial(torch.rand(2, 4), 2),
    torch.multinomial(torch.tensor([1.0, 3.0]), 1),
)
for p in (0.1, 0.5, 0.9):
    print(
        p,
        F.dropout(torch.ones(12), p).ne(0).int().tolist(),
        F.dropout2d(torch.ones(1, 6, 2, 2), p).sum((2, 3)).ne(0).int().tolist(),
    )
print(
    F.dropout(torch.ones(4), 0.5, training=False),
    F.dropout(torch.ones(4), 0.0),
    F.dropout(torch.ones(3), 1.0),
    F.dropout(torch.ones(4), 0.5),
)
drop = torch.nn.Dropout(0.25)
print(drop(torch.ones(2, 8)))
drop.eval()
print(drop(torch.ones(2)), torch.rand(2))
print(
    torch.empty(4, dtype=torch.int64).random_(10),
    torch.empty(4).random_(0, 3),
    torch.empty(2, dtype=torch.int64).random_(),
    torch.empty(3, dtype=torch.uint8).random_(),
)
print(
    torch.rand(2, 3),
    torch.rand(2, dtype=torch.float64),
    torch.rand(2, 2).t(),
    torch.rand_like(torch.ones(2)),
    torch.empty(3).uniform_(-1, 1),
    torch.rand(()),
    torch.rand(3, dtype=torch.float16),
    sep="\n",
)
print(torch.empty(3, 2).t().uniform_(), torch.zeros(4, 4)[::2, 1:3].uniform_(2, 3))
state = torch.get_rng_state()
a = torch.rand(3)
torch.set_rng_state(state)
print(torch.equal(a, torch.rand(3)), state.dtype, state.shape, state[:8])
g = torch.Generator()
print(
    g.initial_seed(),
    g.device,
    g.manual_seed(5) is g,
    torch.rand(2, generator=g),
    torch.randint(9, (2,), generator=g),
    torch.randperm(4, generator=g),
    g.initial_seed(),
)
h = torch.Generator().manual_seed(5)
h.set_state(g.get_state())
print(torch.equal(torch.rand(5, generator=g), torch.rand(5, generator=h)), torch.initial_seed())
torch.random.manual_seed(8)
print(torch.rand(1), torch.default_generator.initial_seed(), torch.random.initial_seed())
with torch.random.fork_rng():
    torch.manual_seed(1)
    print(torch.rand(1))
print(torch.rand(1))
print(torch.manual_seed(3) is torch.default_generator, isinstance(torch.seed(), int))
torch.manual_seed(0)
random.seed(0)
np.random.seed(0)
print(random.random(), np.random.randint(10), torch.randint(10, (1,)))
torch.manual_seed(0)
torch.rand(5)
first = torch.rand(1)
torch.manual_seed(0)
torch.rand(2)
torch.rand(3)
print(torch.equal(first, torch.rand(1)))
torch.manual_seed(0)
unused = torch.rand(4)
del unused
print(torch.rand(1))
big = torch.randperm(10000)
print(
    big[:6],
    big[-3:],
    big.sum(),
    torch.randint(0, 1000, (5000,)).sum(),
    torch.rand(100000).lt(0.5).sum(),
    torch.bernoulli(torch.full((1000,), 0.2)).sum(),
)
