from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0001_initial")]

    operations = []
