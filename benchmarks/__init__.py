"""Measures Maru and other servers under the same load, in one run; see docs/benchmarks.md."""
