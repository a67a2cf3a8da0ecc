"""This machine: the environment of the course, its Redis server, and what is wrong with either."""
