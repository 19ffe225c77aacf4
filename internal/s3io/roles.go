package s3io

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-s3audit/otelcol-s3audit/internal/source"
)

// AnyOwner as an expected owner means that the owner of a bucket is not checked.
const AnyOwner = "*"

// Role is a role that is assumed to read the buckets of another account.
type Role struct {
	Buckets             []string            `mapstructure:"buckets"` // patterns of names, with * and ?
	RoleARN             string              `mapstructure:"role_arn"`
	ExternalID          configopaque.String `mapstructure:"external_id"`
	ExpectedBucketOwner string              `mapstructure:"expected_bucket_owner"` // "" means the account in RoleARN, AnyOwner any
}

// bucketPattern has the characters of bucket names, and those of patterns.
var bucketPattern = regexp.MustCompile(`^[A-Za-z0-9._*?-]+$`)

// check returns what is wrong with a role. path is that of the role.
func (r *Role) check(path string) error {
	var errs []error
	if _, err := r.account(); err != nil {
		errs = append(errs, fmt.Errorf("`%s::role_arn` is %q: it must be the ARN of a role such as arn:aws:iam::111122223333:role/s3-audit-reader", path, r.RoleARN))
	}
	if len(r.Buckets) == 0 {
		errs = append(errs, fmt.Errorf("`%s::buckets` is missing: the buckets that are read with the role, such as [\"acme-111122223333-*\"]", path))
	}
	for _, pattern := range r.Buckets {
		if !bucketPattern.MatchString(pattern) {
			errs = append(errs, fmt.Errorf("`%s::buckets` has %q: it must be the name of a bucket, in which * is any text and ? any character", path, pattern))
		}
	}
	if err := ValidateAccount(r.ExpectedBucketOwner); err != nil {
		errs = append(errs, fmt.Errorf("`%s::expected_bucket_owner` %w", path, err))
	}
	return errors.Join(errs...)
}

// account returns the account in the ARN.
func (r *Role) account() (string, error) {
	parsed, err := arn.Parse(r.RoleARN)
	if err != nil || parsed.Service != "iam" || !source.IsAccount(parsed.AccountID) {
		return "", errors.New("not the ARN of a role")
	}
	return parsed.AccountID, nil
}

// owner returns the expected owner of the role's buckets; "" means any.
func (r *Role) owner() string {
	switch r.ExpectedBucketOwner {
	case AnyOwner:
		return ""
	case "":
		account, _ := r.account() // which Validate checked
		return account
	default:
		return r.ExpectedBucketOwner
	}
}

// Owners returns the owners that the roles expect of themselves, each once.
func (c *Config) Owners() []string {
	var owners []string
	for i := range c.Roles {
		if owner := c.Roles[i].owner(); owner != "" && c.Roles[i].ExpectedBucketOwner == "" {
			owners = append(owners, owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// IsPattern reports whether a name of buckets stands for several.
func IsPattern(name string) bool {
	return strings.ContainsAny(name, "*?")
}

// Fits reports whether a name fits one of several patterns, in which * is any text and ?
// any character.
func Fits(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return fits(pattern, name) })
}

// fits takes time in proportion to the product of the lengths: after a *, only the last
// one is tried again.
func fits(pattern, name string) bool {
	star, from := -1, 0 // the last *, and where the text behind it was tried
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
