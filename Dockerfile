# syntax=docker/dockerfile:1
# One file for every app: docker build --build-arg APP=orders -t gatehouse-orders .

FROM node:24-slim AS manifests
WORKDIR /gatehouse
COPY . .
# Only the manifests stay, so that a change of another file does not repeat the installation.
RUN find . -type f ! -name package.json ! -name package-lock.json -delete && find . -type d -empty -delete

FROM node:24-slim AS installed
# npm compiles better-sqlite3 if it cannot download a binary.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /gatehouse
COPY --from=manifests /gatehouse ./
RUN npm ci

# The image has bundles, the files that they read, and the packages with a binary: no other package, and no npm cache.
FROM installed AS build
COPY . .
ARG APP
RUN npx nx build "$APP" \
  && cd apps/"$APP" \
  && node ../../tools/run.mjs bundle --image /built

FROM node:24-slim
ARG APP
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
COPY --from=build /built /gatehouse
WORKDIR /gatehouse/apps/$APP
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.PORT}/health/ready`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Migrations run as a separate step: node dist/migrate.js; for auth: node dist/ops.js migrate
CMD ["node", "--enable-source-maps", "dist/main.js"]
