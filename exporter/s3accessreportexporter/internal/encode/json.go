package encode

import (
	"encoding/json"
	"strconv"
)

// writer appends JSON. Names of members are constants of this package.
type writer struct {
	buf   []byte
	comma bool
}

func (w *writer) sep() {
	if w.comma {
		w.buf = append(w.buf, ',')
	}
	w.comma = true
}

func (w *writer) open(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = false
}

func (w *writer) close(bracket byte) {
	w.buf = append(w.buf, bracket)
	w.comma = true
}

// name begins a member of an object: a value follows.
func (w *writer) name(name string) *writer {
	w.sep()
	w.buf = append(strconv.AppendQuote(w.buf, name), ':')
	w.comma = false
	return w
}

func (w *writer) int(v int64) {
	w.sep()
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

func (w *writer) uint(v uint64) {
	w.sep()
	w.buf = strconv.AppendUint(w.buf, v, 10)
}

func (w *writer) float(v float64, precision int) {
	w.sep()
	w.buf = strconv.AppendFloat(w.buf, v, 'f', precision, 64)
}

func (w *writer) null() {
	w.sep()
	w.buf = append(w.buf, "null"...)
}

func (w *writer) bool(v bool) {
	w.sep()
	w.buf = strconv.AppendBool(w.buf, v)
}

// text appends a text; what is no UTF-8 becomes U+FFFD.
func (w *writer) text(v string) {
	w.sep()
	quoted, err := json.Marshal(v)
	if err != nil {
		quoted = []byte(`""`) // no string fails
	}
	w.buf = append(w.buf, quoted...)
}

func (w *writer) object(f func()) {
	w.sep()
	w.open('{')
	f()
	w.close('}')
}

func (w *writer) array(f func()) {
	w.sep()
	w.open('[')
	f()
	w.close(']')
}

// texts appends a list of texts.
func (w *writer) texts(all []string) {
	w.array(func() {
		for _, v := range all {
			w.text(v)
		}
	})
}

// column appends a column of n whole numbers.
func (w *writer) column(name string, n int, of func(i int) int64) {
	w.name(name).array(func() {
		for i := range n {
			w.int(of(i))
		}
	})
}

// dictionary numbers words in the order in which they come.
type dictionary struct {
	words  []string
	number map[string]int64
}

func (d *dictionary) of(word string) int64 {
	if d.number == nil {
		d.number = map[string]int64{}
	}
	i, found := d.number[word]
	if !found {
		i = int64(len(d.words))
		d.number[word] = i
		d.words = append(d.words, word)
	}
	return i
}
