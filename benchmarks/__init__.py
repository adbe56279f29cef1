"""Figures of speed and accuracy, printed as tables: ``python -m benchmarks``."""
