"""Exact matrices: eigenvalues, powers, how powers grow, evaluation at given values.

SymPy does the exact linear algebra and NumPy the floating point; what either says is checked here
by multiplying out.
"""
