"""mozilla-django-oidc, as https://mozilla-django-oidc.readthedocs.io shows it. It is on PyPI, not in Debian."""

import os
from urllib.parse import urlencode

import django
import requests
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.management import call_command
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import include, path

ISSUER, API, BASE_URL, DATA = (os.environ[name] for name in ("ISSUER", "API", "BASE_URL", "DATA"))

settings.configure(
    DEBUG=True,
    SECRET_KEY=os.urandom(32).hex(),
    ALLOWED_HOSTS=["localhost"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{DATA}/db.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    LOGIN_URL="/login",
    LOGIN_REDIRECT_URL="/me",
    LOGIN_REDIRECT_URL_FAILURE="/failed",
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SCOPES=os.environ["SCOPE"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{ISSUER}/oauth/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{ISSUER}/oauth/token",
    OIDC_OP_USER_ENDPOINT=f"{ISSUER}/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{ISSUER}/.well-known/jwks.json",
    OIDC_OP_LOGOUT_URL_METHOD=f"{__name__}.logout_url",
    ALLOW_LOGOUT_GET_METHOD=True,
    OIDC_STORE_ACCESS_TOKEN=True,
    OIDC_STORE_ID_TOKEN=True,
)
django.setup()

from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402


class Backend(OIDCAuthenticationBackend):
    def create_user(self, claims):
        user = super().create_user(claims)
        user.first_name = claims.get("name", "")
        user.save()
        return user


def logout_url(request):
    query = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": f"{BASE_URL}/",
    }
    return f"{ISSUER}/oauth/logout?{urlencode(query)}"


@login_required
def me(request):
    return JsonResponse({"name": request.user.get_full_name(), "email": request.user.email})


@login_required
def orders(request):
    headers = {"Authorization": f"Bearer {request.session['oidc_access_token']}"}
    answer = requests.get(f"{API}/orders", headers=headers)
    return HttpResponse(answer.content, status=answer.status_code)


urlpatterns = [
    path("", lambda request: HttpResponse("ready")),
    path("login", lambda request: HttpResponseRedirect("/oidc/authenticate/")),
    path("failed", lambda request: HttpResponse("The login failed.", status=403)),
    path("me", me),
    path("orders", orders),
    path("logout", lambda request: HttpResponseRedirect("/oidc/logout/")),
    path("oidc/", include("mozilla_django_oidc.urls")),
]

call_command("migrate", verbosity=0)
call_command("runserver", os.environ["PORT"], "--noreload")
