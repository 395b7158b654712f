# `make` prints the targets. `make test` is the one test command: it installs what it needs.
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: run
run: ## Run the server on http://127.0.0.1:9009
	go run ./cmd/runflow serve

.PHONY: build
build: ## Build ./runflow
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o runflow ./cmd/runflow

.PHONY: test
test: ## Everything: formatting, vet, staticcheck, all tests with the race detector, all platforms, the pages in Chromium
	.ci/test

.PHONY: web
web: ## Build the front end into web/dist
	cd web && npm ci --no-audit --no-fund && npm run build

.PHONY: bench
bench: ## The benchmarks
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: fuzz
fuzz: ## Each fuzzer for a minute (FUZZTIME=10m for longer)
	@for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	  echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-1m} $$p || exit 1; done; done

.PHONY: vuln
vuln: ## Known vulnerabilities in what we import (needs the vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...

.PHONY: docs
docs: ## Print docs/configuration.md and the help golden file anew
	go test ./cmd/runflow -run "TestConfigurationDoc|TestHelp" -update

.PHONY: soak
soak: ## The checker of delivery for ten minutes (CHECK_SECONDS=3600 for longer, CHECK_SEED to repeat)
	CHECK_SECONDS=$${CHECK_SECONDS:-600} go test -race -count=1 -timeout 0 -run TestChecker -v ./ws
