"""What is measured about a landscape, one idea in each file."""
