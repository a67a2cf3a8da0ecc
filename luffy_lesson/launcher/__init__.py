"""What `python3 -m luffy_lesson` does before and around the course."""
