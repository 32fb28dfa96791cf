package bounce

import "testing"

// TestClassify_ServersWithWordsOfTheirOwn checks general words that mean something particular at some servers.
func TestClassify_ServersWithWordsOfTheirOwn(t *testing.T) {
	for _, tt := range []struct {
		code     int
		enhanced string
		text     string
		want     Class
	}{
		// Microsoft: recipients that the directory does not have. The same words under another code are a rule of somebody else's.
		{550, "5.4.1", "550 5.4.1 Recipient address rejected: Access denied. [x.namprd03.prod.outlook.com]", ClassUnknownUser},
		{550, "5.4.1", "[member@dest.example]: Recipient address rejected: Access denied", ClassUnknownUser},
		{550, "5.4.1", "All recipient addresses rejected : Access denied", ClassUnknownUser},
		{554, "5.7.1", "<member@dest.example>: Recipient address rejected: Access denied", ClassPolicy},
		{550, "5.7.606", "Access denied, banned sending IP [192.0.2.9]", ClassPolicy},
		// Outlook.com: unknown users. RFC 5321's words alone can mean anything.
		{550, "5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [x.prod.protection.outlook.com]", ClassUnknownUser},
		{550, "5.5.0", "550 Requested action not taken: mailbox unavailable (0000000022:2222:-0000000022)", ClassUnknownUser},
		{550, "", "SMTP error from remote mail server after RCPT TO:<member@hotmail.example>: host mx1.hotmail.com [192.0.2.1]: 550 Requested action not taken: mailbox unavailable", ClassUnknownUser},
		{550, "", "host mx.dest.example[192.0.2.1] said: 550 Requested action not taken: mailbox unavailable", ClassUnspecified},
		{550, "", "550-Requested action not taken: mailbox unavailable 550 invalid DNS MX or A/AAAA resource record", ClassPolicy},
		// The recipient is rejected, and nothing else is said.
		{550, "", "550 #5.1.0 Address rejected.", ClassUnknownUser},
		{550, "", "550 <member.name@a.dest.example>: Recipient address rejected.", ClassUnknownUser},
		{550, "5.1.0", "550 5.1.0 Recipient rejected: <member@dest.example> (in reply to RCPT TO command)", ClassUnknownUser},
		{550, "5.1.1", "192.0.2.1 does not like recipient. Remote host said: 550 5.1.1 recipient rejected Giving up on 192.0.2.1.", ClassUnknownUser},
		{542, "", "542 member@dest.example Rejected", ClassUnknownUser},
		{550, "", "550 Rejected", ClassUnspecified},
		{550, "", "550 5.7.1 Recipient address rejected: Greylisted", ClassPolicy},
		// RFC 3463: the codes of the sender's address.
		{501, "5.1.7", "501 5.1.7 Invalid address", ClassPolicy},
		{550, "5.1.8", "550 5.1.8 domain does not exist", ClassPolicy},
		{550, "5.1.8", "550 5.1.8 no such user", ClassUnknownUser},
		// docomo: the member's own filter.
		{550, "", "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user member@docomo.example (in reply to end of DATA command)", ClassPolicy},
		{550, "", "host mfsmax.docomo.ne.jp[192.0.2.1] said: 550 Unknown user member@docomo.example (in reply to RCPT TO command)", ClassUnknownUser},
		{550, "", "host mx.dest.example[192.0.2.1] said: 550 Unknown user member@dest.example (in reply to end of DATA command)", ClassUnknownUser},
		// Google says the same of groups that do not exist and of those that do not admit us.
		{0, "", "The group you tried to contact (walkers) may not exist, or you may not have permission to post messages to it.\n\nGoogle Groups", ClassPolicy},
		{0, "", "Il se peut que le groupe n'existe pas.\n\nGoogle Groups", ClassPolicy},
	} {
		if got := Classify(tt.code, tt.enhanced, tt.text); got != tt.want {
			t.Errorf("Classify(%d, %q, %q) = %s, want %s", tt.code, tt.enhanced, tt.text, got, tt.want)
		}
	}
}

// TestClassify_MissingDomainNeedsAnAnswerOfTheDNS checks that a failed look-up is not taken for a missing domain.
func TestClassify_MissingDomainNeedsAnAnswerOfTheDNS(t *testing.T) {
	wantClass(t, []serverReply{
		{0, "5.4.4", "Host or domain name not found. Name service error for name=dest.example type=A: Host not found"},
		{0, "5.4.4", "Name service error for name=dest.example type=MX: Host not found"},
		{0, "5.4.4", "550 5.4.4 Invalid domain"},
		{0, "5.4.4", "Illegal host/domain name found"},
		{0, "4.0.0", "DNS Error: 1234 DNS type 'mx' lookup of dest.example responded with code NXDOMAIN Domain name not found: dest.example"},
		{554, "5.5.0", "554 The mail could not be delivered to the recipient because the domain is not reachable. Please check the domain and try again (-1:308:-2)"},
		{0, "", "Unable to deliver message to <member@dest.example> (and other recipients in the same domain). Please check if address is correct."},
		{0, "", "550 dest.example (smtp)... 550 Host unknown (Authoritative answer from name server)"},
	}, ClassDomainNotFound)
	wantClass(t, []serverReply{
		{0, "4.4.3", "Host or domain name not found. Name service error for name=dest.example type=MX: Host not found, try again"},
		{0, "5.4.4", "Name service error for name=dest.example type=MX: Host not found, try again"},
		{0, "5.4.3", "Temporary lookup failure"},
		{450, "4.1.2", "Recipient address rejected: Domain not found"},
		{454, "4.4.4", "[internal] no MX or A for domain"},
		{0, "", "Unable to deliver message to <member@dest.example> (and other recipients in the same domain)."},
	}, ClassExpired)
	wantClass(t, []serverReply{{0, "5.4.4", "unable to route"}, {0, "5.4.6", ""}}, ClassRouting)
	wantClass(t, []serverReply{{0, "4.0.0", "The domain dest.example doesn't receive email according to the administrator: returned Null MX"}}, ClassUnknownUser)
	wantClass(t, []serverReply{{501, "5.0.0", "Connected to 192.0.2.1 but my name was rejected. Remote host said: 501 5.0.0 Invalid domain name"}}, ClassPolicy)
}

