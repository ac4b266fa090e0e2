"""Kernels: the numerics of the formula language's stateful functions, NumPy columns in, NumPy columns out."""
