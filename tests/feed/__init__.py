"""The gateway, the pager and the clients of the feed."""
