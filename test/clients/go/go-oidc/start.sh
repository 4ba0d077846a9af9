#!/bin/sh
# Debian's Go packages are sources below /usr/share/gocode, without modules.
set -e
export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$DATA/cache" GOFLAGS=
go build -o "$DATA/app" go/go-oidc/main.go
exec "$DATA/app"
