"""Measures the latency of a member's messages during attacks on the server: bin/bench --attacks.

Only ever against a server that the benchmark has started itself, over loopback, and for seconds.
"""
