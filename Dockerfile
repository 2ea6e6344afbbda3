# One image for every role: `limelight up --role api|io|gpu`. On a GPU pass
# `--build-arg RUNTIME=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 --build-arg CUDA=12`.
ARG NODE=24.21.0
ARG RUNTIME=debian:13.8-slim

FROM node:${NODE}-trixie-slim AS build
WORKDIR /app
ENV npm_config_update_notifier=false
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY . .
ARG CUDA=""
# Builds the page and the workflow bundle here, because the root of the container is read-only. Native code for a GPU is
# downloaded only if requested; the package alone runs on the CPU.
RUN node scripts/build-image.mjs \
    && if [ -n "$CUDA" ]; then node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda${CUDA}; fi \
    && cp -r node_modules/.cache /tmp/cache \
    && npm prune --omit=dev --no-audit --no-fund \
    && mkdir -p node_modules/.cache && cp -r /tmp/cache/. node_modules/.cache/

FROM ${RUNTIME}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/src ./src
COPY --from=build /app/emulators ./emulators
COPY --from=build /app/models ./models
# Numeric ids, so that an orchestrator can verify that this is not root.
RUN groupadd --gid 10001 limelight \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin limelight \
    && install -d -o 10001 -g 10001 /data /models
USER 10001:10001
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=8 \
    STORAGE_ROOT=/data \
    MODELS_CACHE_DIR=/models \
    API_HOST=0.0.0.0 \
    WORKER_HTTP_HOST=0.0.0.0
VOLUME ["/data", "/models"]
EXPOSE 55433 55435 55436
ENTRYPOINT ["node", "src/cli/main.ts"]
CMD ["up", "--role", "api"]
