package golden

import (
	"os"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// recorder is a test that fails alone.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Errorf(string, ...any) { r.failed = true }

func points(values ...int64) pmetric.Metrics {
	all := pmetric.NewMetrics()
	sum := all.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetEmptySum()
	for _, v := range values {
		sum.DataPoints().AppendEmpty().SetIntValue(v)
	}
	return all
}

func TestADifferenceFailsAndTheOrderOfPointsDoesNot(t *testing.T) {
	const text = `{resourceMetrics: [{resource: {}, scopeMetrics: [{metrics: [{sum: {dataPoints: [{asInt: "1"}, {asInt: "2"}]}}], scope: {}}]}]}`
	file := filepath.Join(t.TempDir(), "want.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		got  pmetric.Metrics
		fail bool
	}{{points(2, 1), false}, {points(1, 2), false}, {points(1, 3), true}, {points(1), true}, {points(1, 2, 2), true}} {
		r := &recorder{TB: t}
		Metrics(r, file, test.got)
		if r.failed != test.fail {
			t.Errorf("fails: %v, want %v", r.failed, test.fail)
		}
	}
}
