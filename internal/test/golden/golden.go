// Package golden compares logs and metrics with YAML files that were reviewed by eye.
//
// With the flag -update of the test binary the files are written first.
package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	yaml "go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files of package golden anew")

// Logs fails the test unless got is what the file holds, in the same order.
func Logs(t testing.TB, file string, got plog.Logs) {
	t.Helper()
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(got)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, file, text, func(any) {})
}

// Metrics fails the test unless got is what the file holds. The order of metrics, of
// points and of attributes is not compared.
func Metrics(t testing.TB, file string, got pmetric.Metrics) {
	t.Helper()
	text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(got)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, file, text, func(tree any) { sortLists(t, tree) })
}

// compare compares a file with a JSON text, both in one order.
func compare(t testing.TB, file string, text []byte, order func(tree any)) {
	t.Helper()
	var got, want any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	order(got)
	gotText := encode(t, got)
	if *update {
		if err := os.WriteFile(file, gotText, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	held, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(held, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	order(want)
	wantText := encode(t, want)
	if bytes.Equal(wantText, gotText) {
		return
	}
	wants, gots := bytes.Split(wantText, []byte("\n")), bytes.Split(gotText, []byte("\n"))
	line := 0
	for line < min(len(wants), len(gots)) && bytes.Equal(wants[line], gots[line]) {
		line++
	}
	around := func(lines [][]byte) []byte {
		return bytes.Join(lines[max(0, line-8):min(len(lines), line+8)], []byte("\n"))
	}
	t.Errorf("%s, line %d, differs (-update writes the file anew)\n--- want\n%s\n--- got\n%s", file, line+1, around(wants), around(gots))
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(value); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// sortLists sorts the lists of metrics, points and attributes by their texts.
func sortLists(t testing.TB, value any) {
	t.Helper()
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			sortLists(t, item)
		}
	case map[string]any:
		for name, item := range v {
			sortLists(t, item)
			list, ok := item.([]any)
			if ok && slices.Contains([]string{"metrics", "dataPoints", "attributes"}, name) {
				slices.SortFunc(list, func(a, b any) int { return cmp.Compare(string(encode(t, a)), string(encode(t, b))) })
			}
		}
	}
}
