"""Django's settings of the desk: everything that differs from desk to desk is in its settings.json."""
# mypy: ignore-errors

import json
import os
from pathlib import Path

FOLDER = Path(os.environ["SIM_DESK"])
DESK = json.loads((FOLDER / "settings.json").read_text("utf-8"))

SECRET_KEY = DESK["secret_key"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "desk_urls"
LOGIN_URL = "/login/"
STATIC_URL = "/static/"
MEDIA_ROOT = str(FOLDER / "media")
USE_TZ = True
TIME_ZONE = "UTC"
SITE_ID = 1
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.admin",
    "rest_framework",
    "rest_framework.authtoken",
    "helpdesk.apps.HelpdeskConfig",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(FOLDER / "desk.sqlite3"),
        "OPTIONS": {
            "timeout": 20,
            # a reader that turns writer in the middle of a transaction would fail at once, whatever the timeout
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
if DESK["rate"]:
    REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = ["rest_framework.throttling.UserRateThrottle"]
    REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": DESK["rate"]}
    # counted by all workers together
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(FOLDER / "cache")}
    }

EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = DESK["ports"]["mailbox"]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = DESK["to"]
SERVER_EMAIL = DESK["to"]

HELPDESK_TEAMS_MODE_ENABLED = False
# a customer's mail on a resolved ticket opens it again; by itself, only a closed one does
HELPDESK_EMAIL_REOPEN_STATUSES = (3, 4)
