"""Proofs and the kernel that checks them."""
