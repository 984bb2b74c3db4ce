"""What others may rely on: events that were published, and the documents that describe every door."""
