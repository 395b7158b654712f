package flow

import (
	_ "embed"
	"slices"
)

//go:embed builtin.yaml
var builtinYAML []byte

//go:embed schema.json
var schemaJSON []byte

// FileSchema is the JSON Schema (2020-12) of the flow file, for editors. It knows
// the shape only: Parse checks more (needs, cycles, defaults, parameters' names).
func FileSchema() []byte { return slices.Clone(schemaJSON) }

// BuiltinYAML is the file that the built-in flows are in, as an example to start from.
func BuiltinYAML() []byte { return slices.Clone(builtinYAML) }
