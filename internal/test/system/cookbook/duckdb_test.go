//go:build duckdb

package cookbook

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
	"github.com/stretchr/testify/require"
)

func TestServersCookbookOfDuckDB(t *testing.T) {
	questions := readPage(t)
	folder, lines := logs(t)
	file := filepath.Join(t.TempDir(), "s3-access.jsonl")
	config := questions[forDuckDB]["yaml"]
	require.Contains(t, config, "\n    directory: {path: ./logs}\n")
	config = strings.NewReplacer("\n    directory: {path: ./logs}\n", receiver, "s3-access.jsonl", file, "\nservice:\n", "\nservice:\n  telemetry: {metrics: {level: none}}\n").Replace(config)
	run(t, folder, config)
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	table := questions[forDuckDB]["sql duckdb"]
	require.Contains(t, table, "'s3-access.jsonl'")
	_, err = db.ExecContext(t.Context(), strings.ReplaceAll(table, "'s3-access.jsonl'", "'"+file+"'"))
	require.NoError(t, err)
	requests := readRequests(t, lines)
	for question, f := range figures {
		t.Run(question, func(t *testing.T) {
			f.assertRows(t, requests, ask(t, db, questions[question]["sql duckdb"]))
		})
	}
}

// ask returns the rows of an answer, with values as VictoriaLogs writes them.
func ask(t *testing.T, db *sql.DB, query string) (answer []map[string]string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	require.NoError(t, err, query)
	defer found.Close()
	names, err := found.Columns()
	require.NoError(t, err)
	for found.Next() {
		values := make([]any, len(names))
		to := make([]any, len(names))
		for i := range values {
			to[i] = &values[i]
		}
		require.NoError(t, found.Scan(to...))
		line := map[string]string{}
		for i, name := range names {
			switch value := values[i].(type) {
			case nil:
				line[name] = ""
			case time.Time:
				line[name] = value.UTC().Format(time.RFC3339)
			default:
				line[name] = fmt.Sprint(value)
			}
		}
		answer = append(answer, line)
	}
	require.NoError(t, found.Err())
	return answer
}
