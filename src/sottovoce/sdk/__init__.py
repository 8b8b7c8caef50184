"""The asyncio facade: the only interface that we promise to keep."""
