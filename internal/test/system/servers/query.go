package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// queryTimeout is for one request: a server that hangs fails the test.
const queryTimeout = 100 * time.Second

// Sample is one series of a query's answer. A scalar has no labels.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// errHistogram is the answer that a Sample cannot hold.
var errHistogram = errors.New("the query's answer is a native histogram: ask for its histogram_count, _sum or _quantile")

// answer is what Prometheus's query API gives. Its shape is documented at
// https://prometheus.io/docs/prometheus/latest/querying/api/
type answer struct {
	ResultType string          `json:"resultType"`
	Result     json.RawMessage `json:"result"`
}

// ask sends a query to the API at a path and returns its answer.
func (p *process) ask(t testing.TB, path string, parameters url.Values) answer {
	t.Helper()
	body := p.get(t, path, parameters)
	var out struct {
		Data answer `json:"data"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatalf("query %q: %v: %s", parameters.Get("query"), err, body)
	}
	return out.Data
}

// get sends a request, which has to be answered with 200, and returns what it is
// answered with.
func (p *process) get(t testing.TB, path string, parameters url.Values) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), queryTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+parameters.Encode(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // no connection outlives the test
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: query %q: %v", path, parameters.Get("query"), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: query %q: %s %v: %s", path, parameters.Get("query"), resp.Status, err, body)
	}
	return body
}

// samples reads an answer of an instant query.
func (a answer) samples() ([]Sample, error) {
	switch a.ResultType {
	case "scalar":
		var s stamped
		if err := json.Unmarshal(a.Result, &s); err != nil {
			return nil, err
		}
		return []Sample{{Value: float64(s)}}, nil
	case "vector":
		var series []struct {
			Metric map[string]string `json:"metric"`
			Value  *stamped          `json:"value"`
		}
		if err := json.Unmarshal(a.Result, &series); err != nil {
			return nil, err
		}
		samples := make([]Sample, 0, len(series))
		for _, s := range series {
			if s.Value == nil {
				return nil, errHistogram
			}
			samples = append(samples, Sample{Labels: s.Metric, Value: float64(*s.Value)})
		}
		return samples, nil
	}
	return nil, fmt.Errorf("an instant query is answered with a %s", a.ResultType)
}

// stamped is a value as the API writes it: [unix seconds, "value"].
type stamped float64

// UnmarshalJSON implements json.Unmarshaler.
func (s *stamped) UnmarshalJSON(text []byte) error {
	var pair [2]any
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	value, _ := pair[1].(string)
	number, err := strconv.ParseFloat(value, 64) // knows NaN and +Inf
	*s = stamped(number)
	return err
}
