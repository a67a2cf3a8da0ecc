"""What is in the queues, who is at work on what, and what has failed: a web page, and what it knows, for others."""
