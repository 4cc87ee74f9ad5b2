"""The sample nation: what five agencies would record of simulated people, and, apart from it, what is true of them."""
