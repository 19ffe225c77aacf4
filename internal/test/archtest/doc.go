// Package archtest holds no code but tests of the repository itself: who may
// import whom, what every package and file has to be like, and that the tables
// of the pages are those of the code. ARCHITECTURE.md says why.
package archtest
