"""Whole answers to a worksheet: read, judged formula by formula, marked by exercises."""
