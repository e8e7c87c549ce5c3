"""Oracle cases of matmul, einsum, convolutions."""

from .common import Cases, values

cases = Cases("contraction")
cases.add("matmul", values(2, 3), values(3, 4))
