package threat

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvFormat is a table with a header line, which may be a comment, as in the
// files of abuse.ch. The separator is a comma, a semicolon or a tab.
var csvFormat = format{
	name: "csv",
	detect: func(h *head, f *Feed) bool {
		if h.keys != nil {
			return false
		}
		lines := lineReader{r: bufio.NewReader(bytes.NewReader(h.text))}
		_, err := findHeader(&lines, f)
		return err == nil
	},
	decode: decodeCSV,
}

// headerLines is the number of lines that are searched for the header.
const headerLines = 200

// Columns names the columns of a CSV feed; "" means that the column is detected by
// the names that common feeds use.
type Columns struct {
	Indicator   string `mapstructure:"indicator"`
	Type        string `mapstructure:"type"` // rows with a type that is not an address are ignored
	Confidence  string `mapstructure:"confidence"`
	Actor       string `mapstructure:"actor"`
	Software    string `mapstructure:"software"`
	Provider    string `mapstructure:"provider"`
	Description string `mapstructure:"description"`
	ValidFrom   string `mapstructure:"valid_from"`
	ValidUntil  string `mapstructure:"valid_until"`
}

// The columns, in the order of guesses.
const (
	colIndicator = iota
	colType
	colConfidence
	colActor
	colSoftware
	colProvider
	colDescription
	colValidFrom
	colValidUntil
)

// guesses are the common names of each column, in lower case with _ between words.
var guesses = [...][]string{
	{"indicator", "ioc_value", "ip", "ip_address", "ipaddress", "ioc", "dst_ip", "dstip", "src_ip", "srcip", "client_ip", "address", "cidr", "network", "netblock", "prefix", "value"},
	{"type", "ioc_type", "indicator_type"},
	{"confidence", "confidence_level", "confidence_score", "malicious_confidence", "abuse_confidence_score", "score"},
	{"actor", "actors", "threat_actor", "threat_group", "group", "adversary"},
	{"malware_printable", "malware", "malware_family", "malware_families", "family", "software", "fk_malware"},
	{"provider", "source"},
	{"description", "comment", "threat_type", "threat", "tags"},
	{"valid_from"},
	{"valid_until", "validuntil", "expires", "expires_at", "expiration", "expiration_date", "expiry"},
}

// named returns the columns in the order of guesses.
func (c *Columns) named() [len(guesses)]string {
	return [...]string{
		c.Indicator, c.Type, c.Confidence, c.Actor, c.Software, c.Provider, c.Description, c.ValidFrom, c.ValidUntil,
	}
}

// csvHeader has the positions of the columns.
type csvHeader struct {
	comma   byte
	columns int               // the number of columns
	indexes [len(guesses)]int // of the columns in guesses; -1 means absent
}

var errNoHeader = errors.New("no header line that names a column of addresses; name it in csv::indicator")

// findHeader reads up to and including the header line.
func findHeader(lines *lineReader, f *Feed) (*csvHeader, error) {
	for range headerLines {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		h, err := parseHeader(strings.TrimLeft(string(line), "# \t"), f)
		if err != nil || h != nil && (line[0] != '#' || h.columns > 1) { // a comment of one word is not a header
			return h, err
		}
		if len(line) > 0 && line[0] != '#' && f.CSV.Indicator == "" {
			break // without a configured column, the first row has to be the header
		}
	}
	if f.CSV.Indicator != "" {
		return nil, fmt.Errorf("no header line with the column %q of csv::indicator", f.CSV.Indicator)
	}
	return nil, errNoHeader
}

// parseHeader returns nil for a line that is not a header. A header that lacks a
// configured column is an error.
func parseHeader(line string, f *Feed) (*csvHeader, error) {
	h := &csvHeader{comma: ','}
	for _, c := range []byte(";\t") {
		if strings.Count(line, string(c)) > strings.Count(line, string(h.comma)) {
			h.comma = c
		}
	}
	fields, _ := newCSV(strings.NewReader(line), h.comma).Read() // with LazyQuotes, the only error is io.EOF for a blank line
	h.columns = len(fields)
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = columnName(field)
	}
	settings := f.CSV.named()
	for i := range h.indexes {
		h.indexes[i] = -1
		if settings[i] != "" {
			h.indexes[i] = slices.Index(names, columnName(settings[i]))
		} else {
			for _, guess := range guesses[i] {
				if h.indexes[i] = slices.Index(names, guess); h.indexes[i] >= 0 {
					break
				}
			}
		}
		switch {
		case h.indexes[i] >= 0 || i != colIndicator && settings[i] == "":
		case i == colIndicator:
			return nil, nil //nolint:nilnil // not a header, which is not an error
		default:
			return nil, fmt.Errorf("no column %q, which csv names; there are: %s", settings[i], cut(line, 200))
		}
	}
	return h, nil
}

func columnName(field string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(field), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "_")
}

// newCSV returns a reader that accepts rows of any number of fields.
func newCSV(r io.Reader, comma byte) *csv.Reader {
	c := csv.NewReader(r)
	c.Comma, c.FieldsPerRecord, c.ReuseRecord = rune(comma), -1, true
	c.LazyQuotes = true
	c.TrimLeadingSpace = comma != '\t' // otherwise it would trim empty fields
	return c
}

func decodeCSV(r *bufio.Reader, s *sink) error {
	s.unit = "line"
	lines := &lineReader{r: r}
	h, err := findHeader(lines, s.feed)
	if err != nil {
		return err
	}
	rows := &rowReader{lines: lines}
	reader := newCSV(rows, h.comma)
	row := csvRow{header: h}
	for {
		rows.begin()
		row.fields, err = reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errOpenQuote) || errors.Is(err, errLongLine):
			s.skip(rows.at, err)
		case err != nil:
			return err
		default:
			if err := row.add(rows.at, s); err != nil {
				return err
			}
		}
	}
}

// csvRow is the latest row. Its fields are valid until the next one is read.
type csvRow struct {
	header *csvHeader
	fields []string
}

// get returns the field of a column, "" if the row has none.
func (row *csvRow) get(column int) string {
	if i := row.header.indexes[column]; i >= 0 && i < len(row.fields) {
		return strings.TrimSpace(row.fields[i])
	}
	return ""
}

func (row *csvRow) add(at int, s *sink) error {
	if kind := columnName(row.get(colType)); kind != "" && !strings.HasPrefix(kind, "ip") && kind != "cidr" && kind != "address" {
		s.ignore()
		return nil
	}
	from, err := parseTime(row.get(colValidFrom))
	until, err2 := parseTime(row.get(colValidUntil))
	if err := errors.Join(err, err2); err != nil {
		s.skip(at, err)
		return nil
	}
	return s.add(at, row.get(colIndicator), detail{
		confidence: int16(parseConfidence(row.get(colConfidence))),
		actor:      row.get(colActor), software: row.get(colSoftware), provider: row.get(colProvider), description: row.get(colDescription),
	}, validityOf(from, until))
}
