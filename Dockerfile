# vitrina with what it needs to run, and nothing else. The database comes from outside: set DATABASE_URL.

FROM rust:1.95-slim-trixie AS build
WORKDIR /build

# Dependencies first: this layer stays cached until they change. Benches and tests are no part of the image, so the manifest forgets them.
COPY Cargo.toml Cargo.lock ./
RUN sed -i '/^\[\[\(bench\|test\)\]\]$/,/^$/d' Cargo.toml \
    && mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin vitrina

# The sources are newer than the placeholders, so that cargo builds them. The debug information is kept apart.
COPY .cargo .cargo
COPY .sqlx .sqlx
COPY config config
COPY migrations migrations
COPY src src
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin vitrina \
    && objcopy --only-keep-debug target/release/vitrina vitrina.debug \
    && objcopy --strip-debug --add-gnu-debuglink=vitrina.debug target/release/vitrina vitrina

# What a debugger or profiler wants beside the binary: docker build --target debug --output . .
FROM scratch AS debug
COPY --from=build /build/vitrina.debug /

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vitrina
COPY --from=build /build/vitrina /usr/local/bin/vitrina

USER vitrina
ENV BIND_ADDR=0.0.0.0:8080 LOG_FORMAT=json
EXPOSE 8080
# A stop takes up to server.shutdown_grace (20 s): run with a stop timeout above it.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["vitrina", "healthcheck"]
ENTRYPOINT ["vitrina"]
CMD ["serve"]
