package flow

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// load reads every flow under path.
func load(path string) (map[string]*Flow, error) {
	if path == "" {
		return index([]source{{"builtin.yaml", builtinYAML}})
	}
	files, err := flowFiles(path)
	if err != nil {
		return nil, err
	}
	sources := make([]source, len(files))
	for i, file := range files {
		data, err := readFile(file)
		if err != nil {
			return nil, fmt.Errorf("read flows: %w", err)
		}
		sources[i] = source{file, data}
	}
	return index(sources)
}

// source is a flow file that has been read.
type source struct {
	file string
	data []byte
}

func index(sources []source) (map[string]*Flow, error) {
	var errs Errors
	flows := make(map[string]*Flow)
	at := make(map[string]string)
	for _, src := range sources {
		found, problems := parse(src.file, src.data)
		errs = append(errs, problems...)
		for _, p := range found {
			if first, taken := at[p.flow.Name]; taken {
				errs = append(errs, &Error{src.file, p.line, fmt.Sprintf("flow %q is already defined at %s", p.flow.Name, first)})
				continue
			}
			at[p.flow.Name] = fmt.Sprintf("%s:%d", src.file, p.line)
			flows[p.flow.Name] = p.flow
		}
	}
	if len(errs) > 0 {
		errs.sort()
		return nil, errs
	}
	return flows, nil
}

// flowFiles lists path itself, or the flow files in the folder path, sorted.
func flowFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read flows: %w", err)
	}
	var files []string
	for _, e := range entries {
		if isFlowFile(e.Name()) && !e.IsDir() {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read flows: no *.yaml or *.yml in %s", path)
	}
	return files, nil
}

func isFlowFile(name string) bool {
	ext := filepath.Ext(name)
	return !strings.HasPrefix(name, ".") && (ext == ".yaml" || ext == ".yml")
}

// readFile reads a regular file; the parser refuses what is over MaxFileBytes, so
// that one byte more is enough.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
}
