"""What `faults.py` is made of: an app for each engine, as its users write one, and what hurts it."""
