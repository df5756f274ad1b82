"""How integer and boolean tensors print, and what stands behind the brackets."""

import torch

print(torch.tensor(5), torch.tensor(-5), torch.tensor(True), torch.tensor([True, False]))
print(torch.tensor([1, 20, 300]), torch.tensor([-1, 20, 300]))
print(torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1, 2], dtype=torch.int16))
print(torch.tensor([1, 2], dtype=torch.uint8), torch.tensor([1, -2], dtype=torch.int8))
print(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[True, False], [False, True]]))
print(torch.arange(1001))
print(torch.arange(1000))
print(torch.arange(100).reshape(10, 10))
print(torch.zeros(3, 4, dtype=torch.bool))
print(torch.arange(5000).reshape(5, 10, 100) % 7)
print(
    torch.tensor([], dtype=torch.int64),
    torch.empty(0, 2, dtype=torch.bool),
    torch.zeros(3, 0, dtype=torch.int32),
)
print(torch.tensor([9223372036854775807, -9223372036854775808]))
print(torch.tensor([[[1]]]), torch.tensor([[[1, 2]], [[3, 4]]]))
print(torch.arange(0, 10**6, 10**5), torch.arange(10, 0, -3))
print(
    torch.ones(2, 2).bool(),
    torch.ones(2, 2).int(),
    torch.ones(2, 2).long(),
    torch.ones(2, 2).byte(),
)
print(torch.ones(2, 3).size(), torch.ones(2, 3).shape, torch.tensor(1).shape, torch.Size([1, 2]))
print(
    torch.float32,
    torch.float,
    torch.int64,
    torch.long,
    torch.bool,
    torch.bfloat16,
    torch.uint8,
    torch.half,
)
print(
    torch.device("cpu"), repr(torch.device("cpu")), torch.ones(1).device, torch.device("cpu").type
)
print(
    torch.Size([2, 3]) + (4,),
    torch.Size([2, 3])[1:],
    torch.Size([2, 3]).numel(),
    list(torch.Size([2, 3])),
)
print(
    torch.Size([2, 3]) == (2, 3),
    torch.Size((4, 5))[0],
    torch.Size([2, 3, 4])[-1],
    tuple(torch.Size([7])),
)
print(torch.ones(1).dtype.is_floating_point, torch.ones(1).long().dtype.is_floating_point)
print(torch.finfo(torch.float32).eps, torch.finfo(torch.float32).max, torch.iinfo(torch.int8).min)
print(
    torch.get_default_dtype(),
    torch.ones(2).layout,
    torch.ones(2).itemsize,
    torch.ones(2).element_size(),
)
print(
    torch.ones(2).type(),
    torch.ones(2).long().type(),
    torch.ones(2).bool().type(),
    torch.ones(2).half().type(),
)
print(torch.__version__.split(".")[0].isdigit(), torch.is_tensor(torch.ones(1)), torch.is_tensor(1))
