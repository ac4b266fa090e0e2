"""Small browser components on one client-side bus."""
