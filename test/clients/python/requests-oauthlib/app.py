"""requests-oauthlib's web application flow, as https://requests-oauthlib.readthedocs.io shows it; oauthlib stays strict."""

import os
from urllib.parse import urlencode

import requests
from flask import Flask, jsonify, redirect, request, session
from oauthlib.oauth2 import OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

# Loopback has no TLS.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

ISSUER, API, BASE_URL = (os.environ[name] for name in ("ISSUER", "API", "BASE_URL"))
CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
SCOPE = os.environ["SCOPE"].split()

metadata = requests.get(f"{ISSUER}/.well-known/openid-configuration").json()
app = Flask(__name__)
app.secret_key = os.urandom(32)

# The session cookie has no room for tokens.
tokens = {}


def gatehouse(**more):
    return OAuth2Session(CLIENT_ID, redirect_uri=f"{BASE_URL}/callback", scope=SCOPE, **more)


@app.errorhandler(OAuth2Error)
@app.errorhandler(Warning)
def show(error):
    return jsonify(error=getattr(error, "error", type(error).__name__), description=str(error)), 502


@app.route("/login")
def login():
    # Version 2 does this itself: OAuth2Session(…, pkce="S256").
    pkce = WebApplicationClient(CLIENT_ID)
    session["verifier"] = pkce.create_code_verifier(64)
    url, session["state"] = gatehouse().authorization_url(
        metadata["authorization_endpoint"],
        code_challenge=pkce.create_code_challenge(session["verifier"], "S256"),
        code_challenge_method="S256",
    )
    return redirect(url)


@app.route("/callback")
def callback():
    token = gatehouse(state=session["state"]).fetch_token(
        metadata["token_endpoint"],
        client_secret=CLIENT_SECRET,
        code_verifier=session["verifier"],
        authorization_response=request.url,
    )
    tokens[session["state"]] = token
    session["user"] = session["state"]
    return redirect("/me")


@app.route("/me")
def me():
    return gatehouse(token=tokens[session["user"]]).get(metadata["userinfo_endpoint"]).json()


@app.route("/orders")
def orders():
    answer = gatehouse(token=tokens[session["user"]]).get(f"{API}/orders")
    return answer.json(), answer.status_code


@app.route("/refresh")
def refresh():
    before = tokens[session["user"]]
    after = gatehouse(token=before).refresh_token(
        metadata["token_endpoint"], client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )
    tokens[session["user"]] = after
    return jsonify(changed=after["access_token"] != before["access_token"])


@app.route("/logout")
def logout():
    token = tokens.pop(session.pop("user"))
    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": f"{BASE_URL}/"}
    return redirect(f"{metadata['end_session_endpoint']}?{urlencode(query)}")


@app.route("/")
def home():
    return "signed in" if "user" in session else "signed out"


app.run(port=int(os.environ["PORT"]))
