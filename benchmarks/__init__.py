"""Maru beside its peers: the same load on each, in one run. docs/benchmarks.md says how."""
