"""A workspace as large as wanted, to see how the inbox behaves in it."""
