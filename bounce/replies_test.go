package bounce

import "testing"

// reply is a rejection: as the server wrote it, or with the code that another server derived from it.
type serverReply struct {
	code     int
	enhanced string
	text     string
}

// wantClass checks that every reply has one of the classes.
func wantClass(t *testing.T, replies []serverReply, want ...Class) {
	t.Helper()
	for _, r := range replies {
		got := Classify(r.code, r.enhanced, r.text)
		found := false
		for _, c := range want {
			found = found || got == c
		}
		if !found {
			t.Errorf("Classify(%d, %q, %q) = %s, want %v; words: %q", r.code, r.enhanced, r.text, got, want, normalize(r.text))
		}
	}
}

// fromTexts reads the codes of replies from their texts, as the parser does.
func fromTexts(texts ...string) (list []serverReply) {
	for _, text := range texts {
		code, enhanced := codes(text)
		list = append(list, serverReply{code, enhanced, text})
	}
	return list
}

// harmless are the classes that add nothing to the score.
var harmless = []Class{ClassPolicy, ClassContent, ClassUnknown}

func TestClassify_UnknownUserUnder571(t *testing.T) {
	wantClass(t, []serverReply{{550, "5.7.1", "5.7.1 No such user! 1700000000-AbCdEf"}}, ClassUnknownUser)
}

func TestClassify_IronPortQuotesInnerReply(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.1.0", "5.1.0 - Unknown address error 550-'5.7.1 <b@bounce.forum.example.org>... Access denied' (delivery attempts: 0)"},
	}, ClassPolicy)
	wantClass(t, []serverReply{
		{550, "5.1.0", "5.1.0 - Unknown address error 550-'5.1.1 <x@dest.example>: Recipient address rejected: User unknown' (delivery attempts: 0)"},
		{550, "5.1.0", "5.1.0 - Unknown address error 550-\"5.1.1 The email account that you tried to reach does not exist. Please try\\n5.1.1 double-checking\" (delivery attempts: 0)"},
		{550, "5.1.0", "5.1.0 - Unknown address error (delivery attempts: 0)"},
	}, ClassUnknownUser)
	wantClass(t, []serverReply{
		{0, "5.3.0", "5.3.0 - Other mail system problem 554-'5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org' (delivery attempts: 0)"},
		{0, "5.1.0", "5.1.0 - Unknown address error 553-'sorry, your mail server is rejected (#5.7.1)' (delivery attempts: 0)"},
	}, ClassPolicy)
	wantClass(t, []serverReply{{0, "5.1.0", "5.1.0 - Unknown address error 552-'5.2.2 mailbox is full' (delivery attempts: 0)"}}, ClassMailboxFull)
	wantClass(t, []serverReply{{0, "5.1.2", "5.1.2 - Bad destination host 'DNS Hard Error looking up dest.example (MX): NXDomain' (delivery attempts: 0)"}}, ClassDomainNotFound)
	wantClass(t, []serverReply{{0, "5.4.7", "5.4.7 - Delivery expired (message too old) 'timeout' (delivery attempts: 0)"}}, ClassExpired)
}

func TestClassify_BlockListInLink(t *testing.T) {
	wantClass(t, []serverReply{
		{553, "5.1.3", "553 https://www.spamhaus.org/query/ip/192.0.2.9"},
		{550, "5.1.1", "550 https://www.spamhaus.org/query/ip/192.0.2.9"},
		{550, "", "550 https://www.spamhaus.org/query/ip/192.0.2.9"},
		{550, "5.1.1", "550 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.9"},
		{554, "", "see http://www.barracudacentral.org/lookups?ip_address=192.0.2.9"},
		{550, "5.1.1", "550 refused, see http://www.spamcop.net/bl.shtml?192.0.2.9"},
	}, ClassPolicy)
}

func TestClassify_HourlyLimitUnder511(t *testing.T) {
	wantClass(t, []serverReply{{550, "5.1.1", "550 5.1.1 <member@dest.example> - 192.0.2.9 has sent to too many recipients this hour"}}, ClassPolicy)
}

func TestClassify_QuotaUnder511(t *testing.T) {
	wantClass(t, []serverReply{{552, "5.1.1", "552 sorry, mailbox member@dest.example is over quota temporarily (#5.1.1)"}}, ClassMailboxFull)
}

func TestClassify_Orange(t *testing.T) {
	wantClass(t, []serverReply{{550, "5.2.0", "550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]"}}, ClassPolicy)
	wantClass(t, fromTexts("550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]"), ClassUnknownUser)
	wantClass(t, fromTexts("552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]"), ClassMailboxFull)
	wantClass(t, fromTexts("550 5.5.0 Boite du destinataire archivee. Archived recipient. OFR_418 [418]"), ClassDisabled)
}

