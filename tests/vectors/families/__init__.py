"""One module per family: it turns the family's document into cases."""
