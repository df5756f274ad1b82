"""Mistakes with data loading and saving: what is raised, and how the message begins."""

import os
import pickle
import tempfile

import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    TensorDataset,
    random_split,
)


def attempt(name, mistake, whole=True):
    """Print the type of what `mistake` raises and, if `whole`, the first sentence of the message.

    The result is printed away, so that what is computed late is computed here.
    """
    try:
        str(mistake())
    except Exception as error:
        lines = str(error).splitlines() if whole else []
        print(
            f"{name}: {type(error).__name__}: {lines[0].split('. ')[0] if lines else ''}".rstrip(
                ": ."
            )
        )
    else:
        print(f"{name}: nothing raised")


class Ragged(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        return torch.ones(i + 1)


class Failing(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, i):
        raise ValueError(f"sample {i} is broken")


class Words(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, i):
        return {"a": None, "b": i}


class Nothing(Dataset):
    pass


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(3))


ten = TensorDataset(torch.arange(10))
attempt("tensors of different lengths", lambda: TensorDataset(torch.ones(2), torch.ones(3)))
attempt("ragged samples", lambda: next(iter(DataLoader(Ragged(), batch_size=2))))
attempt("a sample that raises", lambda: next(iter(DataLoader(Failing()))))
attempt("None in a batch", lambda: next(iter(DataLoader(Words(), batch_size=2))))
attempt("no __getitem__", lambda: Nothing()[0])
attempt("no __len__", lambda: len(Nothing()))
attempt("index out of range", lambda: ten[10])
attempt("subset out of range", lambda: Subset(ten, [99])[0])
attempt("batch size", lambda: DataLoader(ten, batch_size=0))
attempt("batch size of a string", lambda: DataLoader(ten, batch_size="2"))
attempt("shuffle with a sampler", lambda: DataLoader(ten, shuffle=True, sampler=RandomSampler(ten)))
attempt("shuffle of a stream", lambda: DataLoader(Stream(), shuffle=True))
attempt("length of a stream", lambda: len(DataLoader(Stream())))
attempt("batch_sampler and batch_size", lambda: DataLoader(ten, batch_size=3, batch_sampler=[[0]]))
attempt("batch_size None with drop_last", lambda: DataLoader(ten, batch_size=None, drop_last=True))
attempt("negative workers", lambda: DataLoader(ten, num_workers=-1))
attempt("timeout", lambda: DataLoader(ten, timeout=-1))
attempt("prefetch without workers", lambda: DataLoader(ten, prefetch_factor=2))
attempt("split lengths", lambda: random_split(ten, [3, 3]))
attempt("split fractions", lambda: random_split(ten, [0.9, 0.9]))
attempt("setting the batch size later", lambda: setattr(DataLoader(ten), "batch_size", 3))
attempt("sampler of nothing", lambda: RandomSampler([], num_samples=0))
attempt("weights", lambda: torch.utils.data.WeightedRandomSampler([1.0], num_samples=-1))
attempt("exhausted", lambda: next(iter(DataLoader(TensorDataset(torch.ones(0))))))

folder = tempfile.mkdtemp()
path = os.path.join(folder, "x.pt")


class Mine:
    pass


def saved(value):
    torch.save(value, path)
    return path


attempt("an object of my own", lambda: torch.load(saved(Mine())))
with open(path, "wb") as file:
    file.write(b"")
attempt("an empty file", lambda: torch.load(path))
attempt("a folder that is not there", lambda: torch.save(1, "no-such-folder/x.pt"))
