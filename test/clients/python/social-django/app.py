"""social-auth-app-django with the generic OpenID Connect backend of social-auth-core, as its documentation shows it."""

import os
from urllib.parse import urlencode

import django
import requests
from django.conf import settings
from django.contrib.auth import logout as end_session
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
        "social_django",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    LOGIN_URL="/login",
    LOGIN_REDIRECT_URL="/me",
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=ISSUER,
    SOCIAL_AUTH_OIDC_KEY=os.environ["CLIENT_ID"],
    SOCIAL_AUTH_OIDC_SECRET=os.environ["CLIENT_SECRET"],
    # The backend itself requests openid, profile and email.
    SOCIAL_AUTH_OIDC_SCOPE=["offline_access", "orders:read"],
)
django.setup()


def login(request):
    return HttpResponseRedirect("/auth/login/oidc/")


@login_required
def me(request):
    return JsonResponse({"name": request.user.get_full_name(), "email": request.user.email})


@login_required
def orders(request):
    token = request.user.social_auth.get(provider="oidc").access_token
    answer = requests.get(f"{API}/orders", headers={"Authorization": f"Bearer {token}"})
    return HttpResponse(answer.content, status=answer.status_code)


@login_required
def refresh(request):
    from social_django.utils import load_strategy

    social = request.user.social_auth.get(provider="oidc")
    before = social.access_token
    social.refresh_token(load_strategy(request))
    return JsonResponse({"changed": social.access_token != before})


@login_required
def logout(request):
    id_token = request.user.social_auth.get(provider="oidc").extra_data["id_token"]
    end_session(request)
    metadata = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()
    query = {"id_token_hint": id_token, "post_logout_redirect_uri": f"{BASE_URL}/"}
    return HttpResponseRedirect(f"{metadata['end_session_endpoint']}?{urlencode(query)}")


urlpatterns = [
    path("", lambda request: HttpResponse("ready")),
    path("login", login),
    path("me", me),
    path("orders", orders),
    path("refresh", refresh),
    path("logout", logout),
    path("auth/", include("social_django.urls", namespace="social")),
]

call_command("migrate", verbosity=0)
call_command("runserver", os.environ["PORT"], "--noreload")
