"""Build a background job system step by step, and watch it work."""
