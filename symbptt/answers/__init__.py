"""Judging what somebody wrote about a model: read it, prove it, or refute it by an example."""
