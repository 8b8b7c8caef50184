"""Whisper's gossip: envelopes, proof of work, filters, and the relay that passes envelopes on."""
