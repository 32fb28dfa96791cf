package bounce

// clearWords identify a class whatever the codes say. What blames the sender comes first, because such replies often
// repeat the words of others: "Verification failed: No such user here".
var clearWords = wordClasses{
	{ClassDomainNotFound, combine(phrases{"domain", "account", "domain or account"}, phrases{"may not exist they may be", "may not exist may be", "may not exist or may be", "may not exist or they may be"})}, // cPanel guesses
	{ClassExpired, phrases{"timed out while", "timeout while connected"}}, // "while performing the HELO handshake"
	{ClassPolicy, unwantedWords},
	{ClassPolicy, senderWords},
	{ClassPolicy, ownHostWords},
	{ClassUnknownUser, directoryWords},
	{ClassPolicy, join(blockLists, blockWords)},
	{ClassPolicy, phrases{"receiving mail at a rate", "receiving mail too", "receiving messages at a rate", "receiving email at a rate", "exceeding receiving limit", "exceeded receiving limit"}}, // limits of the recipient, who exists
	{ClassMailboxFull, tooFullWords},
	{ClassPolicy, rateWords},
	{ClassMailboxFull, fullWords},
	{ClassContent, tooBig},
	{ClassDomainNotFound, noDomainWords},
	{ClassUnknownUser, unknownWords},
	{ClassDisabled, combine(
		phrases{"account", "mailbox", "mail box", "user", "recipient", "inbox", "email address", "address"},
		phrases{
			"disabled", "is disabled", "has been disabled", "was disabled", "is currently disabled", "is temporarily disabled", "inactive", "is inactive",
			"is not active", "not active", "suspended", "is suspended", "has been suspended", "is currently suspended", "deactivated", "is deactivated",
			"has been deactivated", "has expired", "expired", "is locked", "locked", "temporary locked", "temporarily locked", "currently suspended", "currently disabled", "currently inactive", "is frozen", "frozen", "is blocked", "has been closed",
			"has been locked", "was locked", "switched off", "is switched off", "turned off", "is turned off", "on hold", "is on hold", "paused", "is paused", "not in use", "is not in use", "not in service", "is not in service",
		})},
	{ClassDisabled, combine( // German, French, Spanish, Portuguese, Italian, Russian
		phrases{"konto", "postfach", "benutzer", "empfanger", "compte", "boite", "cuenta", "conta", "account", "casella", "usuario", "utente", "ящик", "аккаунт", "учетная запись", "пользователь"},
		phrases{
			"gesperrt", "ist gesperrt", "wurde gesperrt", "deaktiviert", "ist deaktiviert", "wurde deaktiviert", "desactive", "est desactive", "suspendu", "est suspendu", "deshabilitad", "desactivad", "suspendid", "esta suspendid", "esta deshabilitad", "esta desactivad",
			"desativad", "esta desativad", "bloquead", "esta bloquead", "sospes", "disattivat", "disabilitat", "заблокирован", "отключен", "приостановлен",
		})},
	{ClassDisabled, phrases{"已停用", "已禁用", "被冻结", "被停用"}},
	{ClassDisabled, phrases{"archived recipient", "inactive account", "inactive user", "inactive mailbox", "disabled account", "disabled user", "disabled mailbox", "disabled recipient", "suspended recipient", "inactive recipient", "not an active address", "casilla ha expirado", "casilla inactiva", "casilla suspendida", "casilla deshabilitada", "suspended account", "suspended user", "suspended mailbox"}},
	{ClassPolicy, spamWords},
	{ClassPolicy, ourServerWords},
	{ClassDomainNotFound, phrases{"check if address is correct", "check if the address is correct"}}, // InterScan, of all recipients in a domain
	{ClassExpired, phrases{"and other recipients in the same domain"}},
	{ClassMailboxFull, phrases{"quota", "kontingent", "cuota"}}, // not the sender's: those are among rateWords
}

// unwantedWords are of a mailing list that we may not post to, or of a member who does not want such messages. Google does not
// say whether the group exists.
var unwantedWords = join(phrases{
	"google groups", "permission to post", "non member to a", "members only list", "closed mailing list", "not subscribed to this", "is not a member of this", "not a member of the list", "refuses to accept your mail",
	"no valid recipients from", "different address or alias",
}, combine(phrases{"not accepting mail", "not accepting messages", "not accepting email", "not accept messages", "not accept mail", "not accept email"}, phrases{"with", "containing", "from"}))

