package slowreader

import (
	"net/url"
	"strings"
)

// mislead gives a field that a client chooses a hostile text and returns its
// number.
func (g *Generator) mislead(w []string) int {
	fields := []int{8, 9, 16, 17, 18, 23}
	field := fields[g.rng.IntN(len(fields))]
	for field >= len(w) {
		field = fields[g.rng.IntN(len(fields))]
	}
	text := g.hostile()
	switch field {
	case 8:
		w[8] = "k" + strings.ReplaceAll(text, " ", "%20")
	case 9:
		w[9] = g.hostileRequest(w, text)
	case 16, 17:
		w[field] = `"` + text + `"`
	default:
		if g.chance(60) {
			text = strings.ReplaceAll(text, " ", "")
		}
		if field == 18 && len(w) > 19 { // before a Host Id of two words it is a dash
			_, second, two := strings.Cut(w[19], " ")
			if two {
				w[19] = second
			}
		}
		w[field] = "x" + text
		if g.chance(50) && text != "" {
			w[field] = text
		}
	}
	return field
}

// hostileRequest returns a Request-URI; one in three has raw spaces, behind which
// the outcome of another request may stand.
func (g *Generator) hostileRequest(w []string, text string) string {
	switch g.rng.IntN(6) {
	case 0:
		return `"GET ` + text + ` HTTP/1.1"`
	case 1:
		return `"GET /k?a=" ` + g.outcome() + ` "-" "` + g.pick("ua", text) + ` HTTP/1.1"`
	case 2:
		return g.pick(`"GET /`+w[8]+` HTTP/1.1" `, `"GET /k" `, `"-" `) + g.outcome() + ` ` + g.pick("-", `"-"`, `"x`, "") + ` ` + g.pick("-", `"ua`, text) + g.pick(` HTTP/1.1"`, `"`, ` x"`)
	}
	return `"` + g.pick("GET", "G\"T", "-") + " /" + strings.ReplaceAll(text, " ", "%20") + g.pick(" HTTP/1.1", "") + `"`
}

func (g *Generator) outcome() string {
	return strings.Join([]string{
		g.pick("200", "403", "-", "99", "x"), g.pick("-", "AccessDenied", `"`), g.number(), g.number(), g.pick(g.number(), g.duration()), g.number(),
	}, " ")
}

// hostile returns a text of parts of records.
func (g *Generator) hostile() string {
	switch g.rng.IntN(8) {
	case 0:
		return g.pick(`x" `, `" `, `"`, "", `x" "y" `) + g.tail() + g.pick("", " ", `"`, ` "`, `" "`, ` "x`)
	case 1:
		return g.pick("v ", "", "- ", `" `) + g.tail()
	case 2:
		return g.pick(`x" `, `"`, "") + strings.TrimSpace(strings.Join(g.words(), " "))
	case 3:
		return g.pick("x", "") + g.pick(` HTTP/1.1" `, `" `, `HTTP/1.1" `) + g.outcome() + g.pick(` "-" "y`, ` - `, " ", "", ` "`)
	}
	var b strings.Builder
	for range 1 + g.rng.IntN(8) {
		b.WriteString(g.pick("-", "v", "x", `"`, "a", "SigV4", "SigV2", "SigV5", "AuthHeader", "QueryString", "TLSv1.2", "QUIC", "Yes", "No", "us-east-1", "eu_west",
			"arn:aws:s3:::x", "h", "- - -", "200", `""`, "[", "]", "\x00", "\xff", "é", "HTTP/1.1", g.from(base64, 64), g.from(base64, 56), g.from(upper, 21), g.outcome(), "{"))
		b.WriteString(g.pick(" ", " ", " ", `" "`, `" `, ` "`, "", `" - `, "  "))
	}
	return strings.TrimSuffix(b.String(), " ")
}

// tail returns fields 18 and on of a record, not always from the first to the last.
func (g *Generator) tail() string {
	w := g.words()[18:]
	if g.chance(40) {
		w = w[g.rng.IntN(len(w)):]
	}
	if g.chance(40) {
		w = w[:g.rng.IntN(len(w)+1)]
	}
	if len(w) > 0 && g.chance(20) {
		w[g.rng.IntN(len(w))] = g.pick("SigV5", "QUIC", "x", "-", `"`, "eu_west", "h")
	}
	return strings.Join(w, " ")
}

// damage finishes a line: one in ten is cut, joined to another, or has a byte or a
// word more or less, and then is no record whose fields are known.
func (g *Generator) damage(line Line) Line {
	line.Text = line.Text[1:] // the space before the first field
	if !g.chance(10) {
		return line
	}
	line.Words = nil
	s := line.Text
	other := strings.TrimSpace(strings.Join(g.words(), " "))
	at := g.rng.IntN(len(s))
	switch g.rng.IntN(7) {
	case 0:
		line.Text = s[:at]
	case 1:
		line.Text = s + g.pick(" ", "", "  ") + other
	case 2:
		line.Text = s[:at] + other
	case 3:
		line.Text = s[:at] + s[at+1:]
	case 4, 5:
		line.Text = s[:at] + g.pick(" ", `"`, " - ", "-", `" `, ` "`, "[", "]", "\x00") + s[at:]
	case 6:
		words := strings.Split(s, " ")
		i := g.rng.IntN(len(words))
		words[i] = g.pick("", "-", words[i]+" "+words[i], words[g.rng.IntN(len(words))], words[i]+`"`)
		line.Text = strings.Join(words, " ") + g.pick("", "", " ", "   ")
	}
	return line
}

// decoded returns the key as it is.
func decoded(key string) string {
	for range 2 {
		if s, err := url.PathUnescape(key); err == nil {
			key = s
		}
	}
	return key
}
