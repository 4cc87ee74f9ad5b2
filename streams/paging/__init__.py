"""The pager: reads alerts, pages and silences from the log, decides with `agents.paging`, and calls whoever is on duty."""