// laterWords say that a look-up may succeed another time.
var laterWords = phrases{"try again", "try later", "retry later", "temporar"}

// lastingWords say that the DNS answered, whatever the status: Google reports 4.0.0.
var lastingWords = phrases{"nxdomain", "null mx", "nullmx", "indicated no smtp service"}

// senderStages are the stages of a transaction at which the recipient is not known.
var senderStages = phrases{
	"after mail from", "after pipelined mail from", "in reply to mail from", "after ehlo", "after helo", "after initial connection", "after starttls",
	"but my name was rejected", "but greeting failed", "but sender was rejected", "in reply to ehlo", "in reply to helo", "in reply to starttls", "after auth", "in reply to auth", "while receiving the initial server greeting",
}

// messageStages are the stages at which the recipient has been accepted.
var messageStages = phrases{"after end of data", "after pipelined end of data", "after sending data block", "in reply to end of data", "in reply to data"}

// anyStage matches what servers say about the stage at which another one rejected the message.
var anyStage = phrases{"in reply to", "after "}

// senderWords occur if a server checks our return path or our domain.
var senderWords = join(phrases{
	"verification failed for", "callback setup failed", "callout verification fail", "sender callout", "callback verification fail",
	"domain of sender", "mismatches client", "reverse path", "return path", "return address", "envelope sender", "envelope from", "badmailfrom", "bad mail from", "bad mailfrom",
	"mailfrom", "header from", "from header", "from address", "from domain", "from field", "rejected mail from", "valid mail from", "invalid mail from",
	"accept mail from", "accepts mail from", "accepting mail from", "accept email from", "accept emails from", "accept messages from", "accept connections from",
	"take no mail from", "no mail from", "receive mail from", "refuse mail from", "bounces to", "multiple from", "impersonat",
	"after mail from",
}, combine(phrases{"sender", "senders"}, phrases{
	"verif", "address", "domain", "email", "mail", "host", "ip ", "id ", "name", "rejected", "denied", "refused", "blocked", "banned", "unknown", "invalid",
	"is not", "is invalid", "is unknown", "is blocked", "is banned", "is denied", "is on", "is prohibited", "is unauth", "not allowed", "not auth", "not permitted",
	"not verified", "not found", "not accepted", "not in", "was ", "has ", "does not", "doesnt", "could not", "cannot", "must", "may not", "can not", "policy",
	"reputation", "score", "rate", "limit", "frequency", "and recipient", "notauth", "blacklist",
}), combine(phrases{"sending", "originating", "initiating"}, phrases{"mta", "host", "domain", "ip ", "ips ", "server", "mail server", "mailserver", "address", "system", "organization", "email address"}),
	combine(phrases{"unknown", "invalid", "bad", "blocked", "rejected", "unauthorized", "unauthorised", "unverified", "unverifiable", "denied", "banned", "forged", "fake", "illegal", "blacklisted", "verify", "verify the", "verify your", "blocks", "this", "nonexistent", "non existent", "malformed", "null"}, phrases{"sender"}))

// ownHostWords occur if a server dislikes the name or the address of the sending host.
var ownHostWords = phrases{
	"ptr ", "ptrs ", "rdns", "fcrdns", "reverse dns", "reverse host", "reverse lookup", "reverse name", "reverse ip", "reverse map", "reverse record", "reverse address",
	"reverse resol", "reverse entry", "reverse domain", "reverse client", "no reverse", "dns reverse", "inverse dns", "inverse lookup", "in addr arpa",
	"dynamic ip", "dynamic address", "dynamic host", "dynamic dns", "dynamic pool", "dynamic range", "dynamic or", "dynamic ", "dynamically", "dialup", "dial up",
	"dns check failed", "domain may not exist or dns", "generic dns", "generic host", "generic rdns", "generic ptr", "residential", "helo ", "ehlo ", "helo command",
	"your hostname", "your host name", "client host", "client name", "client ip", "client address", "unknown client", "ip name lookup",
	"hostname mismatch", "forward confirmed", "cannot resolve your", "could not resolve your", "unable to resolve your", "unresolvable ip", "dns ptr", "invalid dns",
	"bad dns", "a or aaaa resource record", "mx or a aaaa resource",
}

