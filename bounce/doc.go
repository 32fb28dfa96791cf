// Package bounce parses delivery reports, complaints and automatic replies.
//
// It has no dependencies on the store, members or SMTP. [Parse] finds out what kind of message it is and which message
// it is about. [Classify] returns the reason for a rejection, from the relay's reply or from a later report. [Health]
// keeps the score of an address. [Cohort] detects when a whole domain rejects our messages.
//
// This package does not decide which member a report is about, because reports can be forged. Package inbound does.
package bounce
