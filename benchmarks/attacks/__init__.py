"""What an ordinary member's message takes while somebody attacks the server: bin/bench --attacks.

Only ever against a server that the benchmark has started itself, over loopback, and for seconds.
"""
