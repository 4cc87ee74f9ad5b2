"""How often the name matcher is right: altered names of one person against names of strangers, all made up from a seed."""
