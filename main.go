// Postrider sends the e-mail of a web forum: digests, reply alerts and announcements.
package main

import (
	"os"

	_ "time/tzdata" // members' zones must be known on machines that have no tz database

	"postrider/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:]))
}
