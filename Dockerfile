# The front end is built and committed (web/dist), so Go alone is needed here.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /runflow ./cmd/runflow

# Steps are programs of their own: the image has sh, coreutils, findutils, gzip and curl for them. Derive from it to add more.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home runflow \
 && install -d -o runflow -g runflow /data
COPY --from=build /runflow /usr/local/bin/runflow
USER runflow
WORKDIR /home/runflow
VOLUME /data
EXPOSE 9009
# The program listens on loopback unless it is told otherwise: nobody outside the container would reach it there.
ENV RUNFLOW_LISTEN=0.0.0.0:9009 RUNFLOW_DATA=/data
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:9009/readyz"]
ENTRYPOINT ["runflow"]
CMD ["serve"]
