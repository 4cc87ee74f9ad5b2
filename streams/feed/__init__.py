"""The gateway `suar feed`: what checkpoints, coordinators and agencies speak to. It knows no rule and decides nothing."""
