"""What is on the log and nowhere else, as files: taking them, checking them, and putting them on an empty broker."""
