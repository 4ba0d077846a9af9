# syntax=docker/dockerfile:1
# One file for every app: docker build --build-arg APP=orders -t gatehouse-orders .
# tools/image runs the same lines without Docker.

FROM node:24-slim AS manifests
WORKDIR /gatehouse
COPY package.json package-lock.json ./
COPY apps/auth/package.json apps/auth/
COPY apps/orders/package.json apps/orders/
COPY apps/billing/package.json apps/billing/
COPY apps/e2e/package.json apps/e2e/
COPY libs/guards/package.json libs/guards/
COPY libs/persistence/package.json libs/persistence/
COPY libs/service-kit/package.json libs/service-kit/

# npm compiles better-sqlite3 if it cannot download a binary.
FROM manifests AS installed
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
RUN npm ci

FROM installed AS build
COPY . .
ARG APP
RUN npx nx build "$APP" \
  && mkdir built \
  && cp -r --parents apps/"$APP"/dist libs/*/dist built

# The run-time packages of the app, without install scripts. The compiled better-sqlite3 is copied below.
FROM manifests AS dependencies
ARG APP
RUN npm ci --omit=dev --ignore-scripts --workspace "apps/$APP"

FROM node:24-slim
ARG APP
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=dependencies /gatehouse /gatehouse
COPY --from=installed /gatehouse/node_modules/better-sqlite3/build /gatehouse/node_modules/better-sqlite3/build
COPY --from=build /gatehouse/built /gatehouse
WORKDIR /gatehouse/apps/$APP
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Migrations run as a separate step: node dist/migrate.js; for auth: node dist/ops.js migrate
CMD ["node", "--enable-source-maps", "dist/main.js"]
