// Package flow reads the templates that an operator defines in YAML: named
// steps, parameters and limits. It checks them before anything starts, keeps
// them up to date while the file changes, and says what a step's process gets
// of its parameters. It runs nothing and imports none of our packages.
//
// A [Flow] is stored as JSON in a task's spec, as the plan that a worker on
// another machine runs: everything a worker needs is in it, defaults filled in.
//
// Guarantees, and the test that holds each:
//
//   - a file with any mistake yields no flow and every mistake with its line
//     (TestParseErrors), and no input makes Parse panic (FuzzParse);
//   - a flow survives JSON unchanged (TestFlowRoundTrip);
//   - a parameter reaches a process as an environment variable or as part of
//     one argument, never as shell text (TestBuiltinHostileParam, TestArgv);
//   - a file broken while the server runs leaves the old flows in force
//     (TestCatalogBrokenFileKeepsOldFlows).
//
// Not guaranteed: that a change on a network file system is noticed at once. No
// event tells of it there, so that [Catalog.Run] finds it when it polls.
package flow
