package bounce

import "testing"

// anyCode returns each text without a code, with a reply code, and with two codes that servers give carelessly.
func anyCode(texts ...string) (list []serverReply) {
	for _, text := range texts {
		list = append(list, serverReply{0, "", text}, serverReply{550, "", text}, serverReply{550, "5.1.1", text}, serverReply{550, "5.0.0", text})
	}
	return list
}

func TestClassify_NamesSendingAddressUnderCodeOfUnknownUser(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.1.1 https://postmaster.example.com/?ip=192.0.2.9", "550 5.1.1 postmaster.example.com/192.0.2.9", "550 5.1.1 <member@dest.example> http://postmaster.dest.example/ 192.0.2.9",
		"550 5.1.1 See https://postmaster.dest.example/en/ for 192.0.2.9", "550 5.1.1 Please visit http://postmaster.web.example/ (192.0.2.9)", "550 5.1.1 postmaster.dest.example [192.0.2.9]",
		"550 5.1.1 192.0.2.9 - contact postmaster@dest.example", "550 5.1.1 https://postmaster.live.com/snds/ [192.0.2.9]", "550 5.1.1 https://mail.dest.example/postmaster?client=192.0.2.9",
		"550 5.1.1 [2001:db8::25] https://postmaster.dest.example/", "553 5.1.3 http://postmaster.dest.example/errors/550.html?ip=192.0.2.9", "550 5.1.1 192.0.2.9", "550 5.1.1 client 192.0.2.9 rejected, see postmaster page",
		"550 5.1.1 Connections from 192.0.2.9 are not accepted", "550 5.1.1 IP 192.0.2.9 https://www.dest.example/mailadmin", "550 5.1.1 Too much mail seen from 192.0.2.9", "550 5.1.1 192.0.2.9 is not welcome",
		"550 5.1.1 <member@dest.example>: mail from host 192.0.2.9 refused", "550 5.1.1 We don't like 192.0.2.9", "550 5.1.1 Your message can't be delivered because 192.0.2.9 is on our list",
		"550 5.1.1 http://unblock.example/?i=c0000209", "554 5.1.1 IP not warmed", "550 5.1.1 Domain forum.example is on a list of bad domains",
	), harmless...)
	wantClass(t, fromTexts(
		"550 5.1.1 User unknown, relay=[192.0.2.9]", "550 5.1.1 <member@dest.example>: no such user (client 192.0.2.9)", "550 5.1.1 2001:db8::25 says: user unknown", "550 5.1.1 no mailbox; time 12:30:45",
	), ClassUnknownUser)
}

func TestClassify_BlocksWithoutEnhancedCode(t *testing.T) {
	wantClass(t, fromTexts(
		"550 mail from your address range is unwelcome", "550 we don't accept mail from this network", "550 sending host not permitted", "550 no mail accepted from 192.0.2.9", "550 untrusted client",
		"550 Host not allowed here", "550 Not accepting messages from this server", "554 No thanks, 192.0.2.9", "550 Mailserver 192.0.2.9 refused: misbehaving", "550 Traffic rejected",
		"550 sorry, your IP is in a bad neighbourhood", "550 Your hosting company is not trusted", "550 hit a spam trap", "550 this IP is on hold", "550 rejected, bad karma", "550 unwelcome client",
		"550 Connection dropped due to misbehaviour", "550 message looks suspicious", "550 phishing URL found", "550 mail refused here from cloud providers", "550 Mail from hosting ranges is unwanted",
		"550 ASN 64500 blocked", "550 rejected by rule 17", "550 you're not on the guest list", "550 score 9.2 above threshold", "550 cold IP, come back later", "550 no rDNS", "550 We only accept mail from known servers",
		"550 The sending domain is too young", "550 Newly registered domains are not accepted", "550 access denied for 192.0.2.9", "550 geo-blocked", "550 geoip restriction", "550 mail administratively refused",
		"550 Sorry, we refuse mail from 192.0.2.9", "550 rejected - senders must use TLS", "550 ARC/DKIM/SPF check did not pass", "550 SPF fail",
	), harmless...)
	wantClass(t, anyCode(
		"blocked using bl.spamcop.net", "Client host [192.0.2.9] blocked", "Your server is on a block list", "rejected: poor reputation", "listed in our RBL", "message refused as spam", "blacklisted by recipient domain",
		"Sender blocked", "We block dynamic hosts", "no PTR for 192.0.2.9", "reverse lookup failed", "HELO is not acceptable", "SPF check fails", "too many messages from your IP", "your IP sends too fast",
		"rate of mail from your host is too high", "Sorry, your message looks like spam to us", "Your provider is blocked here", "banned IP", "sender's domain has no DKIM", "DMARC policy says reject",
		"ip 192.0.2.9 has a bad history", "we filter bulk mail", "unsolicited mail is not accepted", "this host was blocklisted", "mail from 192.0.2.9 was rejected for abuse", "host blocked after complaints",
		"connection limit for 192.0.2.9 exceeded", "hourly quota of your server exceeded", "sender verify failed", "cannot verify sender", "your domain is not allowed to mail us", "dialup addresses may not send mail here",
		"please use your provider's relay", "your hostname looks generic", "no mail from residential networks", "URL in the message is on a blocklist",
	), harmless...)
}

