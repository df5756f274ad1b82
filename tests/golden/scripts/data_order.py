"""In which order loaders, samplers and splits deliver, for several seeds, and what they draw from the generator."""

import torch
from torch.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

ten = TensorDataset(torch.arange(10), torch.arange(10) * 10.0)
for seed in (0, 1, 42, 2**33 + 5):
    torch.manual_seed(seed)
    loader = DataLoader(ten, batch_size=4, shuffle=True)
    for epoch in range(2):
        print(seed, epoch, [x.tolist() for x, y in loader])
    print("next draw", torch.randint(0, 1000, (3,)))
torch.manual_seed(0)
for _ in DataLoader(ten):
    pass
print("after an unshuffled epoch", torch.randint(0, 1000, (3,)))
g = torch.Generator().manual_seed(7)
loader = DataLoader(ten, batch_size=3, shuffle=True, generator=g)
for epoch in range(2):
    print([x.tolist() for x, y in loader])
print("generator", torch.randint(0, 1000, (3,), generator=g))
print(
    [len(DataLoader(ten, batch_size=b, drop_last=d)) for b in (1, 3, 10, 11) for d in (False, True)]
)
print([x.tolist() for x, y in DataLoader(ten, batch_size=4, drop_last=True)])
torch.manual_seed(3)
it = iter(DataLoader(ten, batch_size=5, shuffle=True))
print(next(it), next(it), next(it, "end"))
print(
    list(SequentialSampler(range(4))),
    list(RandomSampler(range(6))),
    list(RandomSampler(range(6), replacement=True, num_samples=8)),
)
print(list(RandomSampler(range(5), num_samples=12)), list(RandomSampler(range(5), num_samples=3)))
print(
    list(SubsetRandomSampler([3, 5, 7, 9])),
    list(WeightedRandomSampler([0.1, 0.9, 0.0], 6)),
    list(WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)),
)
print(
    list(BatchSampler(SequentialSampler(range(7)), 3, False)), list(BatchSampler(range(7), 3, True))
)
torch.manual_seed(5)
a, b = random_split(ten, [7, 3])
print(a.indices, b.indices, len(a), [x.item() for x, _ in b])
c, d, e = random_split(range(11), [0.5, 0.3, 0.2], generator=torch.Generator().manual_seed(1))
print(list(c), list(d), list(e))
both = ConcatDataset([ten, Subset(ten, [0, 2])])
print(len(both), both[11], both[-1], both.cumulative_sizes, (ten + ten)[15])
print(ten[0], ten[2:4], len(ten), ten[-1], Subset(ten, [5, 1])[0])
torch.manual_seed(9)
print(
    [
        x.tolist()
        for x, _ in DataLoader(ten, batch_size=4, sampler=SubsetRandomSampler(range(5, 10)))
    ]
)
print([x.tolist() for x, _ in DataLoader(ten, batch_sampler=[[0, 1], [9], [3, 3, 3]])])


class Records(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return {
            "id": i,
            "x": torch.full((2,), float(i)),
            "name": f"n{i}",
            "pair": (i, i / 2),
            "list": [i, [i]],
            "flag": i > 2,
        }


for batch in DataLoader(Records(), batch_size=3):
    print(batch)
print(
    list(DataLoader([1, 2, 3], batch_size=2)),
    list(DataLoader([1.5, 2.5], batch_size=2)),
    list(DataLoader(["a", "b"], batch_size=2)),
)
print(
    list(DataLoader(range(4), batch_size=2, collate_fn=lambda samples: [s * 2 for s in samples])),
    list(DataLoader([5, 6], batch_size=None)),
)
import numpy as np

print(
    list(DataLoader(np.arange(6).reshape(3, 2), batch_size=2)),
    list(DataLoader([(np.float32(1), np.ones(2)), (np.float32(2), np.zeros(2))], batch_size=2)),
)
from torch.utils.data import default_collate

print(
    default_collate([torch.ones(2), torch.zeros(2)]),
    default_collate([{"a": 1}, {"a": 2}]),
    default_collate([(1, "x"), (2, "y")]),
    default_collate([True, False]),
)


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


print(
    list(DataLoader(Stream(5), batch_size=2)),
    list(DataLoader(Stream(5), batch_size=2, drop_last=True)),
    list(DataLoader(Stream(3), batch_size=None)),
)


class Squares(Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, i):
        return i * i, torch.randint(0, 100, (1,)).item()


def main():
    torch.manual_seed(11)
    print([[part.tolist() for part in x] for x in DataLoader(Squares(), batch_size=2)])
    torch.manual_seed(11)
    squares = DataLoader(Squares(), batch_size=2, shuffle=True, num_workers=2)
    for epoch in range(2):
        print([[part.tolist() for part in x] for x in squares])
    print(
        torch.utils.data.get_worker_info(),
        loader.batch_size,
        loader.num_workers,
        type(loader.sampler).__name__,
        loader.drop_last,
        loader.dataset is ten,
    )


if __name__ == "__main__":
    main()