func TestClassify_ReverseDNS(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "", "550 we take no mail from hosts with dynamic ip or generic dns names"},
		{550, "", "550 cannot find your hostname"},
		{550, "", "550 no PTR record found for 192.0.2.9"},
		{550, "5.5.0", "550 domain forum.example mismatches client ip 192.0.2.9"},
	}, ClassPolicy)
}

func TestClassify_BlockWords(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "", "550 bad dns ptr resource record"},
		{550, "", "550 not currently accepting mail from your ip"},
		{550, "", "550 server ip 192.0.2.9 listed as abusive"},
		{550, "", "550 message filtered"},
		{550, "", "550 the message was rejected due to classification as bulk mail"},
	}, ClassPolicy)
}

func TestClassify_SenderVerification(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "", "550-Verification failed for <b-1-a@bounce.forum.example> 550-No such user here 550 Sender verify failed"},
		{550, "", "550 Sender address rejected: Domain not found"},
	}, ClassPolicy)
}

func TestClassify_GmailReceivingRate(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550-5.2.1 prevents additional messages from being delivered."},
		{550, "5.2.1", "5.2.1 The user you are trying to contact is receiving mail at a rate that 5.2.1 prevents additional messages from being delivered."},
		{450, "4.2.1", "The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time."},
	}, ClassExpired, ClassPolicy)
}

func TestClassify_NullMX(t *testing.T) {
	wantClass(t, []serverReply{
		{550, "5.7.27", "550 5.7.27 Host does not accept mail"},
		{0, "", "an MX or SRV record indicated no SMTP service"},
	}, ClassUnknownUser)
	wantClass(t, fromTexts("550 5.7.27 Sender address has null MX"), ClassPolicy)
}

func TestClassify_Domino(t *testing.T) {
	wantClass(t, []serverReply{
		{0, "", "User Some Member (member@dest.example) not listed in Domino Directory"},
		{0, "", "User not listed in public Name & Address Book"},
	}, ClassUnknownUser)
}

func TestClassify_CPanelGuess(t *testing.T) {
	wantClass(t, []serverReply{
		{0, "", "The mail server could not deliver mail to member@dest.example. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries."},
	}, ClassUnspecified, ClassDomainNotFound)
}

