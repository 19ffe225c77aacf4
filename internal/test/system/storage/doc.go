// Package storage has the tests of package checkpoint over the storage extension that
// users have. There is nothing else in it.
package storage
