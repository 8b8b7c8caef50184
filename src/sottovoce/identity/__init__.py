"""Who a person is: recovery phrases, key trees, key files, names and pictures of keys, links."""