// TestClassify_UnknownUsers lists how servers say that an address does not exist.
func TestClassify_UnknownUsers(t *testing.T) {
	wantClass(t, fromTexts(
		"550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser x1-20020a - gsmtp",
		"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient member@dest.example not found by SMTP address lookup",
		"550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
		"550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found",
		"554 delivery error: dd This user doesn't have a yahoo.com account (member@yahoo.com) [0] - mta1234.mail.bf1.yahoo.com",
		"554 delivery error: dd Requested mail action aborted, mailbox not found - mta1.mail.yahoo.com",
		"552 1 Requested mail action aborted, mailbox not found",
		"550 5.1.1 <member@dest.example>: Recipient address rejected: User unknown in local recipient table",
		"550 5.1.1 <member@dest.example>: Recipient address rejected: undeliverable address: host mx.dest.example[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command)",
		"550 Message was not accepted -- invalid mailbox.  Local mailbox member@mail.ru is unavailable: user not found",
		"550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022",
		"550 5.1.1 unknown or illegal alias: member@dest.example",
		"550 5.1.0 unknown user member@dest.example",
		"550 sorry, no mailbox here by that name (#5.1.1 - chkuser)",
		"511 sorry, no mailbox here by that name (#5.1.1 - chkuser)",
		"550 sorry, no mailbox here by that name (#5.7.17)",
		"550 5.1.1 Not our Customer",
		"550 No such person at this address",
		"550 unknown local-part \"member\" in domain \"dest.example\"",
		"550 No Such User Here\"",
		"550 5.1.1 <member@dest.example>: Email address could not be found, or was misspelled (G8)",
		"550 5.1.1 Mailbox does not exist!",
		"550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550",
		"550 5.1.1 <member@dest.example> recipient does not exist here",
		"550 #5.1.0 Address unknown",
		"550 5.7.1 <member@dest.example>: Recipient address rejected: user unknown in virtual alias table",
		"554 5.7.1 <member@dest.example>: Recipient address rejected: User unknown",
		"550 5.7.0 unknown recipient",
		"550 permanent failure for one or more recipients (member@dest.example:550 5.1.1 User unknown)",
		"550 User <member> does not exist",
		"553 5.3.0 <member@dest.example>... Addressee unknown, relay=[192.0.2.9]",
		"550 cuda_nsu 5.1.1 <member@dest.example>: Recipient address rejected: User unknown",
		"550 5.1.1 <member@dest.example> is not a valid mailbox",
		"550 5.1.1 Account not found (member@dest.example)",
		"550 Recipient not found.  <member@dest.example>",
		"550 5.1.1 <member@dest.example>... User is unknown", "550 Benutzer nicht bekannt/User unknown", "550 MAILBOX NOT FOUND", "550 5.2.0 No such mailbox", "550 Unknown local part member in <member@dest.example>", "550 <member@dest.example>: invalid address",
		"550 Utilisateur inconnu", "550 Benutzer unbekannt", "550 Der Empfänger existiert nicht", "550 Usuario desconocido", "550 utente sconosciuto", "550 Usuário inexistente", "550 L'adresse n'existe pas",
		"550 User is unknown {mx-us014}",
		"550 <member@dest.example> Unknown user account",
		"550 Address rejected member@dest.example: no such address",
		"550 5.1.1 User does not exist - psmtp",
		"550 5.1.6 recipient no longer on server: member@dest.example",
		"550 5.2.1 This email account no longer exists",
		"550 5.1.1 This mailbox has been deleted",
		"Host or domain exists but recipient name is not recognized. No such user",
		"554 5.1.1 The recipient's mailbox no longer exists",
		"550 Account has been removed",
		"550 member@dest.example is not a registered user",
		"550 RCPT TO:<member@dest.example> User unknown",
		"550 5.1.1 sorry, there is no user with this name",
		"SMTP error from remote mail server after RCPT TO:<member@dest.example>: host spamfilter.dest.example [192.0.2.1]: 550 5.1.1 User unknown",
		"host dynamic.rbl.dest.example[192.0.2.1] said: 550 No such user (in reply to RCPT TO command)",
		"Remote Server returned '550 5.1.1 <member@dest.example>... User unknown'",
		"Remote Server returned '554 5.7.0 < #5.1.1 smtp;550 5.1.1 <member@dest.example>: Recipient address rejected: User unknown>'",
		"smtp;550 5.4.300 Message expired -> [{LED=550 5.1.1 user unknown};{MSG=};{FQDN=mx.dest.example};{IP=192.0.2.1}]",
		"550 5.1.1 Amazon SES did not send the message to this address because it is on the suppression list for your account",
		"This address no longer accepts mail.",
		"mail to member@dest.example: no such mailbox",
		"Invalid user name or domain",
		"550 5.7.1 The recipient is unknown",
		"550 Requested action not taken: user name not found",
		"541 5.1.1 Recipient invalid",
		"550 5.1.1 <member@dest.example>: user invalid",
		"550 5.2.1 <member@dest.example> user does not exist",
		"550-No mailbox for member@dest.example 550 Unknown recipient",
		"550 5.4.1 [member@dest.example]: Recipient address rejected: user not known",
	), ClassUnknownUser)
}

// TestClassify_RecognizesDeadAddresses lists rejections that must count, whatever the class.
func TestClassify_RecognizesDeadAddresses(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.eop-EUR01.prod.protection.outlook.com]",
		"550 5.4.1 All recipient addresses rejected : Access denied",
		"550-Requested action not taken: mailbox unavailable 550 For explanation visit http://postmaster.gmx.com/en/case?c=r0601",
		"550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [x.prod.protection.outlook.com]",
		"550 #5.1.0 Address rejected.",
		"550 5.1.1 Recipient rejected", "550 recipient rejected",
		"550 5.2.1 The email account that you tried to reach is inactive.",
		"554 30 Sorry, your message to member@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
		"550 5.2.1 Mailbox disabled, not accepting messages", "550 5.7.1 account is disabled",
		"550 Message was not accepted -- invalid mailbox.  Local mailbox member@mail.ru is unavailable: account is disabled",
		"550 Inactive user", "550 User suspended", "550 5.1.1 <member@dest.example> Account Inactive",
		"554 5.4.6 Too many hops", "User's mailbox: mail loop detected", "552 looping message.",
		"551 member@dest.example: address rejected", "550 user is locked.", "550 <member@dest.example>: Recipient address rejected: Account Closed", "550 User rejected", "550 5.2.1 ... User is inactive",
	), ClassUnknownUser, ClassDisabled, ClassUnspecified, ClassRouting)
}

