package listing

import (
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// pattern is a regular expression on keys. nil fits all.
type pattern struct {
	*regexp.Regexp
	program *syntax.Prog
}

// compilePattern returns nil for "".
func compilePattern(text string) (*pattern, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	return &pattern{re, program}, err
}

// fits reports whether a key is to be read.
func (s *Source) fits(key string) bool { return s.pattern == nil || s.pattern.MatchString(key) }

// canFit reports whether p may fit a key that begins with prefix. It follows all ways
// through the program at once. Of the conditions on the place in the text it knows those
// on its begin and end; others may hold.
func (p *pattern) canFit(prefix string) bool {
	if p == nil {
		return true
	}
	last := len(prefix) // where the key may end
	at := p.from(syntax.EmptyBeginText, 0, last)
	for i, r := range prefix {
		place := i + utf8.RuneLen(r)
		next := p.from(0, place, last) // a match may begin anywhere
		for pc, waits := range at {
			switch inst := &p.program.Inst[pc]; {
			case !waits:
			case inst.Op == syntax.InstMatch:
				return true
			case inst.MatchRune(r):
				p.follow(next, inst.Out, known(0, place, last))
			}
		}
		at = next
	}
	return slices.Contains(slices.Collect(maps.Values(at)), true)
}

func (p *pattern) from(begin syntax.EmptyOp, place, last int) map[uint32]bool {
	set := map[uint32]bool{}
	p.follow(set, uint32(p.program.Start), known(begin, place, last))
	return set
}

// known returns the conditions that may hold at a place.
func known(begin syntax.EmptyOp, place, last int) syntax.EmptyOp {
	others := ^(syntax.EmptyBeginText | syntax.EmptyEndText)
	if place == last {
		others |= syntax.EmptyEndText
	}
	return begin | others
}

// follow adds to set the instructions that are reached from pc without a character: true
// are those that wait for one, or for nothing any more.
func (p *pattern) follow(set map[uint32]bool, pc uint32, holds syntax.EmptyOp) {
	if _, seen := set[pc]; seen {
		return
	}
	set[pc] = false
	switch inst := &p.program.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		p.follow(set, inst.Out, holds)
		p.follow(set, inst.Arg, holds)
	case syntax.InstCapture, syntax.InstNop:
		p.follow(set, inst.Out, holds)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(inst.Arg)&^holds == 0 {
			p.follow(set, inst.Out, holds)
		}
	case syntax.InstFail:
	default:
		set[pc] = true
	}
}
