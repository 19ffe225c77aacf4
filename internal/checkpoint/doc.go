// Package checkpoint keeps what is done and how far, in a client of a storage
// extension: which objects are done, how much of the unfinished ones was
// delivered, cursors of sources, and sections that others keep, such as the
// counters of metrics. All of it changes together, by commits.
//
// # Vocabulary
//
//	object    one version of an S3 object, or a file, known by its ID
//	group     objects that are forgotten at once: those of a day, an hour, a prefix
//	change    what one commit changes: objects done and reached, cursors, deltas
//	entry     the stored form of a change; the journal is the entries by number
//	state     what all entries up to a position add up to
//	snapshot  the stored form of a state: chunks, pages, and a manifest
//	chunk     a piece of the state, without what is in pages
//	page      IDs of up to 2,040 done objects of a group, written once
//	loose     an ID of a done object that is in no page
//	garbage   stored values that the manifest in place has no use for
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
// A commit writes the next entry of the journal and nothing else: it either is
// there or is not, as the one value is. The state is what the manifest names and
// all entries behind its position.
//
// # What Tidy does
//
// Storage promises nothing for several writes together, so each step of Tidy
// leaves the state as it is:
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
//	|   write chunks of the next generation  (nobody names them)    |
//	|        v                                                      |
//	|   write manifest                       (now all is new)       |
//	|        v                                                      |
//	|   delete what was before: chunks, pages of forgotten groups,  |
//	|   entries up to the position, the last of them last ----------+
//	|
//	+-- commits go on between any two steps
//
// A page that was written since the manifest is not yet named by it; its objects
// are found in the old state and the journal. So a crash leaves at most chunks
// of a generation and pages of numbers that come next, which Open deletes, or a
// deletion that is not complete, which the entry at the manifest's position
// tells, and Tidy goes on with it.
//
// The state is written anew only when the entries since the last time are as
// long, and pages are never written twice: over time Tidy writes about as much
// as the commits, and a restart reads at most about twice the state.
//
// # Size and speed
//
// A done object takes 20 to 23 bytes of memory and 16 to 20 bytes of stored
// values, however it is grouped as long as groups hold a few dozen objects; see
// TestBytesPerDoneObject. IDs are kept whole: that one object is taken for
// another is a matter of 128 bits. Beside a million done objects Done takes 65 to
// 160 ns, and Open half a second for 16 MB.
//
// # Errors
//
// Every value has a format number and a checksum over its key and content. What
// cannot be read, or is missing, stops Open with ErrUnreadable. A write that
// fails changes nothing in memory.
//
// # Known limits
//
// If a storage loses the newest entries, or all values, nobody can tell: that is
// the state of some time ago, and start_from acts again in an empty storage.
// Likewise an extension that replaces a damaged file by an empty one.
package checkpoint
