"""What the lessons experiment with: a website that blocks, processes to kill, sliders for one's own runs."""
