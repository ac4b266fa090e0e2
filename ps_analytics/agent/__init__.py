"""The coach you talk to: a plugin; nobody imports it."""
