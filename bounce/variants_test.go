package bounce

import (
	"strings"
	"testing"
)

func TestClassify_QuotaInOtherWords(t *testing.T) {
	wantClass(t, []serverReply{
		{552, "5.1.1", "552 sorry, the mailbox quota of member@dest.example is used up (#5.1.1)"},
		{552, "5.1.1", "552 member@dest.example has no more room (#5.1.1)"},
		{550, "5.1.1", "550 5.1.1 user's quota has been reached"},
		{550, "5.1.1", "550 5.1.1 the recipient's storage is exhausted"},
		{550, "5.1.1", "550 Quotas for this mailbox have been exceeded"},
		{550, "5.1.1", "550 The user's allotted disk space is used up"},
		{550, "5.1.1", "550 Mailbox has grown too large"},
		{550, "", "550 mailbox has reached its maximum size"},
		{550, "", "550 No space available for this user"},
		{550, "5.1.1", "550 Benutzer hat sein Kontingent überschritten"},
		{550, "", "550 Postfach überfüllt"},
		{550, "5.1.1", "550 Espace disque insuffisant pour ce destinataire"},
	}, ClassMailboxFull)
}

func TestClassify_QuotaOfSender(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.7.1", "You have reached your quota of messages for today"},
		{550, "5.1.1", "550 5.1.1 192.0.2.9 used up its quota of messages"},
		{550, "5.1.1", "550 5.1.1 message quota of your server is exhausted"},
		{550, "5.1.1", "550 5.1.1 sender has exceeded its quota"},
		{550, "5.1.1", "550 5.1.1 192.0.2.9 has sent too much mail today"},
		{550, "5.1.1", "550 5.1.1 Too many addresses from 192.0.2.9 in the past hour"},
		{550, "5.1.1", "550 5.1.1 connection refused, 192.0.2.9 exceeded 100 mails in one hour"},
	}, ClassPolicy)
}

func TestClassify_LinkAboutSendingAddress(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.1.1", "550 https://postmaster.example/block?ip=192.0.2.9"},
		{553, "5.1.3", "553 http://www.example.net/delist/"},
		{550, "", "550 https://www.example.net/reputation.php?query=mail.forum.example"},
		{550, "5.1.1", "550 https://sendersupport.olc.protection.outlook.com/pm/"},
	}, ClassPolicy)
	wantClass(t, []serverReply{
		{550, "5.1.1", "550 User unknown. See https://help.example/?ip=192.0.2.9"},
		{550, "5.1.1", "550 5.1.1 https://support.google.com/mail/?p=NoSuchUser x1-20020a - gsmtp"},
	}, ClassUnknownUser)
}

func TestClassify_ReplyAfterArrow(t *testing.T) {
	const outer = "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> "
	wantClass(t, fromTexts(outer+"554 5.7.1 Your IP is blocked"), ClassPolicy)
	wantClass(t, fromTexts(outer+"552 5.2.2 mailbox full"), ClassMailboxFull)
	wantClass(t, fromTexts(outer+"550 5.1.1 user unknown"), ClassUnknownUser)
}

func TestClassify_WrappedByIronPort(t *testing.T) {
	const outer = "5.1.0 - Unknown address error "
	wantClass(t, []serverReply{
		{0, "5.1.0", outer + "550-'Denied by policy' (delivery attempts: 3)"},
		{0, "5.1.0", outer + "550-'SC-001 Unfortunately, messages from [192.0.2.9] weren't sent.' (delivery attempts: 0)"},
		{0, "5.1.0", outer + "554-'Blocked - see https://support.example/answer?ip=192.0.2.9' (delivery attempts: 0)"},
		{0, "5.1.0", outer + "421-'too many connections' (delivery attempts: 5)"},
	}, ClassPolicy)
	wantClass(t, []serverReply{{0, "5.1.0", outer + "552-'sorry, that recipient has exceeded their storage' (delivery attempts: 0)"}}, ClassMailboxFull)
	wantClass(t, []serverReply{{0, "5.1.0", outer + "553-'sorry, no user here with that name' (delivery attempts: 0)"}}, ClassUnknownUser)
}

func TestClassify_OtherDirectories(t *testing.T) {
	wantClass(t, []serverReply{
		{0, "", "member@dest.example not found in Domino Directory"},
		{0, "", "No match found in the address book: user not listed in Address Book"},
		{0, "", "Recipient user name info (member@dest.example) not unique.  Several matches found in Domino Directory."},
		{550, "5.7.1", "unknown or deleted account"},
	}, ClassUnknownUser)
}

func TestClassify_OtherGuesses(t *testing.T) {
	wantClass(t, []serverReply{
		{0, "", "Message could not be delivered to member@dest.example. The domain may not exist, may be blacklisted, or has wrong dns entries."},
	}, ClassDomainNotFound)
}

func TestClassify_OtherBlockWords(t *testing.T) {
	wantClass(t, fromTexts(
		"550 UBE not accepted here", "550 we do not want your newsletters", "550 unverifiable sender: no such user here", "550 return address <b@bounce.forum.example> unknown",
		"550 hostname 'a.example' does not match 192.0.2.9", "550 server 192.0.2.9 is known for abuse", "550 PTR mismatch",
	), ClassPolicy)
}

func TestClassify_UnknownUserOfQmailIMailAndNotes(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.5.0", "Sorry, no SMTP connection got far enough; most progress was RCPT TO response; remote host 192.0.2.32 said: 550 Unknown user member@dest.example . (#5.5.0) (Other MXes tried: 192.0.2.40 said 550 for RCPT TO response.)"},
		{0, "", "Invalid final delivery userid: member@dest.example"},
		{0, "", "------- Failure Reasons --------\nディレクトリのリストにありません\nmember@dest.example"},
	}, ClassUnknownUser)
}

// TestParse_BoundaryChangedByGateway checks a report whose header names another boundary than its body uses.
func TestParse_BoundaryChangedByGateway(t *testing.T) {
	const report = "From: MAILER-DAEMON@dest.example\nSubject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status;\n boundary=\"%s\"\n\n" +
		"--AA92C1B23442.15/dest.example\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n" +
		"--AA92C1B23442.15/dest.example\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; dest.example\n\n" +
		"Final-Recipient: rfc822; member@dest.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--AA92C1B23442.15/dest.example--\n"
	for _, boundary := range []string{"AA92C1B23442.15/dest.example", "AA92C1B23442.17/other.example", ""} {
		r := Parse([]byte(strings.Replace(report, "%s", boundary, 1)))
		if len(r.Recipients) != 1 || r.Recipients[0].Address != "member@dest.example" || r.Recipients[0].Class() != ClassUnknownUser {
			t.Errorf("with the boundary %q the report is %+v, want that member@dest.example is unknown", boundary, r.Recipients)
		}
	}
}
