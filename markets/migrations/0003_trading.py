from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("markets", "0002_guards")]

    operations = []
