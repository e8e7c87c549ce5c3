"""What writes parts of the repository from others: the docs of ops, the list of public names."""
