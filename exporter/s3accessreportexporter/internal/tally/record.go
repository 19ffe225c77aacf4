package tally

// Kind is one of the things that security asks about.
type Kind uint8

// The kinds, in the order of the page's KINDS.
const (
	Anonymous Kind = iota
	Denied
	TLS
	PlainHTTP
	SigV2
	ACL
	Presigned
	Deleted
	Copied
	Website
	DeniedAnonymous
	Kinds
)

// Attribute is an attribute whose absence from every record leaves a panel empty.
type Attribute uint8

// The attributes, by the place in AttributeNames.
const (
	HasOperation Attribute = iota
	HasStatus
	HasBodySize
	HasObjectSize
	HasTotalTime
	HasTurnAroundTime
	HasKey
	HasUser
	HasClient
	HasAgent
	HasTLSVersion
	HasSignature
	HasAuthType
	HasACLRequired
	HasCountry
	HasThreat
	HasUID
	Attributes
)

// AttributeNames are the names of the attributes.
var AttributeNames = [Attributes]string{
	"aws.s3.operation", "http.response.status_code", "http.response.body.size", "aws.s3.object.size",
	"aws.s3.total_time", "aws.s3.turn_around_time", "aws.s3.key", "user.id", "client.address",
	"user_agent.original", "tls.protocol.version", "aws.signature.version", "aws.s3.auth_type",
	"aws.s3.acl_required", "geo.country.iso_code", "threat.indicator.ip", "log.record.uid",
}

// Confidences are the words of Record.Confidence, which is their place here and one more.
var Confidences = [...]string{"High", "Medium", "Low", "None"}

// MostText is how many bytes of a text are kept.
const MostText = 256

// Absent is a time that was not logged.
const Absent = -1

// Record is what is counted of a record: a request, or a line that could not be read. Its
// texts have at most MostText bytes; they are not kept.
type Record struct {
	UID       uint64 // part of log.record.uid; 0: none
	Time      int64  // of the request, in ms since 1970; of a malformed line, when it was read
	Malformed bool   // then Reason and Example
	Ignored   bool   // no record of S3, or one that lacks time or bucket: then nothing else

	Bucket    string
	Operation string
	Client    string
	Requester string // "": anonymous, or not known
	Key       string
	Agent     string
	Code      string // S3's error code; "": none

	Status uint16
	Sent   int64 // bytes
	Added  int64 // bytes
	Total  int64 // ms, or Absent
	Turn   int64 // ms, or Absent

	Marks   uint16 // a bit a Kind
	Present uint32 // a bit an Attribute
	Cut     uint8  // texts that were cut
	TLS     string // the version, when it is below 1.2

	Country, City string
	Lat, Lon      float32
	HasPoint      bool

	Confidence              uint8 // 0: no threat
	Actor, ThreatType, Feed string
	Feeds                   string // all that matched, separated by newlines
	OddField, OddValue      string // a value outside AWS's documented ones
	Reason, Example         string
}

// Is reports whether a request is of a kind.
func (r *Record) Is(k Kind) bool { return r.Marks&(1<<k) != 0 }
