"""Messages in protobuf: the `.proto` files, and the code that `make proto` makes of them."""
