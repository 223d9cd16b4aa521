"""Synthetic customers: who they are, why and when they need support, and the luck they will have."""