func TestClassify_NameInAddressOfManyLabels(t *testing.T) {
	wantClass(t, fromTexts("550 <black.list@spamfilter.dest.example>: no such user", "550 unknown user blacklist@a.b.dest.example"), ClassUnknownUser)
	wantClass(t, fromTexts("550 <no-such-user@a.b.dest.example>: spam"), ClassPolicy)
}

func TestClassify_MoreWordsOfEachClass(t *testing.T) {
	wantClass(t, fromTexts(
		"550 user anna unknown", "550 recipient anna_b was not found", "550 User (anna) does not exist", "550 this recipient is not in my validrcptto list", "553 sorry, badrcptto", "550 destination server rejected recipients",
		"550 bad recipient", "550 user missing home directory", "550 unknown e-mail address", "550 nessun utente simile", "551 user has moved; please try <bert@other.example>", "553 5.1.3 The recipient address is not a valid RFC-5321 address",
	), ClassUnknownUser)
	wantClass(t, fromTexts("550 Recipient domain must exist", "550 5.1.2 We weren't able to find the recipient domain"), ClassDomainNotFound)
	wantClass(t, fromTexts("550 No mail box available for this user", "553 badrcptto (user mail-box not found) (#5.7.1)", "ユーザー 太郎 は Domino ディレクトリには見つかりません。", "宛先のメールアドレスが見つかりません"), ClassUnknownUser)
	wantClass(t, fromTexts(
		"550 5.7.1 User member@dest.example temporary locked. Please try again later!", "525 5.7.13 Disabled recipient address", "550 5.1.1 [SUSPEND] Mailbox currently suspended", "550 is not an active address at this host", "Esta casilla ha expirado por falta de uso",
	), ClassDisabled)
	wantClass(t, fromTexts("The number of messages in recipient's mailbox exceeded the local limit.", "送信先のメールボックスが一杯のため送信できませんでした", "delivery has failed due to a full mailbox"), ClassMailboxFull)
	wantClass(t, fromTexts(
		"The recipient server did not accept our requests to connect.", "Delivery failed 20 attempts: member@dest.example", "delivery was aborted after 5.0 hour(s)", "Unable to deliver message after multiple retries, giving up.",
		"Could not deliver for the last 432000 seconds. Giving up.", "all hosts have been failing for a long time", "Deferred: Connection timed out during user open", "Could not initiate SMTP conversation with any hosts", "Connection was dropped by remote host",
	), ClassExpired)
	wantClass(t, fromTexts("not accepting mail with attachments or embedded images", "they are not accepting mail from news@forum.example", "450 service permits 2 unverifyable sending IPs"), ClassPolicy)
	wantClass(t, fromTexts(
		"550 post by non-member to a members-only list", "550 your address is not subscribed to this group", "550 we do not accept messages containing images", "550 no valid recipients from 192.0.2.9", "550 refuses to accept your mail",
		"550 please try again slower", "450 trop de connexions", "550 rejecting open proxy 192.0.2.9", "550 BATV validation failure", "550 5.7.510 dest.example does not accept email over IPv6", "550 submission quota exceeded",
		"550 emetteur invalide", "554 not a gateway", "550 we don't handle mail for dest.example", "550 user anna exceeded receiving limits: exceeding receiving limits", "550 due to excessive volume", "550 Our system has detected that this message is odd",
	), ClassPolicy)
	wantClass(t, fromTexts("552 Too much mail data member@dest.example", "552 Account does not have enough space", "550 not sufficient disk space", "452 mail system full", "550 The mail file size exceeds the maximum size allowed for mail delivery"), ClassMailboxFull)
	wantClass(t, fromTexts("552 message file too big", "550 maximum email size exceeded"), ClassContent)
	wantClass(t, fromTexts("DNS lookup failed for dest.example, try again later", "550 could not find a gateway for dest.example", "server did not respond"), ClassExpired)
	wantClass(t, fromTexts("550 user agent unknown", "550 account information not found", "550 user database not found"), ClassUnspecified)
	wantClass(t, fromTexts("550 not sufficient permissions"), ClassUnspecified, ClassPolicy)
	wantClass(t, []serverReply{{0, "5.0.0", "Messages without To: fields are not accepted here"}}, ClassContent)
}
