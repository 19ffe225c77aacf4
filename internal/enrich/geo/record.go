package geo

import (
	"math"
	"strconv"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

// maxText is the longest text that is kept, in bytes; names of places and of
// networks are below 100.
const maxText = 256

// Where a text of a record goes.
type textField int

// The texts; the zero value is none of them.
const (
	_ textField = iota
	continent
	country
	region
	locality
	postalCode
	organization
	texts
)

// Where a number of a record goes.
type numberField int

// The numbers; the zero value is none of them.
const (
	_ numberField = iota
	latitude
	longitude
	asNumber
	numbers
)

// record is what a database holds at one position, as it is written there. It
// decodes itself; whatever has another type than expected is passed over.
type record struct {
	text   [texts]string
	number [numbers]float64
	has    [numbers]bool
}

// shape says where a value goes, by its type. A value of a type that it has no
// place for is passed over.
type shape struct {
	text   textField         // of a text
	number numberField       // of a number of any type
	keys   map[string]*shape // of the values of a map
	first  *shape            // of the first element of an array
}

// root is the shape of a record. The nested part is that of
// https://dev.maxmind.com/geoip/docs/databases/city-and-country and .../asn, the
// flat one that of https://github.com/sapics/ip-location-db. They share a name
// for the city, with different types, and those for the AS.
var root = &shape{keys: map[string]*shape{
	"continent":    {keys: map[string]*shape{"code": {text: continent}}},
	"country":      {keys: map[string]*shape{"iso_code": {text: country}}},
	"subdivisions": {first: &shape{keys: map[string]*shape{"iso_code": {text: region}}}},
	"city":         {text: locality, keys: map[string]*shape{"names": {keys: map[string]*shape{"en": {text: locality}}}}},
	"postal":       {keys: map[string]*shape{"code": {text: postalCode}}},
	"location":     {keys: map[string]*shape{"latitude": {number: latitude}, "longitude": {number: longitude}}},
	"traits":       {keys: asKeys}, // of Enterprise

	"autonomous_system_number":       asKeys["autonomous_system_number"],
	"autonomous_system_organization": asKeys["autonomous_system_organization"],

	"country_code": {text: country},
	"state1":       {text: region},
	"postcode":     {text: postalCode},
	"latitude":     {number: latitude},
	"longitude":    {number: longitude},
}}

var asKeys = map[string]*shape{
	"autonomous_system_number":       {number: asNumber},
	"autonomous_system_organization": {text: organization},
}

// UnmarshalMaxMindDBCursor implements mmdbdata.CursorUnmarshaler. The work it
// does is bounded by that of the verification, which materialized the same record
// within the reader's limits.
func (r *record) UnmarshalMaxMindDBCursor(value mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	return r.read(value, root)
}

// read takes a value in and returns what follows it.
func (r *record) read(value mmdbdata.Cursor, s *shape) (next mmdbdata.Cursor, err error) {
	kind, err := value.Kind()
	if err != nil {
		return next, err
	}
	switch kind {
	case mmdbdata.KindMap:
		if s.keys != nil {
			return r.readMap(value, s.keys)
		}
	case mmdbdata.KindSlice:
		if s.first != nil {
			return r.readFirst(value, s.first)
		}
	case mmdbdata.KindString:
		if s.text != 0 && value.CheckMaxSize(textKind, maxText) == nil {
			r.text[s.text], next, err = value.ReadString()
			return next, err
		}
	case mmdbdata.KindFloat32, mmdbdata.KindFloat64, mmdbdata.KindUint16, mmdbdata.KindUint32, mmdbdata.KindUint64, mmdbdata.KindInt32:
		if s.number != 0 {
			return r.readNumber(value, kind, s.number)
		}
	}
	return value.Skip()
}

var textKind = mmdbdata.NewKindSet(mmdbdata.KindString)

func (r *record) readMap(value mmdbdata.Cursor, keys map[string]*shape) (next mmdbdata.Cursor, err error) {
	entries, err := value.Map()
	if err != nil {
		return next, err
	}
	for {
		key, entry, more := entries.Next(next)
		if !more {
			return entries.End()
		}
		if s := keys[string(key)]; s != nil {
			next, err = r.read(entry, s)
		} else {
			next, err = entry.Skip()
		}
		if err != nil {
			return next, err
		}
	}
}

func (r *record) readFirst(value mmdbdata.Cursor, s *shape) (next mmdbdata.Cursor, err error) {
	elements, err := value.Slice()
	if err != nil {
		return next, err
	}
	for {
		i, element, more := elements.Next(next)
		if !more {
			return elements.End()
		}
		if i == 0 {
			next, err = r.read(element, s)
		} else {
			next, err = element.Skip()
		}
		if err != nil {
			return next, err
		}
	}
}

func (r *record) readNumber(value mmdbdata.Cursor, kind mmdbdata.Kind, to numberField) (next mmdbdata.Cursor, err error) {
	switch kind {
	case mmdbdata.KindFloat64:
		r.number[to], next, err = value.ReadFloat64()
	case mmdbdata.KindFloat32:
		var short float32
		short, next, err = value.ReadFloat32()
		r.number[to] = widen(short)
	default:
		var integer uint64
		var signed bool
		integer, signed, next, err = value.ReadInteger()
		r.number[to] = float64(integer)
		if signed {
			r.number[to] = float64(int64(integer))
		}
	}
	r.has[to] = err == nil
	return next, err
}

// widen returns the number that was written down as a short one: 52.52, where
// float64 makes 52.52000045776367 of it.
func widen(short float32) float64 {
	long, err := strconv.ParseFloat(strconv.FormatFloat(float64(short), 'g', -1, 32), 64)
	if err != nil { // no text of a float is none
		return math.NaN()
	}
	return long
}
