// Package live runs Postrider beside a real forum: the forum's own code on PHP, installed and used through its pages. Each email of
// Postrider is compared with the forum's own. README.md explains it. Its tests have the build tag "live", because they are not part
// of the usual ones.
package live
