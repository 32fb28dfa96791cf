.PHONY: run test lint bench

# A sample forum with an inbox at http://127.0.0.1:8025.
run:
	go run . demo

# All tests. Installs the servers they need on Debian.
test:
	scripts/test

lint:
	@files="$$(gofmt -l $$(git ls-files '*.go'))"; test -z "$$files" || { echo "not formatted with gofmt: $$files"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

# COUNT=5 make bench repeats the benchmark for benchstat.
bench:
	scripts/bench
