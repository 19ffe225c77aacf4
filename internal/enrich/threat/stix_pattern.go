package threat

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

var (
	errPattern = errors.New("not a STIX pattern")
	// errOtherPattern means that an address alone cannot match the pattern.
	errOtherPattern = errors.New("a pattern about more than an address")
)

// maxParens is the maximum nesting of parentheses.
const maxParens = 32

// meaning is what a part of a pattern requires. The zero value requires what an
// access log does not have.
type meaning struct {
	prefixes []netip.Prefix // an address in any of them matches the part
	neutral  bool           // no address contradicts the part, such as one about a port
}

func (m meaning) addresses() bool { return len(m.prefixes) > 0 }

// or returns the meaning of two parts of which one has to match.
func (m meaning) or(n meaning) meaning {
	return meaning{prefixes: append(m.prefixes, n.prefixes...), neutral: m.neutral && n.neutral}
}

// and returns the meaning of two parts that both have to match: an address can do so
// only if one part is neutral.
func (m meaning) and(n meaning) meaning {
	switch {
	case n.neutral:
		return m
	case m.neutral:
		return n
	}
	return meaning{}
}

// patternParser parses the patterns of STIX 2.1, part 9, and evaluates the parts
// about addresses.
type patternParser struct {
	patternLexer
	depth int
	err   error // the latest address that cannot be used
}

// parsePattern returns the prefixes of which each one alone matches the pattern, or
// errOtherPattern if there are none. An error that is returned with prefixes is about
// another address in the pattern.
func parsePattern(pattern string) ([]netip.Prefix, error) {
	p := &patternParser{patternLexer: patternLexer{rest: pattern}}
	p.advance()
	m, err := p.observations()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w: %q", errPattern, err, cut(pattern, 80))
	case p.kind != end:
		return nil, fmt.Errorf("%w: %q after its end", errPattern, cut(p.token, 20))
	case m.addresses():
		return m.prefixes, p.err
	case p.err != nil:
		return nil, p.err
	}
	return nil, errOtherPattern
}

// observations is: observation (AND | OR | FOLLOWEDBY observation)*. An address
// alone does not match observations that all have to occur.
func (p *patternParser) observations() (meaning, error) {
	m, err := p.observation()
	for err == nil && (p.is("AND") || p.is("OR") || p.is("FOLLOWEDBY")) {
		either := p.is("OR")
		p.advance()
		var n meaning
		if n, err = p.observation(); either {
			m = m.or(n)
		} else {
			m = meaning{}
		}
	}
	return m, err
}

// observation is: ([ comparisons ] | ( observations )) qualifier*.
func (p *patternParser) observation() (meaning, error) {
	var m meaning
	var err error
	switch {
	case p.take("["):
		m, err = p.disjunction()
		if err == nil && !p.take("]") {
			err = errors.New("a [ without ]")
		}
	case p.is("("):
		m, err = p.parenthesis(p.observations)
	default:
		err = fmt.Errorf("%q where [ is expected", cut(p.token, 20))
	}
	for err == nil && p.qualifier() {
		continue
	}
	return m, err
}

// qualifier skips WITHIN n SECONDS, REPEATS n TIMES, START t STOP t: times and
// counts are not evaluated.
func (p *patternParser) qualifier() bool {
	for _, words := range [][2]string{{"WITHIN", "SECONDS"}, {"REPEATS", "TIMES"}, {"START", "STOP"}} {
		if p.take(words[0]) {
			p.advance()
			p.take(words[1])
			if words[1] == "STOP" {
				p.advance()
			}
			return true
		}
	}
	return false
}

func (p *patternParser) parenthesis(inside func() (meaning, error)) (meaning, error) {
	if p.depth++; p.depth > maxParens {
		return meaning{}, errors.New("nested too deeply")
	}
	p.advance()
	m, err := inside()
	p.depth--
	if err == nil && !p.take(")") {
		err = errors.New("a ( without )")
	}
	return m, err
}

// disjunction is: conjunction (OR conjunction)*.
func (p *patternParser) disjunction() (meaning, error) {
	m, err := p.conjunction()
	for err == nil && p.take("OR") {
		var n meaning
		n, err = p.conjunction()
		m = m.or(n)
	}
	return m, err
}

// conjunction is: comparison (AND comparison)*.
func (p *patternParser) conjunction() (meaning, error) {
	m, err := p.comparison()
	for err == nil && p.take("AND") {
		var n meaning
		n, err = p.comparison()
		m = m.and(n)
	}
	return m, err
}

// comparison is: ( disjunction ), or: path NOT? operator value.
func (p *patternParser) comparison() (meaning, error) {
	if p.is("(") {
		return p.parenthesis(p.disjunction)
	}
	if p.take("EXISTS") {
		p.advance()
		return meaning{}, nil
	}
	if p.kind != word {
		return meaning{}, fmt.Errorf("%q where a path is expected", cut(p.token, 20))
	}
	path := p.token
	p.advance()
	negated := p.take("NOT")
	operator := p.token
	p.advance()
	values, err := p.values()
	if err != nil {
		return meaning{}, err
	}
	if !isAddressPath(path) {
		return meaning{neutral: strings.HasPrefix(path, "network-traffic:")}, nil
	}
	if negated || operator != "=" && operator != "IN" && operator != "ISSUBSET" {
		return meaning{}, nil
	}
	var m meaning
	for _, v := range values {
		if m.prefixes, err = appendPrefixes(m.prefixes, v); err != nil {
			p.err = fmt.Errorf("%w: %q", err, cut(v, 80))
		}
	}
	return m, nil
}

// values is: a literal, or ( literal , ... ).
func (p *patternParser) values() ([]string, error) {
	if !p.take("(") {
		value := p.token
		if p.kind != literal && p.kind != word {
			return nil, fmt.Errorf("%q where a value is expected", cut(p.token, 20))
		}
		p.advance()
		return []string{value}, nil
	}
	var list []string
	for !p.take(")") {
		if p.kind != literal && p.kind != word {
			return nil, errors.New("a list that is not closed")
		}
		list = append(list, p.token)
		p.advance()
		p.take(",")
	}
	return list, nil
}

// isAddressPath reports whether a path is a network address.
func isAddressPath(path string) bool {
	switch path {
	case "ipv4-addr:value", "ipv6-addr:value",
		"network-traffic:src_ref.value", "network-traffic:dst_ref.value":
		return true
	}
	return false
}
