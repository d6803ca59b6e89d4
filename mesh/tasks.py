"""What Celery finds of the mesh: an explicit list over its subpackages. Nobody inside the project imports from here."""
