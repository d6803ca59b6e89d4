"""How far each node's access logs have been read."""

from django.db import models


class LogPosition(models.Model):
    """Written in the transaction that stores the lines, so that each line is stored once."""

    node = models.CharField(max_length=120)
    file = models.CharField(max_length=60)
    # A log that was set aside is another file under the same name.
    inode = models.BigIntegerField()
    offset = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "file"], name="log_position_node_file")]

    def __str__(self) -> str:
        return f"{self.node} {self.file}: {self.offset}"
