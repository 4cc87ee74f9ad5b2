"""The reference client of a checkpoint: it speaks HTTP alone, knows no rule, and goes on working while the line is cut."""