// directoryWords are those of Domino and Notes.
var directoryWords = append(combine(phrases{"not listed in", "not found in", "no match found in", "no match in", "several matches found in", "no matches found in"}, phrases{
	"domino", "the domino", "public name", "the public name", "name address book", "address book", "the address book", "public address book", "the public address book", "directory",
}), "not listed in name", "ディレクトリのリストにありません", "ディレクトリには見つかりません", "ディレクトリに見つかりません", "ディレクトリにありません", "アドレス帳にありません", "アドレス帳に見つかりません")

// blockLists are names that occur in links, too.
var blockLists = phrases{
	"spamhaus", "spamcop", "barracudacentral", "sorbs", "uceprotect", "abuseat", "senderbase", "senderscore", "cloudmark", "mailspike", "invaluement", "surbl", "spf.pobox", "openspf",
	"uribl", "ipcheck", "dnsbl", "dnsrbl", "backscatterer", "spamrats", "psbl", "manitu", "abusix", "hostkarma", "spamrl", "csi mimecast", "talosintelligence",
	"blacklist", "blocklist", "spameatingmonkey", "unsubscore", "njabl", "lashback", "0spam",
	"dronebl", "gbudb", "nixspam", "spfbl", "nordspam", "suomispam", "wpbl", "zapbl", "junkemailfilter", "reputationauthority", "sendersupport", "spamsources", "virbl",
}

// blockWords occur only when the sender is rejected.
var blockWords = phrases{
	"black list", "black listed", "open proxy", "open relay", "over ipv6", "before greeting", "unresolvable rfc", "confirm this mail server", "batv", "purported responsible", "emetteur", "block list", "block listed", "blocked list", "denylist", "deny list", "rbl ", "rbls ", "rbl", "sbl", "xbl", "pbl ", "cbl ", "zen ", "attrbl", "barracuda reputation",
	"listed in", "listed on", "listed at", "listed by", "listed as", "is listed", "are listed", "listed with", "greylist", "graylist", "grey list", "whitelist", "white list",
	"reputation", "blocked using", "banned", "dmarc", "dkim", "domainkeys", "spf ", "senderid", "unauthenticated", "not authenticated", "spoof", "phish", "sender id",
	"suspected bounce", "backscatter", "on our block", "aol will not accept", "rly b", "hvu b", "con b1 ", "dyn t", "dns nr ", "directory harvest", "dictionary attack",
	"virus", "malware", "mailbox blocked by", "blocked by", "blocked due", "blocked because", "blocked for", "been blocked because", "been blocked due", "been blocked by",
	"message has been blocked", "mail has been blocked", "ip has been blocked", "email has been blocked", "address has been blocked", "domain has been blocked",
	"host has been blocked", "server has been blocked", "temporarily blocked", "temporary blocked", "was blocked",
	"challenge response", "not on my whitelist", "not welcome", "unwelcome", "untrusted", "karma", "guest list", "on our list of", "list of bad", "bad domains", "newly registered", "recently registered", "domain is too young", "too young",
	"bad neighb", "spamtrap", "mail accepted from", "mail seen from", "mail coming from", "traffic rejected", "traffic refused", "dont like your", "do not like your", "youre on our", "you are on our", "is on our list",
}

// rateWords occur if the sender sends too much.
var rateWords = join(phrases{
	"rate limit", "ratelimit", "rate exceed", "sending rate", "message rate", "connection rate", "rate control", "rate of", "rate that", "unusual rate", "excessive rate", "high rate", "over rate",
	"too fast", "too frequent", "submission quota", "excessive volume", "message threshold exceeded", "message per connection", "again slower", "trop de connexions", "captcha", "mass mailer", "exceeded rate", "exceeding rate", "throttl", "frequency limit", "frequency", "sending limit", "sending quota", "sending too", "sent too", "sends too", "too much mail from", "too much email from", "too much spam", "too much traffic", "daily limit", "hourly limit", "daily quota", "hourly quota",
	"daily user", "daily message", "daily sending", "daily smtp", "hourly smtp", "message quota", "messages quota", "outgoing spam", "outgoing mail", "outgoing message", "outgoing email", "outbound spam", "outbound email", "outbound mail",
	"per hour", "per day", "per minute", "per second", "an hour", "this hour", "last hour", "past hour", "in one hour", "in 24 hours", "last 24 hours", "past 24 hours", "next hour", "in an hour",
	"max emails", "max defers and failures", "emails per", "messages per", "mails per", "recipients per", "connection limit", "concurrent connection", "concurrent session",
	"number of messages", "number of connections", "number of recipients", "number of emails", "exceeded the number", "exceeded the maximum number", "exceeds the maximum number",
	"unexpected volume", "volume of", "user complaints", "complaint", "message limit", "thread limit", "recipient limit", "recipients limit", "slow down", "slow it down", "bulk email",
}, combine(phrases{"too many"}, phrases{
	"recipients", "recipient", "connections", "messages", "emails", "mails", "email", "mail", "sessions", "invalid", "bad", "unknown", "errors", "requests", "concurrent", "simultaneous", "commands",
	"failed", "failures", "attempts", "rcpt", "open", "smtp", "parallel", "unsolicited", "spam", "complaint", "deliveries", "different", "addresses",
}), combine(phrases{"quota of", "limit of", "allowance of"}, phrases{"messages", "message", "mails", "emails", "recipients", "connections", "deliveries"}))

