"""The simulator: the very same node code on virtual time and a virtual network.

It is the second composition root beside `app`; `world` interprets the effects that `runtime`
would carry out.
"""
