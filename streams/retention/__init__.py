"""Two steps at the end of a record's time: what may be told of many stays as a month's numbers, and then the record is deleted."""
