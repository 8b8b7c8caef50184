"""Words that every layer shares: quantities, time, entropy, packets, errors, machines.

It knows no protocol, no bytes on a wire and no library outside the standard one.
"""
