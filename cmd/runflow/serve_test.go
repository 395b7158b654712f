//go:build unix

package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestStopsInOrder(t *testing.T) {
	dir := t.TempDir()
	flows := filepath.Join(dir, "flows.yaml")
	if err := os.WriteFile(flows, []byte(`flows: {long: {steps: [{name: a, run: "echo begun; sleep 600"}]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serveOn(t, freeAddress(t), dir, "--flows", flows)
	id := p.create(`{"flow":"long"}`)
	eventually(t, "it runs", func() bool { return strings.Contains(p.get("/tasks/"+id+"/logs"), "begun") })
	watching, err := http.Get(p.url + "/tasks/" + id + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Body.Close()
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.out)
	}
	if out, err := exec.Command("pgrep", "-f", "sleep 600").Output(); err == nil && strings.Contains(string(out), id) {
		t.Errorf("steps left: %s", out)
	}
	p = serveOn(t, freeAddress(t), dir, "--flows", flows, "--workers", "0")
	if task := p.task(id); task["state"] != "queued" || task["attempt"] != 2.0 {
		t.Errorf("task %v", task)
	}
}

func TestSecondServerOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	serveOn(t, freeAddress(t), dir)
	cmd := exec.Command(binary, "serve", "--listen", freeAddress(t), "--data", dir)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), "in use") {
		t.Errorf("exit code %d: %s", code, out)
	}
}

func TestFlagsAndEnvironment(t *testing.T) {
	for _, c := range []struct {
		args []string
		env  string
		want string
	}{
		{[]string{"serve", "--sync", "never"}, "", "--sync"},
		{[]string{"serve", "--no-such-flag"}, "", "unknown flag"},
		{[]string{"serve"}, "RUNFLOW_WORKERS=many", "RUNFLOW_WORKERS"},
		{[]string{"serve", "--log-level", "loud"}, "", "--log-level"},
		{[]string{"serve", "--flows", "/no/such/file.yaml"}, "", "/no/such/file.yaml"},
		{[]string{"worker"}, "", "--nats"},
		{[]string{"dance"}, "", "unknown command"},
	} {
		cmd := exec.Command(binary, c.args...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), c.env)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), c.want) {
			t.Errorf("%v %s: exit code %d: %s", c.args, c.env, code, out)
		}
	}
}

// TestFlowsAreReloaded by SIGHUP; a broken file keeps the old flows and says which line is wrong.
func TestFlowsAreReloaded(t *testing.T) {
	dir := t.TempDir()
	flows := filepath.Join(dir, "flows.yaml")
	write := func(text string) {
		if err := os.WriteFile(flows, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("flows: {one: {steps: [{name: a, run: echo}]}}")
	p := serveOn(t, freeAddress(t), dir, "--flows", flows)
	write("flows: {two: {steps: [{name: a, run: echo}]}}")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new flow is there", func() bool { return strings.Contains(p.get("/flows"), `"two"`) })
	write("flows:\n  three:\n    steps:\n      - {name: a, rum: echo}\n")
	eventually(t, "the log says what is wrong", func() bool { return strings.Contains(p.out.String(), "flows.yaml:4") })
	if list := p.get("/flows"); !strings.Contains(list, `"two"`) {
		t.Errorf("flows %s", list)
	}
}

// TestReportInsideAStep has a step report by `runflow report`, which needs no id there.
func TestReportInsideAStep(t *testing.T) {
	dir := t.TempDir()
	flows := filepath.Join(dir, "flows.yaml")
	err := os.WriteFile(flows, []byte("flows: {r: {steps: [{name: a, run: 'runflow report 45 half way; exit 1'}]}}"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := serveOn(t, freeAddress(t), dir, "--flows", flows)
	id := p.create(`{"flow":"r"}`)
	eventually(t, "it has ended", func() bool { return p.task(id)["endedAt"] != nil })
	if task := p.task(id); task["progress"] != 45.0 || task["message"] != "half way" {
		t.Errorf("task %v\n%s", task, p.get("/tasks/"+id+"/logs"))
	}
}

// TestConfigurationDoc holds docs/configuration.md against the table of settings.
func TestConfigurationDoc(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Configuration\n\nEach flag can also be given by its environment variable; the flag wins. This page is printed from the program's own\ntable (`make docs`).")
	for _, section := range []struct {
		title string
		table []setting
	}{
		{"runflow serve", new(settings).serveTable()}, {"runflow worker", new(settings).workerTable()},
		{"client commands", new(settings).clientTable()},
	} {
		fmt.Fprintf(&b, "\n## %s\n\n| flag | environment | default | meaning |\n|---|---|---|---|\n", section.title)
		for _, row := range section.table {
			fmt.Fprintf(&b, "| `--%s` | `%s` | %s | %s |\n", row.name, row.env(), row.shown(), row.help)
		}
	}
	golden(t, "../../docs/configuration.md", b.Bytes())
}

// TestHelp holds the help of every command against its golden file.
func TestHelp(t *testing.T) {
	var b bytes.Buffer
	for _, command := range []string{"", "serve", "worker", "report", "bench", "bench fanout", "bench slow", "version"} {
		out, err := exec.Command(binary, append(strings.Fields(command), "--help")...).Output()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "$ runflow %s --help\n%s\n", command, out)
	}
	golden(t, "testdata/help.txt", b.Bytes())
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the program prints; `make docs` writes it anew\n%s", file, got)
	}
}
