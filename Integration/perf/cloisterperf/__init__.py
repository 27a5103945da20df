"""Cloister's benchmark suite: what sandboxing costs, side by side with other OCI runtimes."""
