package accesslog

import (
	"errors"
	"strconv"
)

// ErrMalformed is what every error of Parse is, by errors.Is.
var ErrMalformed = errors.New("malformed access log record")

// maxErrorValue is how many bytes of the text that did not fit an Error keeps.
const maxErrorValue = 64

// Error says which field of a line could not be read, and why.
type Error struct {
	Field  Field  // 0 when it is about the line as a whole
	Member string // the field's name in a JSON record; "" in others
	Reason Reason
	// Value is the text that did not fit, part of the line or of a string in it
	// that had escapes, cut on a rune boundary after 64 bytes. It is the client's text: redact it before it is
	// shown, by setting it on a copy of the Error.
	Value string
}

// Reason is why a field could not be read.
type Reason uint8

// The reasons of Parse.
const (
	ReasonNone        Reason = iota
	ReasonBlank              // the line is empty
	ReasonJSON               // not one valid JSON object
	ReasonDepth              // an object that nests too deep
	ReasonTorn               // the line ends before the field does
	ReasonEmpty              // nothing between two spaces
	ReasonBracket            // [ or ] where no field has one: torn and joined records
	ReasonTime               // not [dd/Mon/yyyy:hh:mm:ss +zzzz]
	ReasonAddress            // neither an IP address nor a word in its place
	ReasonOperation          // not dotted words
	ReasonRequestLine        // not METHOD target HTTP/n.n
	ReasonNumber             // not a number
	ReasonRange              // a number too large or too small for its field
	ReasonWord               // not a word
	ReasonQuotes             // quotes missing or misplaced
	ReasonValue              // none of the field's possible values
	ReasonAmbiguous          // more than one way to read the line's end

	// Of JSON records.
	ReasonMissing  // no member, or null
	ReasonTwice    // two members of one name
	ReasonString   // not a string
	ReasonInteger  // not a number without a sign, fraction or exponent
	ReasonBoolean  // not true or false
	ReasonJSONTime // not yyyy-mm-ddThh:mm:ss.sssZ
)

var reasonTexts = [...]string{
	ReasonNone:        "is right",
	ReasonBlank:       "the line is empty",
	ReasonJSON:        "the line begins with { and is not a valid JSON object",
	ReasonDepth:       "the line is a JSON object that nests more than 8 levels deep",
	ReasonTorn:        "is missing or cut off where the line ends",
	ReasonEmpty:       "is empty",
	ReasonBracket:     "holds a bracket, as in a torn record joined to the next",
	ReasonTime:        "is not a time such as [06/Feb/2019:00:00:38 +0000]",
	ReasonAddress:     "is neither an IP address nor a word",
	ReasonOperation:   "is not an operation such as REST.GET.OBJECT",
	ReasonRequestLine: "is not a request line such as GET /key HTTP/1.1",
	ReasonNumber:      "is not a number",
	ReasonRange:       "is out of range",
	ReasonWord:        "is not a word",
	ReasonQuotes:      "is not in quotes",
	ReasonValue:       "is not one of this field's values",
	ReasonAmbiguous:   "leaves more than one way to read the record's end",
	ReasonMissing:     "is missing or null",
	ReasonTwice:       "stands twice in the object",
	ReasonString:      "is not a string",
	ReasonInteger:     "is not a whole number",
	ReasonBoolean:     "is not true or false",
	ReasonJSONTime:    "is not a time such as 2019-02-06T00:00:38.000Z",
}

// String returns the reason as the end of a sentence.
func (r Reason) String() string {
	if int(r) >= len(reasonTexts) {
		return "unknown reason"
	}
	return reasonTexts[r]
}

// Error returns a sentence such as
//
//	field 10 (HTTP status): "abc" is not a number
//	member http_status: "abc" is not a whole number
func (e *Error) Error() string {
	if e.Field == 0 {
		return e.Reason.String()
	}
	text := "member " + e.Member + ": "
	if e.Member == "" {
		text = "field " + strconv.Itoa(int(e.Field)) + " (" + e.Field.String() + "): "
	}
	if e.Value != "" {
		text += strconv.Quote(e.Value) + " "
	}
	return text + e.Reason.String()
}

// Is makes errors.Is(err, ErrMalformed) hold.
func (e *Error) Is(target error) bool { return target == ErrMalformed }

// clip cuts s after maxErrorValue bytes.
func clip(s string) string { return CutText(s, maxErrorValue) }
