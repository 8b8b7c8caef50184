"""The encrypted transport of Ethereum nodes: identity, handshake, frames, and one connection.

It gives packets to whoever runs on top and knows nothing of what they mean; it never imports
another layer of its own height.

Spec: devp2p rlpx.md, enr.md; EIP-8; EIP-706; EIP-778.
"""
