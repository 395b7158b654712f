package flow

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// contractYAML is the example of the public contract, word for word.
const contractYAML = `flows:
  checksum:
    title: Checksum every file under a folder
    params:                       # JSON Schema types; checked before anything starts
      dir: {type: string, default: /usr/lib, maxLength: 4096}
    timeout: 10m                  # of the whole task
    concurrency: 2                # runs at once; more wait in the queue
    retry: {attempts: 2, delay: 5s, backoff: 2, on: [exit, timeout, lost]}
    steps:                        # in order, unless any step names its ` + "`needs`" + `: then as soon as those are done
      - name: list
        run: find "$RUNFLOW_PARAM_DIR" -type f > files.txt   # sh; a parameter is never spliced into text
      - name: hash
        args: [runflow-checksum, --from, files.txt, "{{params.dir}}"]   # argv, each item one argument, no shell
        weight: 8
        env: {LC_ALL: C}
        workdir: .
        timeout: 5m
`

func parseOne(t *testing.T, yaml string) *Flow {
	t.Helper()
	flows, err := Parse("test.yaml", []byte(yaml))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if len(flows) != 1 {
		t.Fatalf("Parse gave %d flows, want 1", len(flows))
	}
	return flows[0]
}
