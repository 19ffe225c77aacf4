package main

// allocation is an invented one: the place is real, that the network is there is
// not.
type allocation struct {
	network            string
	as                 uint32 // of organizations
	continent, country string
	region             string // ISO 3166-2 without its country
	city, postal       string
	lat, lon           float64
}

var continents = map[string]string{
	"AF": "Africa", "AS": "Asia", "EU": "Europe", "NA": "North America", "OC": "Oceania", "SA": "South America",
}

// organizations are invented; their numbers are set apart for documentation (RFC
// 5398), since the sample feeds call some of these networks malicious.
var organizations = map[uint32]string{
	64496: "Example Broadband",
	64497: "Example Mobile",
	64498: "Example Cloud",
	64499: "Example Edge Network",
	64500: "Example University",
	64501: "Example Hosting",
	64502: "Example Fibre",
	64503: "Example Carrier",
}

// allocations divide the networks for documentation (RFC 5737, RFC 3849) as
// internal/test/samplelogs uses them.
var allocations = []allocation{
	{"192.0.2.0/27", 64496, "EU", "DE", "BE", "Berlin", "10115", 52.5200, 13.4050},
	{"192.0.2.32/27", 64498, "NA", "US", "VA", "Ashburn", "20147", 39.0438, -77.4874},
	{"192.0.2.64/27", 64497, "AS", "IN", "MH", "Mumbai", "400001", 19.0760, 72.8777},
	{"192.0.2.96/27", 64496, "SA", "BR", "SP", "São Paulo", "01000", -23.5505, -46.6333},
	{"192.0.2.128/27", 64502, "AS", "JP", "13", "Tokyo", "100-0001", 35.6762, 139.6503},
	{"192.0.2.160/27", 64496, "EU", "GB", "ENG", "London", "EC1A", 51.5072, -0.1276},
	{"192.0.2.192/27", 64497, "AF", "ZA", "WC", "Cape Town", "8001", -33.9249, 18.4241},
	{"192.0.2.224/27", 64500, "EU", "FR", "IDF", "Paris", "75001", 48.8566, 2.3522},

	{"198.51.100.0/26", 64499, "NA", "US", "OH", "Columbus", "43004", 39.9612, -82.9988},
	{"198.51.100.64/26", 64499, "EU", "IE", "L", "Dublin", "D01", 53.3498, -6.2603},
	{"198.51.100.128/26", 64499, "EU", "DE", "HE", "Frankfurt am Main", "60311", 50.1109, 8.6821},
	{"198.51.100.192/26", 64499, "OC", "AU", "NSW", "Sydney", "2000", -33.8688, 151.2093},

	{"203.0.113.0/28", 64501, "EU", "RU", "MOW", "Moscow", "101000", 55.7558, 37.6173},
	{"203.0.113.16/28", 64503, "AS", "CN", "SH", "Shanghai", "200000", 31.2304, 121.4737},
	{"203.0.113.32/28", 64501, "EU", "NL", "NH", "Amsterdam", "1012", 52.3676, 4.9041},
	{"203.0.113.48/28", 64497, "AF", "NG", "LA", "Lagos", "100001", 6.5244, 3.3792},
	{"203.0.113.64/28", 64502, "AS", "KR", "11", "Seoul", "04524", 37.5665, 126.9780},
	{"203.0.113.80/28", 64496, "NA", "CA", "ON", "Toronto", "M5H", 43.6532, -79.3832},
	{"203.0.113.96/28", 64503, "NA", "MX", "CMX", "Mexico City", "06000", 19.4326, -99.1332},
	{"203.0.113.112/28", 64500, "EU", "SE", "AB", "Stockholm", "111 20", 59.3293, 18.0686},
	{"203.0.113.128/28", 64498, "AS", "SG", "01", "Singapore", "018956", 1.3521, 103.8198},
	{"203.0.113.144/28", 64496, "EU", "PL", "14", "Warsaw", "00-001", 52.2297, 21.0122},
	{"203.0.113.160/28", 64502, "EU", "IT", "25", "Milan", "20121", 45.4642, 9.1900},
	{"203.0.113.176/28", 64496, "EU", "ES", "MD", "Madrid", "28001", 40.4168, -3.7038},
	{"203.0.113.192/28", 64503, "AS", "TR", "34", "Istanbul", "34000", 41.0082, 28.9784},
	{"203.0.113.208/28", 64497, "AS", "ID", "JK", "Jakarta", "10110", -6.2088, 106.8456},
	{"203.0.113.224/28", 64503, "SA", "AR", "C", "Buenos Aires", "C1000", -34.6037, -58.3816},
	{"203.0.113.240/28", 64501, "EU", "UA", "30", "Kyiv", "01001", 50.4501, 30.5234},

	{"2001:db8::/36", 64500, "EU", "CH", "ZH", "Zurich", "8001", 47.3769, 8.5417},
	{"2001:db8:1000::/36", 64496, "EU", "DE", "BY", "Munich", "80331", 48.1351, 11.5820},
	{"2001:db8:2000::/36", 64498, "NA", "US", "OR", "Boardman", "97818", 45.8399, -119.7006},
	{"2001:db8:3000::/36", 64502, "AS", "IN", "KA", "Bengaluru", "560001", 12.9716, 77.5946},
	{"2001:db8:4000::/36", 64497, "AS", "VN", "SG", "Ho Chi Minh City", "700000", 10.8231, 106.6297},
	{"2001:db8:5000::/36", 64496, "NA", "US", "CA", "San Francisco", "94102", 37.7749, -122.4194},
	{"2001:db8:6000::/36", 64503, "SA", "CL", "RM", "Santiago", "8320000", -33.4489, -70.6693},
	{"2001:db8:7000::/36", 64501, "EU", "RO", "B", "Bucharest", "010011", 44.4268, 26.1025},
	{"2001:db8:8000::/36", 64502, "EU", "FI", "18", "Helsinki", "00100", 60.1699, 24.9384},
}
