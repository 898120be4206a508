from django.db import migrations, models


class Migration(migrations.Migration):
    """A region is a code, or a name of up to 64 characters where no table of codes is held for its country."""

    dependencies = [("marketplace", "0003_board_place")]

    operations = [
        migrations.AlterField(model_name=model, name="region", field=models.CharField(max_length=64))
        for model in ("person", "debtor", "task")
    ]
