"""Takes the customers' mail from the spool into django-helpdesk, as its own `get_email` does, five times a second.

One message at a time and each of them once: what django-helpdesk fails on may be a ticket already (its auto-reply could
not be sent, say), and would be one more at each further try. It goes to spool/failed.
"""
# mypy: ignore-errors

import os
import time

import django
from django.conf import settings

django.setup()

from django.db import close_old_connections  # noqa: E402
from helpdesk.email import process_email  # noqa: E402

SPOOL = settings.FOLDER / "spool"
NEW, NOW, FAILED = (SPOOL / name for name in ("new", "now", "failed"))
for folder in (NEW, NOW, FAILED):
    folder.mkdir(parents=True, exist_ok=True)
for left in NOW.iterdir():
    left.rename(FAILED / left.name)

while True:
    for name in sorted(os.listdir(NEW)):
        message = NOW / name
        (NEW / name).rename(message)
        began = time.monotonic()
        process_email(quiet=True)
        close_old_connections()
        failed = message.exists()
        if failed:
            message.rename(FAILED / name)
        print(f"{name} {'failed' if failed else 'taken'} in {time.monotonic() - began:.3f} s", flush=True)
    time.sleep(0.2)
