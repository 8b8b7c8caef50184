"""sottovoce: a private messaging stack that talks Whisper v6 on devp2p."""
