"""Pure encodings: RLP, Snappy, hex, and the byte queue. They know no protocol."""