// tooBig are the words of a rejection about the message, not about the mailbox.
var tooBig = phrases{
	"message size", "message too large", "message is too large", "message too big", "message file too big", "email size", "message is too big", "message length exceeds", "size limit", "maximum size", "maximum message size",
	"exceeds size", "exceeds maximum", "exceeds the maximum", "exceeds fixed", "fixed maximum", "mail size", "email too large", "email is too large", "mail too large", "too large message", "message exceeds", "message exceeded",
	"nachricht ist zu gross", "message trop",
}

// noDomainWords are about the recipient's domain.
var noDomainWords = join(phrases{
	"host not found", "domain not found", "host or domain name not found", "name service error", "host unknown", "unknown host", "unknown domain", "domain unknown", "couldnt find any host", "could not find any host",
	"domain name not found", "nxdomain", "non existent domain", "nonexistent domain", "non existing domain", "domain does not exist", "domain doesnt exist", "domain not exist", "no such domain", "no such host",
	"bad destination host", "dns hard error", "point to non existent hosts", "domain isnt valid", "domain couldnt be found", "domain could not be found", "domain wasnt found",
	"no mx or a records", "no mail exchanger", "no mail server for", "no mx found", "no valid mx", "no mx record", "no dns entry", "unable to look up host", "hostname lookup failed", "domain wasnt resolved",
	"illegal host domain name", "illegal domain name", "illegal host name", "invalid recipient domain", "domain is not reachable", "domain isnt reachable", "domain not reachable", "unrouteable address", "unroutable address", "domain must exist", "domain is dead", "find the recipient domain", "find recipient domain", "find the domain",
	"no mail host for", "no mailhost for", "cannot find an mx", "cant find an mx", "could not find an mx", "no a aaaa or mx", "has no mx or a ", "unresolvable recipient domain", "mail exchanger not found", "mail exchanger of not found", "could not find domain", "cannot find domain", "host is unknown",
	"domane nicht gefunden", "domain nicht gefunden", "domain existiert nicht", "domane existiert nicht", "domaine introuvable", "domaine inexistant", "dominio no encontrado", "dominio inexistente", "域名不存在",
	"name or service not known", "unable to resolve domain", "unresolvable domain", "dns lookup failure", "dns lookup failed", "domain has no mail", "could not resolve host", "couldnt resolve host", "unrouteable mail domain",
}, combine(phrases{"domain", "domain name", "recipient domain", "recipients domain", "domain of recipient", "domain of the recipient", "destination domain"}, phrases{
	"does not exist", "doesnt exist", "not found", "was not found", "cannot be resolved", "cant be resolved", "could not be resolved", "couldnt be resolved", "is unknown", "is not registered", "isnt registered", "is unresolvable",
}))

