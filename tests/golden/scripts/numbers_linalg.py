"""Linear algebra on small matrices, einsum and statistics."""

import torch

m = torch.tensor([[4.0, 2.0], [2.0, 3.0]])
print(
    torch.inverse(m),
    torch.det(m),
    torch.linalg.solve(m, torch.ones(2)),
    torch.linalg.cholesky(m),
    torch.linalg.eigvalsh(m),
    torch.trace(m),
    torch.matrix_power(m, 2),
    torch.linalg.norm(m),
    torch.linalg.matrix_rank(m),
)
print(
    torch.einsum("ij,jk->ik", m, m),
    torch.einsum("ii", m),
    torch.einsum("bij,bjk->bik", m[None], m[None]),
    torch.tensordot(m, m, 1),
    torch.kron(m, torch.eye(2))[0],
)
print(
    torch.arange(12.0).view(3, 4).var(1),
    torch.arange(12.0).view(3, 4).quantile(0.5, dim=1),
    torch.tensor([[1.0, 2, 4], [2, 4, 9]]).corrcoef(),
    torch.cov(torch.tensor([[1.0, 2, 4], [2, 4, 9]])),
)
