"""Registering services and instances."""

CHANNEL = "mesh_instances"
