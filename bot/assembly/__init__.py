"""The composition root by noun: each module makes the parts of one subject from those made before it."""
