"""Where the machine meets the world: asyncio, sockets, clock, entropy, worker processes."""
