// Package bounce reads what comes back from mail: delivery reports, complaints, automatic answers.
//
// It is pure, and knows nothing of stores, members or SMTP. [Parse] finds out what a message is and what it says of
// which mail; [Classify] says whose fault a refusal is, whether a relay spoke it at the time or a report tells
// of it later; [Health] keeps the score of an address; [Cohort] finds out when a whole domain is at fault,
// and no address of it.
//
// Whom a report is about is not decided here: what it says of itself can be forged.
package bounce
