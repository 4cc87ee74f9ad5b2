"""Words: what the agencies say, what Suar says, and on which topics."""