// unknownWords are about the address.
var unknownWords = join(phrases{
	"user unknown", "users unknown", "userunknown", "addresses were unknown", "destination server rejected recipients", "cant accept user", "non existent user", "unknown e mail address", "unknown email address", "bad recipient", "email name is not found", "in name directory", "recipient is not local", "recipient not ok", "user missing home directory", "badrcptto", "badrecipientto", "not in my validrcptto", "nessun utente", "has been replaced by", "not a valid rfc 5321 address", "user has moved", "mailbox has moved", "no mail box available", "mail box not found", "mail box does not exist", "no valid recipients", "invalid final delivery userid", "アドレスが見つかりません", "ユーザーが見つかりません", "ユーザが見つかりません", "該当するアドレス", "user is unknown", "user name is unknown", "unknown user", "unknown username", "recipient unknown", "recipient is unknown", "unknown recipient", "unknown address", "address unknown", "address is unknown",
	"unknown mailbox", "mailbox unknown", "mailbox is unknown", "unknown local", "unknown account", "account unknown", "account is unknown", "addressee unknown", "unknown addressee", "unknown or illegal", "unknown alias",
	"unknown email", "unknown destination", "unknown rcpt", "unknown to", "unknown in", "unknown receiver", "unknown virtual", "unknown user or", "unknown customer", "nosuchuser",
	"no mailbox", "no account", "no user with", "no user by", "no user named", "no user found", "no valid recipient", "no valid mailbox", "no valid user", "no recipient by", "no one by that name", "nobody here", "nobody by that name", "nobody with that name", "nobody of that name",
	"no user here", "no user at", "no user of", "no user in", "no user called", "no recipient here", "there is no user", "there is no account", "there is no mailbox", "there is no address", "there is no one", "there is no such",
	"does not exist", "doesnt exist", "doesn t exist", "not exist", "dont exist", "no longer exist", "never existed", "inexistent", "unexistent", "nonexistent", "non existent", "non existing", "nonexisting", "not existing", "isnt exist", "didnt exist",
	"recipientnotfound", "recipnotfound", "usernotfound", "addressnotfound", "not found in directory", "not found in the directory", "could not be found", "couldnt be found", "couldn t be found", "wasnt found", "wasn t found", "cannot be found", "cant be found", "can not be found",
	"user doesnt have", "user does not have", "not have an account", "not have a mailbox", "does not have account",
	"not a known user", "not known here", "not known at", "not known by", "not known in", "user not known", "recipient not known", "is not known", "not our customer", "not a customer", "no longer a customer", "not a local user", "not a local address",
	"not in local", "not in our user", "not in directory", "not in our directory", "not in the directory", "bad destination mailbox", "bad destination address", "bad destination email", "bad recipient", "bad address", "bad user", "bad mailbox",
	"no longer works", "no longer work", "no longer in use", "no longer used", "no longer valid", "no longer available", "no longer accepts", "no longer accepting", "no longer accept", "no longer receive", "no longer here", "no longer employed", "no longer with", "no longer on server",
	"no longer registered", "no longer a valid", "no longer has", "no longer have",
	"does not accept mail nullmx", "nullmx", "null mx", "host does not accept mail", "domain does not accept mail", "doesnt accept mail", "does not accept mail ", "indicated no smtp service", "does not receive mail", "does not accept email", "does not accept any mail", "accepts no mail",
	"undeliverable address", "undeliverable to", "unable to validate recipient", "unable to verify recipient", "cannot verify recipient", "recipient cannot be verified", "recipient could not be verified", "recipient verify fail", "recipient verification fail", "recipient validation fail", "unverified recipient",
	"unable to find user", "unable to find recipient", "cannot find user", "cannot find recipient", "cannot find your recipient", "cannot find the recipient", "cant find user", "couldnt find user", "could not find user", "could not find recipient",
	"misspelled", "mistyped", "user is not registered", "not a registered", "is not registered", "isnt registered", "not registered here", "has left the company", "has left the organi", "previously bounced address", "suppression list", "history of bouncing", "due to previous hard bounce",
	"recipient name is not recognized", "not recognized", "not recognised", "is not a recognized", "mailbox isnt available", "rcpt address invalid", "recipient is invalid", "name not unique", "no local user", "unkown user", "user unkown", "recipient unkown", "unlisted recipient", "recipient unlisted", "do not know this", "dont know this", "do not know the recipient", "dont know the recipient", "never heard of", "not a deliverable",
	"left the company", "left this company", "left the organi", "left our", "user is terminated", "hasnt been activated",
	// French, German, Spanish, Portuguese, Italian, Dutch, the Nordic languages, Polish, Czech, Russian, Chinese, Japanese
	"inconnu", "nexiste pas", "n existe pas", "destinataire invalide", "destinataire est invalide", "adresse d au moins un destinataire invalide", "adresse dau moins un destinataire invalide", "unbekannt", "existiert nicht", "empfanger nicht gefunden", "empfanger ungultig",
	"desconocido", "desconhecido", "no existe", "nao existe", "inexistente", "no encontrado", "nao encontrado", "nao foi encontrado", "usuario invalido", "destinatario invalido", "sconosciuto", "non trovato", "non esiste", "onbekend", "bestaat niet",
	"ukendt", "ukjent", "okand", "finnes ikke", "findes ikke", "finns inte", "nie istnieje", "nie znaleziono", "nieznany", "neexistuje", "не существует", "не найден", "неизвестн", "用户不存在", "收件人不存在", "无此用户", "无此收件人", "查无此人", "宛先不明", "存在しません", "該当するユーザ",
	"nexiste plus", "n existe plus", "gibt es nicht", "gibt es hier nicht", "konto wurde geloscht", "konto geloscht", "postfach geloscht", "postfach wurde geloscht", "cuenta eliminada", "conta excluida", "conta removida", "учетная запись удалена",
}, combine(phrases{"no such"}, phrases{"user", "recipient", "mailbox", "address", "person", "account", "email", "e mail", "local", "customer", "name", "member", "destination", "rcpt", "id ", "mail ", "alias", "subscriber", "contact", "virtual", "domain user", "in"}),
	combine(phrases{"user", "users", "recipient", "recipients", "mailbox", "account", "address", "alias", "email", "email address", "e mail address", "username", "user name", "mail address", "addressee", "destination", "local part", "person"},
		phrases{"not found", "was not found", "invalid", "is invalid", "is not valid", "not valid", "isnt valid", "not a valid", "does not exist", "is unknown", "not known", "not exist", "deleted", "has been deleted", "was deleted", "is deleted", "removed", "has been removed", "was removed", "no longer", "not available here", "is nonexistent", "is undeliverable", "undeliverable", "terminated", "has been terminated", "closed", "is closed", "cancelled", "canceled", "not present", "not here", "is not here", "not recognised", "not recognized", "nonexistent", "is gone", "has gone", "was retired", "has been retired", "is retired", "not there", "isnt there", "is not there", "has been closed for good", "permanently closed", "isnt found", "incorrect", "is incorrect"}),
	combine(phrases{"deleted", "removed", "terminated", "unknown or deleted", "unknown or invalid"}, phrases{"account", "user", "mailbox", "recipient", "address"}),
	combine(phrases{"invalid", "illegal", "not a valid", "not valid", "isnt a valid", "not an existing"}, phrases{"recipient", "mailbox", "user", "address", "email", "e mail", "account", "local part", "username", "alias", "destination", "rcpt", "domain mailbox"}))

