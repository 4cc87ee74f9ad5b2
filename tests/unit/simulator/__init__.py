"""The sample nation: its bytes, its shape, its faults, and its truth."""
