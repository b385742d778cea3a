"""A person's data: the policy, exports, erasure, and how long what is kept."""
