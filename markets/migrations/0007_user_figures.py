from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("markets", "0006_market_figures")]

    operations = []
