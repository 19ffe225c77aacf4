// Package checkpoint keeps progress in a client of a storage extension: which objects
// are done, how much of the unfinished ones was delivered, cursors of sources, and
// sections that others keep, such as the counters of metrics. All of it changes
// together, by commits.
//
// # Vocabulary
//
//	object    one version of an S3 object, or a file, known by its ID
//	group     objects that are forgotten together: those of a day, an hour, a prefix
//	change    what one commit changes: objects done and reached, cursors, deltas
//	entry     the stored form of a change; the journal is the entries by number
//	state     what all entries up to a position add up to
//	snapshot  the stored form of a state: chunks, pages, and a manifest
//	chunk     a piece of the state, without what is in pages
//	page      IDs of up to 2,040 done objects of a group, written once
//	loose     an ID of a done object that is in no page
//	garbage   stored values that the current manifest does not need
//
// # What is stored
//
//	manifest                names generation, position, number of chunks, checksum
//	   |        \
//	   |         state/GENERATION/CHUNK   groups, their pages and loose IDs,
//	   |              |                   offsets, cursors, sections
//	   |              v
//	   |         page/NUMBER  page/NUMBER  ...
//	   v
//	   position ... journal/POSITION+1  journal/POSITION+2  ...  journal/LAST
//
// A commit writes the next entry of the journal and nothing else; it is atomic, since
// that is one value. The state is the snapshot that the manifest names and all entries
// after its position.
//
// # What Tidy does
//
// Storage does not make several writes atomic, so each step of Tidy leaves the state
// as it is:
//
//	       a group has a page full of loose IDs:
//	       write page                 loose IDs -> page, in memory
//	         ^
//	         |
//	+---- at rest <-------------------------------------------------+
//	|        | entries and garbage outweigh the state               |
//	|        v                                                      |
//	|   write pages of all groups with more than a few loose IDs    |
//	|        v                                                      |
//	|   take the state as it is now, and its position               |
//	|        v                                                      |
//	|   write chunks of the next generation  (no manifest yet)      |
//	|        v                                                      |
//	|   write manifest                       (it takes effect)      |
//	|        v                                                      |
//	|   delete what was before: chunks, pages of forgotten groups,  |
//	|   entries up to the position, the last of them last ----------+
//	|
//	+-- commits go on between any two steps
//
// The manifest does not name pages that were written after it; their objects are still
// in the old state and the journal. So a crash leaves at most chunks of the next
// generation and pages with the next numbers, which Open deletes, or an incomplete
// deletion, which Open detects by the entry at the manifest's position and Tidy
// completes.
//
// A snapshot is written only when the entries since the last one are as long as the
// state, and pages are never written twice: over time Tidy writes about as much as
// the commits, and a restart reads at most about twice the state.
//
// # Size and speed
//
// A done object takes 20 to 23 bytes of memory and 16 to 20 bytes of stored
// values, if groups hold at least a few dozen objects; see TestBytesPerDoneObject.
// IDs are kept whole, 128 bits, so that collisions are improbable. With a million done
// objects Done takes 65 to 160 ns, and Open half a second for 16 MB.
//
// # Errors
//
// Every value has a format number and a checksum over its key and content. A value
// that is unreadable or missing stops Open with ErrUnreadable. A write that fails
// changes nothing in memory.
//
// # Known limits
//
// A storage that loses the newest entries goes unnoticed: it looks like an earlier state.
// One that loses all values, as when an extension replaces a damaged file by an empty one,
// is noticed by a marker in a second client, see CheckMarker, unless that is lost, too.
package checkpoint