// spamWords are about the message.
var spamWords = phrases{
	"spam", "antispam", "unsolicited", "junk", "bulk mail", "bulk message", "bulk sender", "policy reason", "policy restriction", "policy violation", "policy rejection", "local policy", "policy enforcement", "by policy", "site policy", "security polic",
	"not verified", "content filter", "message filtered", "mail filtered", "content denied", "content restriction", "content reject", "content polic", "not rfc compliant", "rfc compliant", "not rfc ", "organizational settings", "low priority", "sa score", "spamassassin", "rspamd", "dt spm", "mi spb", "dt sum", "rp trc", "err mip",
	"ofr ", "ofr00", "lpn00", "lpn ", "aup ", "ou 00", "dy 00", "rp 00", "sc 00", "bl21", "ph01", "cs01", "e2110", "unwanted mail", "proofpoint", "suspicious", "header from mismatch", "classified as", "classification as", "viagra", "ube ", "uce ", "newsletter", blockedLink,
}

// ourServerWords address the operator of the sending server.
var ourServerWords = join(combine(phrases{"your", "this", "server", "source", "remote", "connecting", "mail", "banned", "bad", "blocked", "the", "from", "client", "host", "that"}, phrases{"ip "}),
	combine(phrases{"your"}, phrases{"server", "mail server", "mailserver", "domain", "network", "isp", "host ", "mta", "access", "connection", "smtp", "organization", "organisation", "service provider", "provider", "account", "email service", "country"}),
	combine(phrases{"ip", "ip address"}, phrases{"blocked", "banned", "denied", "rejected", "refused", "is ", "has ", "you ", "range", "listed", "in ", "on ", "not "}),
	phrases{"ask your postmaster", "contact your postmaster", "contact the postmaster", "contact postmaster", "postmaster for help", "hostname does not", "country", "access from", "mail from", "connections from", "connections will not", "connection from", "messages from", "emails from", "email from", "traffic from", "hosts with"})

