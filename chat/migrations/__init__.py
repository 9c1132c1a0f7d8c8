"""Carries the data of an earlier version of Maru over to the shapes of this one, at the start.

``start.py`` decides what is to be done. Each step, such as ``to_2``, carries over from the version
before. It keeps the names of keys as they were and as it makes them, so that it stays as it is when
later versions change them.
"""
