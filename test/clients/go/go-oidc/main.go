// go-oidc with golang.org/x/oauth2, as the example of go-oidc with a nonce shows them.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-oidc"
	"golang.org/x/oauth2"
)

type session struct {
	state, nonce string
	token        *oauth2.Token
}

var (
	ctx      = context.Background()
	base     = os.Getenv("BASE_URL")
	api      = os.Getenv("API") + "/orders"
	sessions = map[string]*session{}
	provider *oidc.Provider
	config   oauth2.Config
)

func main() {
	var err error
	provider, err = oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	if err != nil {
		log.Fatal(err)
	}
	config = oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  base + "/callback",
		Scopes:       strings.Fields(os.Getenv("SCOPE")),
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ready") })
	http.HandleFunc("/login", login)
	http.HandleFunc("/callback", callback)
	http.HandleFunc("/me", signedIn(me))
	http.HandleFunc("/orders", signedIn(orders))
	http.HandleFunc("/refresh", signedIn(refresh))
	http.HandleFunc("/logout", signedIn(logout))
	log.Fatal(http.ListenAndServe("localhost:"+os.Getenv("PORT"), nil))
}

func login(w http.ResponseWriter, r *http.Request) {
	id, s := random(), &session{state: random(), nonce: random()}
	sessions[id] = s
	http.SetCookie(w, &http.Cookie{Name: "go-oidc", Value: id, Path: "/", HttpOnly: true})
	http.Redirect(w, r, config.AuthCodeURL(s.state, oidc.Nonce(s.nonce)), http.StatusFound)
}

func callback(w http.ResponseWriter, r *http.Request) {
	s := find(r)
	if s == nil || r.URL.Query().Get("state") != s.state {
		http.Error(w, "state did not match", http.StatusBadRequest)
		return
	}
	if reason := r.URL.Query().Get("error"); reason != "" {
		http.Error(w, reason+": "+r.URL.Query().Get("error_description"), http.StatusForbidden)
		return
	}
	token, err := config.Exchange(ctx, r.URL.Query().Get("code"))
	if err != nil {
		http.Error(w, "Failed to exchange token: "+err.Error(), http.StatusInternalServerError)
		return
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := provider.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(ctx, raw)
	if err != nil || idToken.Nonce != s.nonce {
		http.Error(w, "Failed to verify the ID token", http.StatusInternalServerError)
		return
	}
	s.token = token
	http.Redirect(w, r, "/me", http.StatusFound)
}

func me(w http.ResponseWriter, r *http.Request, s *session) {
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(s.token))
	if err != nil {
		http.Error(w, "Failed to get userinfo: "+err.Error(), http.StatusInternalServerError)
		return
	}
	var claims struct {
		Name string `json:"name"`
	}
	info.Claims(&claims)
	json.NewEncoder(w).Encode(map[string]string{"name": claims.Name, "email": info.Email})
}

func orders(w http.ResponseWriter, r *http.Request, s *session) {
	answer, err := config.Client(ctx, s.token).Get(api)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
	io.Copy(w, answer.Body)
}

func refresh(w http.ResponseWriter, r *http.Request, s *session) {
	// A token source refreshes a token that has expired.
	before := s.token.AccessToken
	expired := *s.token
	expired.Expiry = time.Unix(1, 0)
	after, err := config.TokenSource(ctx, &expired).Token()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	s.token = after.WithExtra(map[string]interface{}{"id_token": s.token.Extra("id_token")})
	json.NewEncoder(w).Encode(map[string]bool{"changed": after.AccessToken != before})
}

func logout(w http.ResponseWriter, r *http.Request, s *session) {
	var metadata struct {
		EndSession string `json:"end_session_endpoint"`
	}
	provider.Claims(&metadata)
	idToken, _ := s.token.Extra("id_token").(string)
	s.token = nil
	query := url.Values{"id_token_hint": {idToken}, "post_logout_redirect_uri": {base + "/"}}
	http.Redirect(w, r, metadata.EndSession+"?"+query.Encode(), http.StatusFound)
}

func signedIn(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s := find(r); s != nil && s.token != nil {
			next(w, r, s)
			return
		}
		http.Error(w, "not signed in", http.StatusUnauthorized)
	}
}

func find(r *http.Request) *session {
	cookie, err := r.Cookie("go-oidc")
	if err != nil {
		return nil
	}
	return sessions[cookie.Value]
}

func random() string {
	bytes := make([]byte, 16)
	rand.Read(bytes)
	return base64.RawURLEncoding.EncodeToString(bytes)
}
