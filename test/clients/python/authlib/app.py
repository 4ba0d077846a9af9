"""Authlib's Flask client, as https://docs.authlib.org shows it: OAuth registry, auto refresh, claims of the ID token."""

import os
from urllib.parse import urlencode

from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, jsonify, redirect, session, url_for

ISSUER, API, BASE_URL = (os.environ[name] for name in ("ISSUER", "API", "BASE_URL"))

app = Flask(__name__)
app.secret_key = os.urandom(32)
app.config["GATEHOUSE_CLIENT_ID"] = os.environ["CLIENT_ID"]
app.config["GATEHOUSE_CLIENT_SECRET"] = os.environ["CLIENT_SECRET"]

# The session cookie has no room for tokens.
tokens = {}


def save_token(name, token, refresh_token=None, access_token=None):
    tokens[session["sub"]].update(token)


oauth = OAuth(app, update_token=save_token)
oauth.register(
    "gatehouse",
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": os.environ["SCOPE"]},
)


@app.errorhandler(OAuthError)
def show(error):
    return jsonify(error=error.error, description=error.description), 502


@app.route("/login")
def login():
    return oauth.gatehouse.authorize_redirect(url_for("callback", _external=True))


@app.route("/callback")
def callback():
    token = oauth.gatehouse.authorize_access_token()
    session["sub"] = token["userinfo"]["sub"]
    tokens[session["sub"]] = token
    return redirect("/me")


@app.route("/me")
def me():
    # The name out of the ID token, the e-mail address from the userinfo endpoint.
    token = tokens[session["sub"]]
    userinfo = oauth.gatehouse.userinfo(token=token)
    return jsonify(name=token["userinfo"]["name"], email=userinfo["email"])


@app.route("/orders")
def orders():
    answer = oauth.gatehouse.get(f"{API}/orders", token=tokens[session["sub"]])
    return answer.json(), answer.status_code


@app.route("/refresh")
def refresh():
    # The library refreshes before a request whose token has expired.
    token = tokens[session["sub"]]
    before = token["access_token"]
    token["expires_at"] = 1
    oauth.gatehouse.get(f"{API}/orders", token=token).raise_for_status()
    return jsonify(changed=token["access_token"] != before)


@app.route("/logout")
def logout():
    token = tokens.pop(session.pop("sub"))
    query = {"id_token_hint": token["id_token"], "post_logout_redirect_uri": f"{BASE_URL}/"}
    metadata = oauth.gatehouse.load_server_metadata()
    return redirect(f"{metadata['end_session_endpoint']}?{urlencode(query)}")


@app.route("/")
def home():
    return "signed out" if "sub" not in session else "signed in"


app.run(port=int(os.environ["PORT"]))