func TestClassify_FullMailboxInOtherWords(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.1.1 <member@dest.example> is holding too much mail", "550 user holding too much mail", "550 5.1.1 recipient is holding too many messages", "550 holding too much mail", "552 would exceed the recipient's limit",
		"550 5.1.1 message would exceed the recipient's limit", "550 5.1.1 This message would exceed the recipient's limit of stored mail", "550 Delivery would exceed the user's limit",
		"550 this mail would exceed the quota of the mailbox", "550 would put the mailbox over its limit", "550 recipient's mail store is full", "550 Mail store full", "550 5.1.1 mailstore of the user is full",
		"550 The user has used all of their space", "550 user has run out of space", "550 5.1.1 The recipient has too many stored messages", "550 5.1.1 recipient has too much unread mail", "550 recipient storage limit hit",
		"550 5.1.1 box is stuffed", "550 5.1.1 mail drop is full", "550 maildrop full", "550 5.1.1 mail spool is full", "550 mail spool full for user", "550 5.1.1 user's mail box has no room left",
		"550 5.1.1 mailbox limit exceeded", "550 5.1.1 max mailbox size reached", "550 maximum mailbox size reached", "550 5.1.1 mailbox has exceeded its limit", "550 The mailbox cannot take more mail",
		"550 5.1.1 account storage used up", "550 5.1.1 recipient's account has reached its limit", "550 5.1.1 the recipient's folder is full", "550 user's disk full", "550 message count limit reached for mailbox",
		"550 5.1.1 too many mails in mailbox", "550 5.1.1 mailbox contains too many messages", "550 Mailbox is at its limit", "550 mailbox is overfull", "550 5.1.1 mailbox above limit", "550 insufficient disk space",
		"550 5.1.1 recipient's mailbox over size limit", "550 Boîte aux lettres saturée", "550 Speicher des Empfängers voll", "550 Postfach hat keinen Platz mehr", "550 El buzón está saturado", "550 casella satura",
		"550 box quotum overschreden", "550 почтовый ящик переполнен", "550 邮箱已满", "550 邮箱空间不足", "550 5.1.1 user is over the limit", "550 recipient over limit", "550 5.1.1 would exceed mailbox limit",
		"450 4.1.1 holding too much mail", "452 4.1.1 would exceed the recipient's limit",
	), ClassMailboxFull)
	wantClass(t, anyCode(
		"mailbox is over its quota", "the recipient's mailbox is full", "User over quota", "no space left in mailbox", "mailbox quota exceeded for member@dest.example", "Inbox full", "recipient's inbox is full",
		"not enough storage for member", "user has exceeded storage", "insufficient storage space for user", "account exceeded its quota", "mailbox limit reached", "member's mailbox has reached its limit",
		"disk space of user used up", "mailbox size exceeded", "quota limit hit", "over the storage limit", "mail folder is full", "the mail box is full", "user's mailbox would exceed its limit",
		"message would exceed the quota of the user", "Postfach voll", "Boîte pleine", "buzón lleno",
	), ClassMailboxFull)
	wantClass(t, fromTexts("550 5.1.1 message would exceed your limit of mails per hour", "550 you are holding too many connections", "550 this message would exceed the size limit"), harmless...)
}

func TestClassify_UnknownUserInOtherWords(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.7.1 no mailbox by that name", "554 5.7.1 account has been closed for good", "550 5.7.1 there is no one here called member", "550 5.7.1 recipient unknown here", "550 5.7.1 nobody by that name", "550 we have no such user", "550 5.7.1 that user is gone",
		"554 recipient was not recognised", "550 no account by that name", "550 5.7.1 mailbox was retired", "550 5.7.1 this person left the company", "550 5.7.1 never heard of member", "550 user member is no longer with us",
		"550 This user doesn't exist at this domain", "550 Not a local user", "550 no local user by that name", "550 nonexistent mailbox", "550 Ce compte n'existe plus", "550 Adresse inconnue chez nous",
		"550 Konto wurde gelöscht", "550 Empfänger unbekannt", "550 Postfach existiert nicht", "550 Benutzer gibt es nicht", "550 el usuario no existe", "550 la cuenta no existe", "550 cuenta eliminada",
		"550 conta inexistente", "550 пользователь не существует", "550 无此用户", "550 ユーザーが存在しません", "550 5.0.0 member... can't find user", "550 5.0.0 cannot find the recipient", "550 5.7.1 unable to find user",
		"550 user unkown", "550 5.0.0 Unknown account", "550 5.7.1 We do not know this recipient", "550 email account doesn't exist", "550 not our customer", "550 recipient unlisted", "550 No valid recipient",
		"550 5.7.1 not a deliverable address", "550 invalid destination mailbox address",
	), ClassUnknownUser)
	wantClass(t, anyCode(
		"no such user here", "user unknown", "unknown recipient", "mailbox not found", "account does not exist", "there is no mailbox with this name", "invalid recipient", "address unknown", "this user is unknown to us",
		"we know no such person", "recipient does not exist on this server", "the user you are writing to does not exist", "no longer a valid address", "account closed by user", "mailbox deleted", "user was removed",
		"unknown local part", "not a valid user here", "address not recognised", "Utilisateur inconnu", "Empfänger unbekannt", "usuario desconocido", "nobody with that name here", "recipient not in directory",
	), ClassUnknownUser)
}

