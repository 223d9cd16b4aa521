"""Fills a new database: the accounts, the queue, the custom fields; writes the accounts' tokens where argv says."""
# mypy: ignore-errors

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.sites.models import Site  # noqa: E402
from django.core.management import call_command  # noqa: E402
from helpdesk.models import CustomField, Queue  # noqa: E402
from rest_framework.authtoken.models import Token  # noqa: E402

call_command("migrate", verbosity=0)
call_command("loaddata", "emailtemplate.json", verbosity=0)
place = f"127.0.0.1:{settings.DESK['ports']['server']}"
Site.objects.update_or_create(id=1, defaults={"domain": place, "name": "Desk"})

tokens = {}
for role, name in (("customer", "loadbot"), ("agent", "agent1")):
    # its API takes nothing from accounts that are not staff, a customer's least of all
    user = get_user_model().objects.create_superuser(name, f"{name}@desk.test", settings.DESK["passwords"][name])
    tokens[role] = Token.objects.create(user=user).key

spool = settings.FOLDER / "spool" / "now"
spool.mkdir(parents=True, exist_ok=True)
Queue.objects.create(
    title="Support",
    slug="support",
    email_address=settings.DESK["to"],
    allow_public_submission=True,
    allow_email_submission=True,
    enable_notifications_on_email_events=True,
    email_box_type="local",
    email_box_local_dir=f"{spool}/",
    email_box_interval=0,
)
CustomField.objects.create(name="csat", label="CSAT", data_type="integer", required=False, ordering=1)
CustomField.objects.create(name="run", label="Run", data_type="varchar", max_length=64, required=False, ordering=2)
CustomField.objects.create(name="key", label="Key", data_type="varchar", max_length=64, required=False, ordering=3)

handle = os.open(Path(sys.argv[1]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
with os.fdopen(handle, "w") as file:
    json.dump(tokens, file)
