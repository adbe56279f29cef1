"""The language: terms with shapes, index arithmetic, canonical form, meaning."""