func TestClassify_MissingDomains(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.1.2 <member@dest.example>... Host unknown (Name server: dest.example: host not found)",
		"Sorry, I couldn't find any host named dest.example. (#5.1.2)",
		"Unable to look up host dest.example", "all relevant MX records point to non-existent hosts", "DNS Error: Domain name not found",
		"DNS Error: 1234 DNS type 'mx' lookup of dest.example responded with code NXDOMAIN Domain name not found: dest.example",
		"550 5.1.2 unknown domain", "No MX found for dest.example: no such domain", "Domain dest.example does not exist: no such domain",
		"Host or domain name not found. Name service error for name=dest.example type=A: Host not found",
	), ClassDomainNotFound)
	wantClass(t, fromTexts("550 5.4.310 DNS domain dest.example does not exist", "5.1.10 Domain dest.example does not accept mail (nullMX)", "550 5.1.1 DNS domain does not accept any mail"), ClassUnknownUser)
}

// TestClassify_ReportsOfRelays lists what relays themselves report (Exim, OpenSMTPD, Postfix).
func TestClassify_ReportsOfRelays(t *testing.T) {
	wantClass(t, fromTexts(
		"retry timeout exceeded", "retry time not reached for any host after a long failure period", "host lookup did not complete", "SMTP timeout while connected to mx.dest.example [192.0.2.1] after RCPT TO", "Network is unreachable", "Envelope expired", "4.4.7 Envelope expired", "Network error on destination MXs", "No route to destination",
		"conversation with mx.dest.example[192.0.2.1] timed out while performing the HELO handshake", "connect to mx.dest.example[192.0.2.1]:25: Connection timed out", "lost connection with mx.dest.example[192.0.2.1] while receiving the initial server greeting",
	), ClassExpired)
	wantClass(t, fromTexts("lowest numbered MX record points to local host", "Too many \"Received\" headers - suspected mail loop", "mail for dest.example loops back to myself", "5.4.6 Loop detected", "maximum forwarding loop count reached", "MX seems to be misconfigured", "Destination seem to reject all mails"), ClassRouting)
	wantClass(t, fromTexts("all relevant MX records point to non-existent hosts", "5.1.2 No MX found for domain", "No MX found for destination", "Could not resolve hostname", "unable to look up host dest.example: No address associated with hostname", "Unrouteable address"), ClassDomainNotFound)
	wantClass(t, fromTexts("550 Invalid recipient: <member@dest.example>", "mail.local: unknown user", "no such user here", "Domain dest.example does not accept mail (nullMX)"), ClassUnknownUser)
	wantClass(t, fromTexts("cannot update mailbox /var/mail/member for user member. error writing message: No space left on device", "5.2.2 Mailbox full"), ClassMailboxFull)
	wantClass(t, fromTexts(
		"a TLS session is required, but the server did not offer TLS support", "TLS is required, but was not offered by host mx.dest.example[192.0.2.1]", "Server certificate not verified", "message size 12345 exceeds size limit 1000 of server mx.dest.example", "message too big",
		"Recipient address rejected: Greylisted", "local delivery failed", "unable to create lock file", "command died with status 1: \"/usr/bin/procmail\"",
	), harmless...)
}

func TestClassify_FullMailboxes(t *testing.T) {
	wantClass(t, fromTexts(
		"552-5.2.2 The email account that you tried to reach is over quota. Please direct 552-5.2.2 the recipient to https://support.google.com/mail/?p=OverQuotaPerm",
		"452-4.2.2 The recipient's inbox is out of storage space.",
		"552 5.2.2 Mailbox size limit exceeded 1700000000-AbCdEf",
		"552 5.2.2 This message is larger than the current system limit or the recipient's mailbox is full. Create a shorter message body or remove attachments and try sending it again.",
		"554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException; Failed to process message due to a permanent exception",
		"552 Quota exceeded (mailbox for user is full)", "550 5.1.1 <member@dest.example>: mailbox full", "550 5.7.1 mailbox is full",
		"mailbox is full (MTA-imposed quota exceeded while writing to file /var/mail/member)",
		"The users mailfolder is over the allowed quota (size). (#5.2.2)", "Recipient's mailbox is full, message returned to sender. (#5.2.2)",
		"552-Requested mail action aborted: exceeded storage allocation 552-Quota limit exceeded",
		"can't create user output file. Disk quota exceeded", "550 <member@dest.example>: user is over quota", "550 Message was not accepted -- user is over quota",
		"552 <member@dest.example>... Mailbox quota exceeded", "550 5.2.2 Over quota", "422 The recipient's mailbox is over its storage limit", "550 Postfach ist voll", "550 Boîte pleine", "550 Buzón lleno",
		"552 5.3.1 not enough space", "452 4.3.1 Insufficient system storage", "550 account is full", "550 5.5.0 mailbox exceeds allowed size", "maildrop: maildir over quota.",
		"550 5.2.1 mailbox over quota", "550 Benutzer hat das Speichervolumen ueberschritten. / User has exhausted allowed storage space.", "500 5.0.0 Depot returns error: <552 5.2.2 Over quota>",
		"550 Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.", "552 5.2.2 Over STORAGE quota", "553 5.1.1 user overquota",
	), ClassMailboxFull)
}

