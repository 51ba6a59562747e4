"""What everything compiled is made of: vector loops, and float32 arithmetic of fixed order."""
