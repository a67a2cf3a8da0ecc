"""What stands on a notebook's page: text, code, pictures, and answers to choose from."""