// TestClassify_PolicyReplies lists rejections for which no address may be blamed.
func TestClassify_PolicyReplies(t *testing.T) {
	wantClass(t, fromTexts(
		// Gmail and Workspace
		"550-5.7.1 [192.0.2.9 12] Our system has detected that this message is likely 550-5.7.1 unsolicited mail. To reduce the amount of spam sent to Gmail, this 550-5.7.1 message has been blocked.",
		"550-5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.",
		"550-5.7.25 [192.0.2.9] The IP address sending this message does not have a PTR record setup",
		"421-4.7.28 [192.0.2.9] Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
		"550 5.4.5 Daily user sending limit exceeded.", "550-5.4.5 Daily SMTP relay limit exceeded for customer.", "552-5.7.0 This message was blocked because its content presents a potential security issue.",
		"550-5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent.",
		// Microsoft
		"550 5.7.1 Unfortunately, messages from [192.0.2.9] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
		"550 SC-001 (COL004-MC1F10) Unfortunately, messages from 192.0.2.9 weren't sent. part of their network is on our block list.",
		"550 DY-001 (SNT004-MC2F40) Unfortunately, messages from 192.0.2.9 weren't sent. We generally do not accept email from dynamic IP's",
		"550 OU-002 Mail rejected by Windows Live Hotmail for policy reasons.", "550 5.7.606 Access denied, banned sending IP [192.0.2.9]", "550 5.7.511 Access denied, banned sender[192.0.2.9].",
		"550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", "550 5.1.8 Access denied, bad outbound sender", "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
		"550 5.7.515 Access denied, sending domain forum.example doesn't meet the required authentication level.", "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
		"550 5.7.64 TenantAttribution; Relay Access Denied", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this group",
		"550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized", "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains.",
		// Yahoo and AOL
		"554 Message not allowed - [PH01] Email not accepted for policy reasons.", "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.9, because the ip is in Spamhaus's list",
		"421 4.7.0 [TSS04] Messages from 192.0.2.9 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes", "554 5.7.9 Message not accepted for policy reasons.",
		"521 5.2.1 :  AOL will not accept delivery of this message.", "554 RTR:BL", "550 5.7.1 : (HVU:B1) http://postmaster.info.aol.com/errors/554hvub1.html",
		// GMX, web.de, IONOS, T-Online
		"554-Transaction failed 554-Reject due to policy restrictions. 554 For explanation visit http://postmaster.gmx.com/en/error-messages?ip=192.0.2.9&c=sp",
		"554-gmx.net (mxgmx017) Nemesis ESMTP Service not available 554-No SMTP service 554 IP address is black listed.", "550-Sender address has null MX", "550-Bad DNS PTR resource record.", "550 Requested action not taken: mailbox unavailable invalid DNS MX or A/AAAA resource record",
		"550 Sender address is not allowed.", "554 IP=192.0.2.9 - A problem occurred. (Ask your postmaster for help or to contact tosa@rx.t-online.de to clarify.)", "554 IP=192.0.2.9 - None/bad reputation. Ask your postmaster for help",
		"550-5.7.0 Message considered as spam or virus, rejected",
		// Orange, Free, SFR, La Poste
		"550 5.7.1 Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_105 [105]", "554 5.7.1 Client host rejected: cannot find your hostname, [192.0.2.9]", "550 5.2.0 Mail rejete. Mail rejected. OFR_506",
		"550 spam detected", "554 5.7.1 : Client host [192.0.2.9] blocked using zen.spamhaus.org", "421 Service refused, please try later. LPN007_405",
		// Yandex, Mail.ru, QQ, 163
		"554 5.7.1 [2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc 1700000000-AbCdEf", "550 5.7.1 Policy rejection on the target address", "550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=AbC or report details to abuse@corp.mail.ru",
		"550 5.7.1 This message was not accepted due to domain owner DMARC policy (RFC 7489)", "550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000726", "550 Ip frequency limited", "550 Connection frequency limited", "550 Domain frequency limited",
		"550 Suspected bounce attacks", "550 Connection denied", "550 Domain may not exist or DNS check failed", "550 Mail is rejected by recipients", "554 DT:SPM 163 mx1,xx,please see http://mail.163.com/help/help_spam_16.htm", "554 Reject by behaviour spam", "550 MI:SPB 126 mx4",
		"554 DT:SUM Envelope from and header from mismatch",
		// Filters
		"550 5.7.0 Local Policy Violation - 8c3a", "554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.9", "550 Rejected by header based manually Blocked Senders - https://community.mimecast.com/docs/DOC-1369#550", "550 Administrative prohibition - envelope blocked - https://community.mimecast.com",
		"550 csi.mimecast.org Poor Reputation Sender. - https://community.mimecast.com", "550 Rejected due to security policies", "550 Open relay not allowed", "550 Rejected by anti-spoofing policy", "550 permanent failure for one or more recipients (member@dest.example:blocked)",
		"554 Service unavailable; Client host [mail.forum.example] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.9", "554 rejected due to spam content", "554-mx.dest.example 554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.",
		"553 #5.1.8 Domain of sender address <b@bounce.forum.example> does not exist", "550 #5.7.1 Your access to submit messages to this e-mail system has been rejected.", "554 5.7.1 Spam message discarded", "550 High probability of spam", "554 5.7.1 The message was rejected by the content filter: virus found",
		"550 Rule imposed mailbox access for member@dest.example refused: policy", "554 Email rejected due to security policies - MCSpamSignature.x.x", "521 5.7.1 Service unavailable; client [192.0.2.9] blocked using rbl",
		// Exim, cPanel, Postfix, Sendmail, qmail, Courier
		"550-Sender verify failed", "550-Callback setup failed while verifying <b@bounce.forum.example> 550-The initial connection, or a HELO or MAIL FROM:<> command was rejected. 550 Sender verify failed", "550 Previous (cached) callout verification failure", "550 relay not permitted", "550 Administrative prohibition",
		"550 Sender has been blacklisted", "Domain forum.example has exceeded the max emails per hour (201/200 (100%)) allowed.  Message will be reattempted later", "Domain forum.example has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded.", "550 This message was classified as SPAM and may not be delivered",
		"550 \"JunkMail rejected - mail.forum.example [192.0.2.9] is in an RBL: Client host blocked using zen.spamhaus.org\"", "554 5.7.1 <member@dest.example>: Relay access denied", "554 5.7.1 <mail.forum.example[192.0.2.9]>: Client host rejected: Access denied",
		"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.9]", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", "550 5.7.1 <b@bounce.forum.example>: Sender address rejected: not allowed", "554 5.7.1 <b@bounce.forum.example>: Sender address rejected: Access denied",
		"550 5.7.1 Access denied. IP name lookup failed [192.0.2.9]", "550 5.0.0 Access denied", "553 5.1.8 <b@bounce.forum.example>... Domain of sender address b@bounce.forum.example does not exist", "550 5.7.1 <member@dest.example>... Relaying denied. IP name lookup failed [192.0.2.9]",
		"553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "554 mail server permanently rejected message (#5.3.0)", "553 sorry, your mail server has been rejected", "517-Domain does not exist: sender rejected", "550 SPF unauthorized mail is prohibited.",
		"550 5.7.1 SPF check failed", "550 DKIM signature invalid", "550 DMARC failed", "550 5.7.1 Greylisted, try again later", "421 too many connections from your IP", "450 4.7.1 Error: too much mail from 192.0.2.9", "550 5.1.1 too many messages from your host", "550 too many invalid recipients", "550 Too many unknown users",
		"554 Refused. Your reverse DNS entry contains your IP address and a country code.", "550 5.7.1 Requested action not taken: message refused", "550 Protocol violation", "550 Sorry, no access for this ip", "550 black ip.", "554 rbl deny.", "553 host denies the sender.",
		"550 Requested mail action not taken: Invalid IP", "550 sender is rejected", "550 IP is rejected", "552 message rejected by anti-spam engine.", "554 sender is unvalidated.", "555 helohost error.",
		// Others
		"554 resimta-po-14v.sys.comcast.net comcast 192.0.2.9 Comcast block for spam. Please see http://postmaster.comcast.net/smtp-error-codes.php#BL000010", "521 550< 192.0.2.9 >_is_blocked.__For assistance forward this email to abuse_rbl@abuse-att.net DNSRBL:ATTRBL", "550 E2110: IP address blocked. AUP#In-1310",
		"550 5.1.0 192.0.2.9 is not allowed to send from <forum.example> per its SPF record", "550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137", "554 5.7.1 Email cannot be delivered. Reason: Email flagged as Spam.", "550 5.1.0 Sender rejected", "550 Message rejected", "550 mail rejected", "550 connection refused by policy",
		"550 rejected: message looks like spam", "554 Denied", "550 Error: Message content rejected", "554 transaction failed, message rejected", "550 5.7.4 TLS is required", "550 5.7.5 Server certificate not trusted", "550 Your country is not allowed to send to this server", "550 Go away", "550 Mail from 192.0.2.9 refused", "550 Blocked", "550 You are not authorized to send mail", "550 listed at b.barracudacentral.org",
		"550 5.1.1 <member@dest.example>... your IP 192.0.2.9 is blocked", "550 5.1.1 message rejected as spam",
		"SMTP error from remote mail server after MAIL FROM:<b-1-a@bounce.forum.example> SIZE=1234: host mx.dest.example [192.0.2.1]: 550 mailbox unavailable",
		"host mx.dest.example[192.0.2.1] said: 550 no thanks (in reply to MAIL FROM command)",
		"host mx.dest.example[192.0.2.1] said: 554 5.7.1 Spam (in reply to end of DATA command)",
		"SMTP error from remote mail server after end of data: host mx.dest.example [192.0.2.1]: 550 no",
		"554 5.7.0 unable to deliver: message classified as junk",
		"454 Throttling failure: Maximum sending rate exceeded.", "454 Throttling failure: Daily message quota exceeded.",
	), harmless...)
}

// TestClassify_MoreReplies lists replies of each kind in the words of many servers. No class is required, only that dead
// addresses count and that no address is blamed for a fault of the sender, the relay or the content.
func TestClassify_MoreReplies(t *testing.T) {
	wantClass(t, fromTexts(
		"550 5.1.1 <x@y.example>: Email address could not be found", "550 5.1.1 User unknown in virtual mailbox table", "550 Requested action not taken: mailbox unavailable (S2017062302)", "554 5.1.1 Error: invalid recipients is found from 1.2.3.4", "550 5.1.1 x@y.example is not accepting mail (user doesn't exist)",
		"550 Recipient <x@y.example> does not exist", "550 5.1.1 Invalid recipient", "553 5.1.1 Unknown mailbox", "550 Sorry, no such mailbox here", "554 No such recipient", "550 mail for x@y is not accepted here",
		"550 5.1.1 sorry, no mailbox by that name here", "550 Address does not exist", "550 User has moved", "551 not our user", "550 not a member of this domain", "550 5.1.1 Unable to relay for x@y.example", "550 5.7.1 <x@y.example>: Recipient address rejected: No such recipient", "550 RecipNotFound",
		"550 5.1.1 <x@y>: user not found here", "550 Non-existent user", "550 5.2.0 x... No such local user", "501 5.1.3 Bad recipient address syntax", "550 that email address is unknown", "550 unknown or invalid address", "550 Unable to find recipient in directory", "550 5.1.1 no user", "550 invalid mailbox name",
		"550 Account disabled or does not exist", "550 5.1.1 Recipient's email address doesn't exist on this server", "550 cannot deliver: no one here by that name", "550 User doesnt exist", "The following address failed: x@y.example: unknown user", "Delivery to x@y.example failed: recipient not in local domain user list",
		"550 5.1.1 adresse inconnue", "550 Destinatário desconhecido", "550 Usuario no encontrado", "550 l'utente non esiste", "550 Empfängeradresse unbekannt", "550 Konto nicht vorhanden", "550 uzytkownik nie istnieje", "550 użytkownik nieznany", "550 пользователь не найден", "550 Bruker ukjent",
		"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable -> 550 5.1.1 user unknown", "smtp; 550 5.1.351 Remote server returned unknown recipient or mailbox unavailable",
		"#5.1.1 smtp;550 5.1.1 unknown", "User x@y.example unknown", "<x@y>: mail system configuration error: user unknown", "550 No mail-box by that name", "550 x@y: Recipient Does Not Exist", "554 5.7.1 unknown user", "550 5.7.1 Recipient not found", "550 5.7.1 Account does not exist", "550 5.4.1 no such user",
	), ClassUnknownUser, ClassDisabled, ClassUnspecified, ClassDomainNotFound, ClassRouting)
	wantClass(t, fromTexts(
		"550 5.7.1 Message rejected: see https://support.example.com", "550 Your message was considered spam", "554 5.7.1 This message has been blocked because it contains FortiGuard - AntiSpam blocking URL(s).", "550 Message contains a virus", "554 Transaction failed : Cannot send message due to possible abuse", "550 5.7.0 Blocked by Recurrent Pattern Detection", "554 5.7.1 You are not allowed to connect",
		"550 rejecting this mail: too much spam from your network", "550 your host is not welcome here", "450 4.7.1 rate too high, try later", "554 5.7.1 ACL dns_rbl; Client host [1.2.3.4] blocked using zen.mailrelay.comodo.com", "571 Message Refused", "571 Email from 1.2.3.4 is currently blocked by Verizon Online's anti-spam system.", "550 JunkMail rejected", "554 Connection refused(mx). MTA's poor reputation", "554 5.7.1 rejected", "550 Denied by policy",
		"550 REPLY: 550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", "550 Access denied...1.2.3.4", "550 Insecure connection", "530 5.7.0 Must issue a STARTTLS command first", "550 We do not accept mail from dial-in hosts", "550 Dynamic/residential IP not allowed", "550 Rejected: 1.2.3.4 listed at spam.dnsbl", "554 Bad reputation", "550 5.1.1 rejected by the recipient's spam filter", "550 Unauthenticated senders not allowed",
		"550 5.7.1 Mail rejected: domain has no MX", "550 From domain must resolve", "450 4.1.8 Sender address rejected: Domain not found", "553 Invalid from address", "550 invalid sender domain", "550 Could not verify return path", "550 Envelope-From blocked", "550 sender domain has no A or MX records", "550 HELO should be a FQDN", "554 5.7.1 Message scored too high", "550 High spam score 12.3", "554 Refused. Spam.", "550 Bulk mail not accepted", "550 permission denied", "550 Mailing denied", "550 5.7.1 you are blocked",
		"550 5.1.2 sender does not exist", "550 5.1.0 sender domain rejected", "550 maximum number of messages exceeded", "452 4.5.3 Too many recipients", "550 5.5.3 Too many recipients", "550 exceeded rate", "554 Server policy prohibits", "550 5.7.1 attachments of type exe are not allowed", "554 Message rejected because of unacceptable content", "550 message contains prohibited attachment", "550 Message headers fail syntax check", "554 5.6.1 Body type not supported", "550 missing Date header", "550 Mail contains bare LF",
		"550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy", "550 5.7.124 RESOLVER.RST.SenderNotInAllowedList", "550 5.7.367 Remote server returned not permitted to relay -> 554 5.7.1: Relay access denied", "550 5.7.13 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "554 5.2.0 STOREDRV.Deliver.Exception:StoreDrv; sender blocked", "550 5.1.1 http://www.sorbs.net/lookup.shtml?1.2.3.4", "550 5.1.1 no reverse dns", "553 5.1.3 You must have a valid ptr", "550 5.1.1 denied by SPF",
		"550 5.1.1 <x@y>... Mail from 1.2.3.4 rejected", "550 abuse detected from your host", "550 Our server is blocking your IP", "554 5.7.1 Unable to accept mail", "554 Policy rejection", "550 Bounce message rejected: not our message", "550 [SUSPEND] mailbox temporarily restricted for sender", "550 This system is configured to reject mail from 1.2.3.4", "554 5.3.0 DATA not accepted", "550 Listed in DNSBL", "550 blacklisted", "550 graylisted", "550 Please turn on SMTP Authentication in your mail client", "550 5.0.350 Remote server returned an error -> 550 spam detected",
	), harmless...)
	wantClass(t, fromTexts(
		"550 5.2.2 Mailbox Full", "552 User's mailbox is over limit", "550 5.7.1 quota exceeded", "552 5.2.2 user has exceeded disk space", "452 4.2.2 Mailbox over quota", "550 Mail quota exceeded", "552 Mailbox has exceeded the limit", "554 5.2.2 The recipient's mailbox is full and can't accept messages now", "550 Quota violation for user", "552 The mailbox is full", "553 Full mailbox", "550 cannot deliver, storage exceeded", "552 Message exceeds remaining mailbox space", "550 no room in mailbox", "552 sorry, disk quota", "550 Benutzer hat kein Speicherplatz mehr", "552 Le compte du destinataire est plein", "550 El buzón del destinatario está lleno", "mailbox is full: retry timeout exceeded", "550 Mailbox full: contact your recipient", "552 RCPT mailbox exceeds allotted quota",
	), ClassMailboxFull)
}
