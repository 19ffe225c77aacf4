package accesslog

// Absent is the value of a number that the record holds as "-" or not at all.
const Absent = -1

// ACLRequired is field 26, which tells three things apart.
type ACLRequired uint8

const (
	ACLUnknown   ACLRequired = iota // the record is older than the field, or null
	ACLNotNeeded                    // "-" or false
	ACLNeeded                       // "Yes" or true
)

// Record is one parsed access log record. Its strings are parts of the line
// given to Parse and live as long as that line, but for JSON strings with
// escapes, which are decoded; a Record is reused by handing it to Parse again.
// A field that is "-" in the log, quoted or bare, or null, or that the line is
// too old to have, is "" here, or Absent for a number.
//
// Strings are as logged: they may hold bytes that are not UTF-8.
//
// Source of names and types: "Amazon S3 server access log format" in the
// Amazon S3 User Guide.
type Record struct {
	Owner    string
	Bucket   string
	Time     int64 // seconds since the Unix epoch, the resolution of text records
	Millis   int16 // milliseconds of that second, which JSON records have
	RemoteIP string
	// RemotePort is the port behind the Remote IP, which S3 does not log but
	// other servers do; 0 when there is none.
	RemotePort int32
	Requester  string // see ParseRequester
	RequestID  string
	Operation  string
	Key        string // as logged; see AppendKey
	// RawKey says that Key is not encoded.
	RawKey bool

	Method  string // the Request-URI's three parts; all "" without a request line
	Target  string // still encoded, as sent
	Version string // "1.1"; "" when the request line names none

	Status         int32 // HTTP status
	ErrorCode      string
	BytesSent      int64 // bytes
	ObjectSize     int64 // bytes
	TotalTime      int64 // milliseconds
	TurnAroundTime int64 // milliseconds

	Referer   string
	UserAgent string

	VersionID        string
	HostID           string // a two-token host id keeps its space
	SignatureVersion string
	CipherSuite      string // as logged, an OpenSSL name; see CipherName
	AuthType         string
	HostHeader       string
	TLSVersion       string // as logged; see TLSVersionNumber
	AccessPointARN   string
	ACLRequired      ACLRequired
	SourceRegion     string

	// UnexpectedACL is field 26 as logged when it is neither "-" nor "Yes";
	// ACLRequired is ACLUnknown then.
	UnexpectedACL string
	// Unexpected holds the fields whose value is none that is known.
	Unexpected FieldSet

	// Extra holds the fields from 28 on as logged, separated by single spaces.
	Extra string
	// Members holds the members of a JSON record that have no name here, the
	// first maxMembers of them. Parse uses the memory of the slice again.
	Members []Member
	// Fields is how many fields the line has: 18, 24 or more. A two-token host
	// id counts once. A JSON record has 27.
	Fields int

	format Format
	// err is what Parse returns, kept here so that a bad line costs no allocation.
	err Error
}

// Member is a member of a JSON record.
type Member struct {
	Name  string // as written, cut as Value is
	Value string // raw JSON, cut on a rune boundary after maxMemberValue bytes
}