func TestClassify_DisabledInOtherWords(t *testing.T) {
	wantClass(t, fromTexts(
		"550 mailbox switched off", "550 account is on hold", "550 5.7.1 account has been locked", "550 user account paused", "550 mailbox is currently inactive due to non-use", "550 account was disabled by its owner",
		"550 This account is not in use", "550 mailbox is not in service", "550 account deactivated for inactivity", "550 user has been suspended for non-payment", "550 mailbox temporarily disabled",
		"550 5.7.1 mailbox frozen", "550 Konto gesperrt", "550 Postfach gesperrt", "550 Postfach deaktiviert", "550 compte désactivé", "550 boîte désactivée", "550 cuenta deshabilitada", "550 cuenta suspendida",
		"550 conta desativada", "550 account sospeso", "550 ящик заблокирован", "550 账户已停用", "550 The account has been administratively disabled", "550 recipient is inactive", "550 5.2.1 turned off", "550 mailbox not active",
		"550 user deactivated", "550 account expired",
	), ClassDisabled)
	wantClass(t, anyCode(
		"mailbox disabled", "account suspended", "account has been deactivated", "user inactive", "mailbox inactive", "recipient's account is disabled", "account is locked", "mailbox is blocked", "this account was disabled",
		"suspended user", "mailbox has been suspended", "user account expired", "account is currently disabled", "recipient suspended", "the mailbox is switched off", "inactive mailbox",
	), ClassDisabled)
}

func TestClassify_MissingDomainInOtherWords(t *testing.T) {
	wantClass(t, fromTexts(
		"no mail host for dest.example", "DNS lookup of dest.example failed: NXDOMAIN", "Domain of recipient does not exist", "550 5.1.2 bad host", "cannot find an MX for dest.example", "dest.example has no MX or A record",
		"domain dest.example doesn't exist", "recipient domain not found", "550 Host dest.example is unknown", "name server says the domain does not exist", "no A, AAAA or MX record for dest.example",
		"Name or service not known", "Domäne nicht gefunden", "domaine introuvable", "domain is not registered", "The domain name dest.example couldn't be resolved", "could not find domain dest.example",
		"mail exchanger of dest.example not found", "550 5.4.4 Host not found", "No such domain: dest.example", "The recipient's domain cannot be resolved", "unresolvable recipient domain",
	), ClassDomainNotFound, ClassRouting)
}

func TestClassify_ExpiredInOtherWords(t *testing.T) {
	wantClass(t, fromTexts(
		"timed out", "4.2.0 try again later", "no answer from host: connection timed out", "could not connect to host", "too long in the queue", "undeliverable for 5 days", "host is down", "gave up after 5 days", "giving up after 120 hours",
	), ClassExpired)
}

func TestClassifyReply_UsesTheRejectedCommand(t *testing.T) {
	for _, tt := range []struct {
		command string
		code    int
		text    string
		want    Class
	}{
		{"RCPT TO", 550, "no", ClassUnspecified},
		{"end of DATA", 550, "no", ClassContent},
		{"DATA", 550, "no", ClassContent},
		{"MAIL FROM", 550, "no such user", ClassPolicy},
		{"end of DATA", 550, "5.1.1 User unknown", ClassUnknownUser},
		{"RCPT TO", 550, "5.1.1 User unknown", ClassUnknownUser},
		{"", 550, "no", ClassUnspecified},
		// The relay asked another server while we waited for its answer.
		{"end of DATA", 550, "host mx.dest.example[192.0.2.1] said: 550 no (in reply to RCPT TO command)", ClassUnspecified},
		{"RCPT TO", 550, "host mx.dest.example[192.0.2.1] said: 550 no (in reply to end of DATA command)", ClassContent},
	} {
		if got := ClassifyReply(tt.command, tt.code, "", tt.text); got != tt.want {
			t.Errorf("ClassifyReply(%q, %d, %q) = %s, want %s", tt.command, tt.code, tt.text, got, tt.want)
		}
	}
}
