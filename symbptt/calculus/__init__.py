"""Derivations: differentials, Jacobians, adjoints. Untrusted; everything comes with a proof."""
