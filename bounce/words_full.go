package bounce

// fullWords are about the mailbox, or the disk with all mailboxes.
var fullWords = join(phrases{
	"over quota", "overquota", "quotaexceeded", "over the allowed quota", "over its quota", "over their quota", "over his quota", "over the quota", "over disk quota", "over mail quota", "over storage quota",
	"above quota", "exceeded quota", "exceeded its quota", "exceeded their quota", "exceeded his quota", "exceeded the quota", "exceeded his her quota", "exceeded disk quota", "exceeded allowed quota",
	"exceeded its allowed quota", "exceeded email quota", "exceeded mail quota", "exceeded allocated", "exceeded storage", "exceeded its storage", "exceeded mailbox", "exceeded its mailbox", "exceeded the maximum mailbox", "exceeded maximum mailbox",
	"exceeds quota", "exceeds allowed quota", "exceeds the quota", "exceed quota", "exceed the quota", "exceeding quota", "exceeds mailbox", "exceeds storage",
	"disk quota", "disc quota", "mail quota", "mailbox quota", "storage quota", "quota violation", "quota full", "quota reached", "quota is full", "quota limit", "quota exceed", "quota has been exceeded", "out of quota", "imposed quota",
	"have enough space", "not sufficient disk", "not sufficient space", "not sufficient storage", "too much mail data", "mail file size exceeds", "mail system full", "mail system is full", "storage limit", "storage exceed", "storage full", "storage is full", "storage space", "storage allocation", "disk full", "disk is full", "insufficient system storage", "mailboxfull", "mailbox for user is full",
	"mailfolder is full", "maildir full", "maildir is full", "folder is full", "user is full", "full mailbox", "overfull", "temporarily full", "mailsize exceeded",
	"boite pleine", "boite du destinataire pleine", "boite aux lettres pleine", "boite aux lettres est pleine", "boite de reception pleine", "boite mail pleine", "recipient overquota",
	"espace insuffisant", "espace disque insuffisant", "uberfullt", "ist uberfullt", "espacio insuficiente", "spazio insufficiente",
	"postfach voll", "postfach ist voll", "postfach des empfangers ist voll", "speicherplatz", "mailbox voll", "mailbox ist voll", "buzon lleno", "destinatario esta lleno", "buzon del destinatario esta lleno", "est plein", "est pleine", "buzon esta lleno", "buzon de correo lleno", "cuota excedida",
	"saturee", "saturado", "satura ", "buzon lleno", "llena ", "przepelnion", "переполнен", "已满", "空间不足", "容量を超え", "がいっぱい", "quotum", "keinen platz", "empfangers voll", "lotada",
	"casella piena", "casella di posta piena", "casella di posta e piena", "caixa postal cheia", "caixa cheia", "caixa de correio cheia", "skrzynka pelna", "skrzynka jest pelna", "postvak vol", "postbus vol", "kota",
}, combine(phrases{"mailbox", "mail box", "inbox", "account", "mail account", "email account", "users mailbox", "mail store", "mailstore", "message store", "mail drop", "maildrop", "mail spool", "spool", "mail folder", "storage box"}, phrases{
	"full", "is full", "has been full", "is currently full", "currently full", "was full", "too large", "is too large", "size limit", "size exceed", "size has", "limit exceed", "limit reached", "exceed", "has exceeded", "is over", "over ", "space", "storage", "usage exceed",
	"would exceed", "would overflow", "capacity", "above", "size reached", "size limit", "cannot take", "cant take", "can not take", "cannot hold", "cant hold", "is stuffed", "has no", "reached", "has reached", "is at", "limit has been", "has grown", "is holding too", "holds too",
}), combine(phrases{"no", "no more", "no free", "not enough", "not enough free", "insufficient", "insufficient free", "out of"}, phrases{"space", "room ", "storage", "disk"}),
	combine(phrases{"storage", "space", "disk space", "disk space of user", "allocation"}, phrases{"exhausted", "is exhausted", "used up", "is used up", "has been used up", "reached", "has been reached"}),
	combine(phrases{"recipient", "user", "member"}, phrases{"is at capacity", "is over", "over limit", "over the limit", "over size", "has too much", "has used all", "has used up", "has filled"}))

// tooFullWords are fullWords that contain some of rateWords: a mailbox holds too many messages, or a message would exceed the
// recipient's limit.
var tooFullWords = join(phrases{
	"number of messages in recipients mailbox", "number of messages in the recipients mailbox", "number of messages in the mailbox", "number of messages in mailbox", "due to a full mailbox", "because of a full mailbox", "メールボックスが一杯", "メールボックスがいっぱい", "メールボックスの容量",
	"too many messages on the server", "zuviele mails auf dem server", "too many stored", "too many unread", "too much stored", "too much unread", "stored too many", "stored too much", "limit of stored",
	"box is stuffed", "message count limit", "message count exceeded", "maximum mailbox size", "max mailbox size",
}, combine(phrases{"holding", "holds", "hold", "contains", "keeps", "keeping", "storing", "stores"}, phrases{"too many messages", "too many mails", "too many emails", "too many letters", "too many items", "too much"}),
	combine(phrases{"too many messages in", "too many mails in", "too many emails in", "too much mail in"}, phrases{"mailbox", "the mailbox", "inbox", "the inbox", "account", "the account", "their", "his", "folder", "the folder"}),
	combine(phrases{"would exceed", "will exceed", "would overflow", "would overfill", "would put"}, phrases{
		"recipient", "the recipient", "the recipients", "recipients", "user", "the user", "users", "the users", "mailbox", "the mailbox", "inbox", "the inbox", "quota", "the quota", "storage", "the storage", "their", "his", "the members", "the account", "account",
	}))