// vagueWords identify a class if no code does.
var vagueWords = wordClasses{
	{ClassDisabled, phrases{
		"disabled", "inactive", "suspended", "deactivated", "not active", "no longer active", "account expired", "account is closed", "discontinued", "dormant",
		"not accepting mail", "not accepting messages", "not accepting email", "not accept messages", "user locked", "archived", "destinataire archive",
	}},
	{ClassRouting, phrases{
		"too many hops", "hop count", "mail loop", "loops back to m", "routing loop", "loop detected", "looping message", "unrouteable", "unroutable", "too many received", "cannot route mail", "mx problem", "lowest numbered mx",
		"mail forwarding loop", "destination seem to reject all", "maximum hop", "forwarding loop", "mx seems to be misconfigured", "remote host address is the local host",
	}},
	{ClassExpired, phrases{
		"retry timeout", "timed out", "time expired", "message expired", "envelope expired", "no route to destination", "not been able to deliver", "find a gateway for", "did not respond", "not reachable within", "failed to deliver to domain", "already made numerous attempts", "maximum delivery attempts", "connection refused", "connection timed out",
		"retry time not reached", "too old", "wasnt able to establish an smtp connection", "delivery time", "delayed too long", "in the queue too long", "delivery expired", "no route to host", "network is unreachable",
		"could not connect", "unable to connect", "network error", "lookup did not complete", "bounced after", "undeliverable for", "host is down", "too long in the queue", "gave up after", "giving up after", "given up after", "for too long", "could not be delivered for", "connection reset", "lost connection", "remote host said nothing", "message will be deleted from queue",
		"temporary failure", "temporary local problem", "temporarily unavailable", "did not accept our requests to connect", "delivery failed 2", "delivery failed 1", "was aborted after", "after multiple retries", "could not deliver for", "failing for a long time", "has not been collected",
		"could not initiate", "connection was dropped", "deferred",
	}},
	{ClassPolicy, join(phrases{
		"policy", "policies", "relay", "relaying", "rcpthost", "not a gateway", "not local host", "handle mail for", "rule imposed", "multiple addresses", "authentification", "verification failure", "not subscribed to", "not accepting connections", "dsns", "unsigned dsn", "qualified email address", "system has detected", "cipher", "password", "web browser", "identity change", "same message id", "prohibit", "not permitted", "not allowed", "disallowed", "forbidden", "not authorized", "not authorised", "unauthorized", "unauthorised", "denied", "deny", "authentication", "authenticate", "rejected for", "content",
		"attachment", "infected", "abuse", "abusive", "refused by", "refuse", "sender", "too many", "rejected your message", "block", "restrict", "security", "suspect", "filter", "bulk", "listed", "trust", "limit", "permission",
		"unwanted", "undesirable", "tls ", "starttls", "encrypt", "certificate", "mail refuse", "mail rejete", "refusee", "rejete par", "abgelehnt", "behaviour", "behavior", "score", "anti", "violat", "compliance", "scanner", "hosts",
		"permanently rejected message", "service unavailable", "service refused", "service refuse", "service not available", "server not available", "try again later", "please retry later", "reject by", "rejected by", "rejected due", "rejected because", "quarantin",
		"reject due", "failed to pass", "not whitelisted", "do not contact", "go away", "error visit", "administratively", "administrative", "configuration", "host name", "does not match", "doesnt match", "mismatch", "ip ", "dns ",
	}, combine(phrases{
		"message", "messages", "mail", "mails", "email", "emails", "e mail", "connection", "connect", "transaction", "session", "content", "transmission", "delivery", "service", "submission", "request", "envelope", "data",
	}, phrases{
		"rejected", "refused", "denied", "declined", "not accepted", "was rejected", "is rejected", "has been rejected", "was refused", "is refused", "has been refused", "was declined", "was not accepted", "is not accepted", "not allowed", "filtered",
		"dropped", "discarded", "not wanted", "unacceptable", "is unacceptable", "cannot be accepted", "could not be accepted", "will not be accepted", "reject", "has been denied", "was denied", "looks",
	}))},
	{ClassContent, phrases{"header", "headers", "messages without", "base64", "empty email address", "bare lf", "bare cr", "bare newline", "insecure", "malformed", "body type", "mime", "line too long", "missing date", "missing from", "syntax check", "invalid character"}},
	{ClassUnspecified, phrases{"mailbox unavailable", "rejected", "not accepted"}},
}
