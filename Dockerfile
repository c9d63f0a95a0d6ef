# The one binary on a slim base, as a user of its own. Data is in the volume /data.

FROM rust:1.95-slim-trixie AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin sheaf

FROM debian:trixie-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home sheaf \
    && install --directory --owner=sheaf --group=sheaf --mode=0700 /data
COPY --from=build /src/target/release/sheaf /usr/local/bin/sheaf
USER sheaf
ENV SHEAF_DATA=/data
ENV SHEAF_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["sheaf"]
CMD ["serve"]
