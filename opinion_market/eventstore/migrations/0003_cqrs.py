from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0002_seals")]

    operations = []
