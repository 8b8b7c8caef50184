"""The only place that imports cryptographic libraries: hashes, key derivation, AES, curve, ECIES."""
