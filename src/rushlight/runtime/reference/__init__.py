"""NumPy meanings of the heavy primitives: convolution, pooling and random bits.

These modules stand at the bottom of the layers: they see arrays and ints, never a Tensor or an
Expr. The interpreter calls them, and every compiled kernel is tested against them.
"""
