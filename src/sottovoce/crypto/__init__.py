"""The only place that imports cryptographic libraries: hashes, KDFs, AES, curve, ECIES."""
