"""The commands of `suar`, by whom they are for: each parses, calls one function, and shows what it gave back."""
