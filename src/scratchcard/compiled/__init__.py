"""The parts that all compiled code shares: vector loops, float32 arithmetic and their cache."""
