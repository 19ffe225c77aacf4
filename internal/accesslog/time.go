package accesslog

// timeLength is the length of "[06/Feb/2019:00:00:38 +0000]".
const timeLength = 28

// Years that a record's time may have: those whose nanoseconds since the Unix
// epoch fit into an int64.
const (
	minYear = 1970
	maxYear = 2261
)

// parseTime reads "[06/Feb/2019:00:00:38 +0000]", which may be followed by
// anything, and returns seconds since the Unix epoch. The zone is honoured.
func parseTime(s string) (seconds int64, ok bool) {
	if len(s) < timeLength {
		return 0, false
	}
	s = s[:timeLength]
	if s[0] != '[' || s[3] != '/' || s[7] != '/' || s[12] != ':' || s[15] != ':' ||
		s[18] != ':' || s[21] != ' ' || s[27] != ']' {
		return 0, false
	}
	day, month := twoDigits(s[1:3]), monthNumber(s[4:7])
	century, years := twoDigits(s[8:10]), twoDigits(s[10:12])
	hour, minute, second := twoDigits(s[13:15]), twoDigits(s[16:18]), twoDigits(s[19:21])
	zoneHours, zoneMinutes := twoDigits(s[23:25]), twoDigits(s[25:27])
	if day|month|century|years|hour|minute|second|zoneHours|zoneMinutes < 0 {
		return 0, false
	}
	year := century*100 + years
	// A second of 60 is a leap second; no zone is further away than 14 hours.
	if year < minYear || year > maxYear || day < 1 || day > daysIn(month, year) ||
		hour > 23 || minute > 59 || second > 60 || zoneHours > 14 || zoneMinutes > 59 {
		return 0, false
	}
	seconds = daysFromCivil(year, month, day)*86400 + int64(hour*3600+minute*60+second)
	zone := int64(zoneHours*3600 + zoneMinutes*60)
	switch s[22] {
	case '+':
		seconds -= zone
	case '-':
		seconds += zone
	default:
		return 0, false
	}
	return seconds, seconds >= 0
}

// twoDigits returns the number that two digits make, or a negative one.
func twoDigits(s string) int {
	tens, ones := s[0]-'0', s[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// monthNumber returns 1 for "Jan", or a negative number for what is no month.
func monthNumber(s string) int {
	switch s {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return -1
}

func daysIn(month, year int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysFromCivil returns the days from 1970-01-01 to a date of the Gregorian
// calendar, counting years from March so that the leap day comes last.
// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
func daysFromCivil(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	yearOfEra := year % 400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era*146097 + dayOfEra - 719468)
}
